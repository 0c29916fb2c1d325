"""A public project's own test suite, run three times as it is and three times with plants: both are found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.sdists import unpacked

pytestmark = pytest.mark.network

# Its tests are in its source distribution, and need pytest alone beside it.
PROJECT, VERSION = "packaging", "25.0"
TESTS = ("tests/test_utils.py", "tests/test_requirements.py", "tests/test_markers.py")


def suite(root: Path, report: Path) -> None:
    """Run the project's tests against its own source."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        f"--junitxml={report}",
        *TESTS,
    ]
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr


def planted(root: Path) -> None:
    """Plant a failure, and a second in the function that one group of tests calls."""
    path = root / "src" / "packaging" / "utils.py"
    text = path.read_text()
    for old, new in (
        (
            "def is_normalized_name(name: str) -> bool:\n",
            "def is_normalized_name(name: str) -> bool:\n    name += '-'\n",
        ),
        (
            "def parse_sdist_filename(filename: str) -> tuple[NormalizedName, Version]:\n",
            "def parse_sdist_filename(filename: str) -> tuple[NormalizedName, Version]:\n"
            "    __import__('time').sleep(1)\n",
        ),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text)


def test_a_planted_failure_and_a_planted_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for root in (before, after):
        shutil.copytree(unpacked(PROJECT, VERSION), root)
    planted(after)
    for number in range(3):
        suite(before, tmp_path / f"nightly-{number}.xml")
        suite(after, tmp_path / f"pr-{number}.xml")
    monkeypatch.chdir(tmp_path)
    result = run(after, "compare", "--baseline", "nightly-{run}.xml", "--run", "pr-{run}.xml", "--format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)
    assert document["baseline"]["cases"] == document["run"]["cases"] > 300
    by_kind: dict[str, set[str]] = {}
    for entry in document["entries"]:
        if entry["blocks"]:
            by_kind.setdefault(entry["kind"], set()).add(entry["case"].partition("[")[0])
    assert by_kind == {
        "new-failure": {"tests.test_utils::test_is_normalized_name"},
        "slower": {
            "tests.test_utils::test_parse_sdist_filename",
            "tests.test_utils::test_parse_sdist_invalid_filename",
        },
    }
