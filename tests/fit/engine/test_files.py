"""A scan of the whole tree knows the same Python files as a walk that looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.fit.engine.files import is_test, python_files, scanned_python_files
from fi_bump.lock.reading import load
from fi_bump.scanning.scan import scan
from tests.conftest import LOCK, plant

EXCLUDED = LOCK.replace(b"\n  }\n}", b'\n  },\n  "exclude": ["third_party/**", "b.py"]\n}')


@pytest.mark.parametrize("lock", [LOCK, EXCLUDED])
def test_the_same_files(tmp_path: Path, lock: bytes) -> None:
    text = b"import flashinfer\nflashinfer==0.6.8.post1\n"
    names = ("a.py", "b.py", "c/__init__.py", "c/e.pyi", "c/PY.PY", "third_party/d.py", "venv/x.py", "n/f.py", "g.txt")
    plant(tmp_path, dict.fromkeys(names, text))
    plant(tmp_path, {"venv/pyvenv.cfg": b"", "n/versions.lock.json": LOCK, "out.svg": text})
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "read.py").symlink_to("out.svg")
    (tmp_path / "gone.py").symlink_to("nothing")
    (tmp_path / "away.py").symlink_to("/etc/hostname")
    (tmp_path / "folder.py").symlink_to("c")
    loaded = load(lock)
    found = python_files(str(tmp_path), loaded.exclude)
    assert {"a.py", "c/__init__.py", "read.py"} < set(found)
    assert scanned_python_files(scan(str(tmp_path), loaded)) == found


def test_code_of_tests() -> None:
    ours = ["vllm/a.py", "testing.py", "vllm/attest/a.py"]
    tests = ["tests/a.py", "vllm/test_a.py", "vllm/a_test.py", "benchmarks/b/a.py", "conftest.py", "docs/a.py"]
    assert [path for path in (*ours, *tests) if is_test(path)] == tests
