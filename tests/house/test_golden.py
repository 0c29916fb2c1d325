"""Golden files are compared, and written only if someone asks for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fi_bump import __version__
from tests import golden as goldens
from tests.report import samples

TOP = Path(__file__).parents[2]


def test_a_golden_file_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(goldens.WRITE, raising=False)
    path = tmp_path / "x.txt"
    path.write_bytes(b"old\r\n")
    assert goldens.golden(path, b"new\n") == b"old\r\n"
    assert path.read_bytes() == b"old\r\n"
    with pytest.raises(FileNotFoundError):
        goldens.golden(tmp_path / "missing.txt", b"new\n")


def test_a_golden_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(goldens.WRITE, "1")
    path = tmp_path / "folder" / "x.txt"
    assert goldens.golden(path, b"new\r\n") == b"new\r\n"
    assert path.read_bytes() == b"new\r\n"


def test_the_golden_copy_of_a_report_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "GOLDEN", tmp_path)
    made = f'{{"version": "{__version__}", "other": 1}}\n'
    monkeypatch.setenv(goldens.WRITE, "1")
    assert samples.golden("x.sarif", made) == made
    assert (tmp_path / "x.sarif").read_text() == '{"version": "VERSION", "other": 1}\n'
    monkeypatch.delenv(goldens.WRITE)
    assert samples.golden("x.sarif") == made


def test_make_goldens_runs_every_test_that_compares_with_golden_files() -> None:
    (line,) = re.findall(r"^GOLDENS := (.+)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    users = {
        str(path.relative_to(TOP))
        for path in TOP.glob("tests/**/test_*.py")
        if re.search(r"^from tests(\.golden)? import .*\bgolden\b", path.read_text(), re.MULTILINE)
    }
    assert {"tests/forms/test_forms.py", "tests/house/test_wording.py"} <= users
    outside = {user for user in users if not user.startswith(tuple(line.split()))}
    assert outside == {"tests/house/test_golden.py"}
