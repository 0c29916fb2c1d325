"""The second search takes files in any portions, and rules out those without a pattern of their format."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.families import proposed
from fi_bump.scanning import evidence_search
from fi_bump.scanning.asked import wanted_by
from fi_bump.scanning.evidence_search import FEWEST, FEWEST_MORE, EvidenceSearch
from tests.conftest import plant
from tests.scanning.conftest import assert_ended

WANTED = wanted_by(proposed())
pytestmark = pytest.mark.skipif(not os.path.exists("/usr/bin/grep"), reason="this system has no grep there")


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fi_bump.scanning.search.sys.platform", "linux")


def python(root: Path, number: int) -> list[tuple[str, str | None]]:
    """Plant files of which each third has a version, and return them."""
    texts = {f"{index}.py": b"flashinfer == '0.1'\n" if index % 3 == 0 else b"flashinfer\n" for index in range(number)}
    plant(root, texts)
    return [(path, "python") for path in texts]


def test_files_without_evidence_are_ruled_out(tmp_path: Path) -> None:
    files, search = python(tmp_path, 60), EvidenceSearch(str(tmp_path), WANTED)
    search.add([*files, ("a.sh", "shell"), ("notes", None)])
    assert search.given == {path for path, _ in files}
    assert search.ruled_out() == {f"{number}.py" for number in range(60) if number % 3}


def test_few_files_are_not_given_to_grep(tmp_path: Path) -> None:
    search = EvidenceSearch(str(tmp_path), WANTED)
    search.add(python(tmp_path, FEWEST - 1))
    assert search.given == search.ruled_out() == set()


def test_portions_are_as_good_as_all_at_once(tmp_path: Path) -> None:
    files, search = python(tmp_path, 2 * FEWEST), EvidenceSearch(str(tmp_path), WANTED)
    for start in range(0, len(files), 7):
        search.add(files[start : start + 7])
    every = {f"{number}.py" for number in range(2 * FEWEST) if number % 3}
    left = {path for path, _ in files} - search.given
    # What is left of the last portions is too little for another process.
    assert len(left) < FEWEST_MORE
    assert search.ruled_out() == every - left


def test_no_process_is_left_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[int]) -> None:
    monkeypatch.setattr(evidence_search, "FEWEST", 1)
    search = EvidenceSearch(str(tmp_path), WANTED)
    search.add(python(tmp_path, 3))
    search.end()
    assert len(started) == 1
    assert_ended(started)
