"""Tests of versions in strings of test files: data of a test, and a pin only where the lock records them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run, plant, snapshot

STRING = b'VERSION = "flashinfer-python==0.6.1"\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["tests/helpers/data.py", "test/x.py", "pkg/test_install.py", "pkg/install_test.py", "conftest.py"]
)
def test_a_string_of_a_test_has_no_vote_and_is_no_pin(tmp_path: Path, run: Run, path: str) -> None:
    plant(tmp_path, {path: STRING, "requirements.txt": b"flashinfer-python==0.7.1\n"})
    assert run(tmp_path, "init").code == 0
    groups = json.loads((tmp_path / "versions.lock.json").read_bytes())["groups"]
    assert {name: group["version"] for name, group in groups.items()} == {"flashinfer": "0.7.1"}
    assert run(tmp_path, "check") == (0, "flashinfer 0.7.1: 1 pin in 1 file, in step\n", "")
    assert run(tmp_path, "set", "0.7.0").code == 0
    assert (tmp_path / path).read_bytes() == STRING


@pytest.mark.slow
@pytest.mark.parametrize("path", ["src/testing/x.py", "src/latest.py", "contest.py", "setup.py"])
def test_a_string_elsewhere_is_a_pin(tmp_path: Path, run: Run, path: str) -> None:
    plant(tmp_path, {path: STRING})
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "check").out == "flashinfer 0.6.1: 1 pin in 1 file, in step\n"


@pytest.mark.slow
def test_a_string_of_a_test_is_a_pin_once_it_is_recorded(tmp_path: Path, run: Run) -> None:
    plant(
        tmp_path,
        {
            "tests/x.py": STRING + STRING.replace(b"VERSION", b"OTHER"),
            "requirements.txt": b"flashinfer-python==0.6.1\n",
        },
    )
    assert run(tmp_path, "init").code == 0
    added = run(tmp_path, "site", "add", "tests/x.py:2")
    assert (added.code, added.err) == (0, "")
    assert run(tmp_path, "check").out == "flashinfer 0.6.1: 2 pins in 2 files, in step\n"
    assert run(tmp_path, "set", "0.7.0").code == 0
    assert (tmp_path / "tests/x.py").read_bytes() == STRING + b'OTHER = "flashinfer-python==0.7.0"\n'
    assert run(tmp_path, "set", "0.6.1").code == 0
    before = snapshot(tmp_path)
    assert run(tmp_path, "check", "--fix").code == 0
    assert snapshot(tmp_path) == before
