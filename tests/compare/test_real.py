"""Two projects' own test suites, run three times as they are and three times with plants: the plants are found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fi_bump
from tests.conftest import Run
from tests.sdists import unpacked

# Its tests are in its source distribution, and need pytest alone beside it.
PROJECT, VERSION = "packaging", "25.0"
TESTS = ("tests/test_utils.py", "tests/test_requirements.py")
OWN_TESTS = ("tests/test_untrusted.py", "tests/compare/test_messages.py")
HERE = Path(__file__).parents[2]


def suite(root: Path, source: str, tests: tuple[str, ...], report: Path) -> None:
    """Run a project's tests against its own source."""
    options = (
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-profile=ci",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
        "-W",
        "ignore",
    )
    command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", *tests]
    environment = {**os.environ, "PYTHONPATH": str(root / source), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr


def plant_text(path: Path, *plants: tuple[str, str]) -> None:
    """Insert a text after each of the lines, which the file has once."""
    text = path.read_text()
    for line, more in plants:
        assert text.count(line) == 1
        text = text.replace(line, line + more)
    path.write_text(text)


def blocking(run: Run, folder: Path, minimum: int) -> dict[str, set[str]]:
    """Compare the runs in the folder; return the cases that block, by kind and without their parameters."""
    # A stated ratio: whether a time is more than noise depends on the machine, and has its own tests with known noise.
    runs = ("--baseline", "nightly-{run}.xml", "--run", "pr-{run}.xml")
    result = run(folder, "compare", *runs, "--slower", "10", "--format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)["result"]
    assert document["baseline"]["cases"] == document["run"]["cases"] > minimum
    by_kind: dict[str, set[str]] = {}
    for entry in document["entries"]:
        if entry["blocks"]:
            by_kind.setdefault(entry["kind"], set()).add(entry["case"].partition("[")[0])
    return by_kind


@pytest.mark.network
def test_a_public_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for root in (before, after):
        shutil.copytree(unpacked(PROJECT, VERSION), root)
    plant_text(
        after / "src" / "packaging" / "utils.py",
        ("def is_normalized_name(name: str) -> bool:\n", "    name += '-'\n"),
        (
            "def parse_sdist_filename(filename: str) -> tuple[NormalizedName, Version]:\n",
            "    __import__('time').sleep(0.6)\n",
        ),
    )
    for number in range(3):
        suite(before, "src", TESTS, tmp_path / f"nightly-{number}.xml")
        suite(after, "src", TESTS, tmp_path / f"pr-{number}.xml")
    monkeypatch.chdir(tmp_path)
    assert blocking(run, tmp_path, 300) == {
        "new-failure": {"tests.test_utils::test_is_normalized_name"},
        "slower": {
            "tests.test_utils::test_parse_sdist_filename",
            "tests.test_utils::test_parse_sdist_invalid_filename",
        },
    }


@pytest.mark.slow
def test_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for root in (before, after):
        shutil.copytree(Path(fi_bump.__file__).parent, root / "fi_bump", ignore=shutil.ignore_patterns("__pycache__"))
        for name in OWN_TESTS:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, root / name)
    plant_text(
        after / "fi_bump" / "compare" / "messages.py",
        (
            "def signature(message: str) -> str:\n",
            "    if message[:3] == 'sm_':\n        __import__('time').sleep(0.6)\n",
        ),
    )
    plant_text(after / "fi_bump" / "untrusted.py", ("def shapes(text: str) -> str:\n", "    text += '!'\n"))
    for number in range(3):
        suite(before, ".", OWN_TESTS, tmp_path / f"nightly-{number}.xml")
        suite(after, ".", OWN_TESTS, tmp_path / f"pr-{number}.xml")
    monkeypatch.chdir(tmp_path)
    assert blocking(run, tmp_path, 30) == {
        "new-failure": {
            "tests.test_untrusted::test_surrogates_become_one_mark_each",
            "tests.test_untrusted::test_text_in_a_document_can_be_encoded_and_keeps_its_length",
        },
        "slower": {"tests.compare.test_messages::test_words_and_names_count"},
    }
