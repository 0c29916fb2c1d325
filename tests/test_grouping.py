"""Tests of the groups that a scan becomes: votes, majorities, and the names of the groups of --split."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.grouping import filled, has_majority, split, votes
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.scanning.scan import scan
from tests.conftest import Run, plant

KIT = Group("kit", "0", (Member("kit"), Member("kit-cubin")), ("KIT_VERSION",), ())
ONE, TWO, THREE = b"1.0", b"2.0", b"3.0"


def parts(root: Path, files: dict[str, bytes]) -> dict[str, str]:
    """Return the names and versions of the groups that --split makes of a tree."""
    plant(root, files)
    lock = Lock((KIT,))
    found = scan(str(root), lock)
    group = filled(KIT, lock, found, None)
    assert group is not None
    return {each.name: each.version for each in split(group, found, everywhere=True)}


def test_equal_versions_are_one_vote() -> None:
    assert votes(["0.6", "0.6.0", "0.7", "v0.7.0", "0.7.0.post1"]) == [("0.7", 2), ("0.6", 2), ("0.7.0.post1", 1)]
    # As most places write it.
    assert votes(["2.7", "2.7.0", "2.6", "2.7.0"]) == [("2.7.0", 3), ("2.6", 1)]


PROJECT = b'[project]\nname = "x"\n[project.optional-dependencies]\na100 = ["kit==1.0"]\nhopper = ["kit==2.0"]\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": PROJECT}, {"kit": "2.0", "kit-a100": "1.0"}),
        (
            {"images.yml": b"new:\n  kit_version: 2.0.1\nold:\n  kit_version: 1.0.1\n"},
            {"kit": "2.0.1", "kit-old": "1.0.1"},
        ),
        (
            {"Dockerfile": b"FROM x\nARG KIT_VERSION=2.0\n", "Dockerfile.rocm": b"FROM x\nARG KIT_VERSION=1.0\n"},
            {"kit": "2.0", "kit-rocm": "1.0"},
        ),
        (
            {"docker/Dockerfile": b"FROM x\nARG KIT_VERSION=2.0\nARG LEGACY_KIT_VERSION=1.0\n"},
            {"kit": "2.0", "kit-legacy": "1.0"},
        ),
        (
            {"vllm/requirements.txt": b"kit==2.0\n", "sglang/requirements.txt": b"kit==1.0\nkit-cubin==1.0\n"},
            {"kit": "1.0", "kit-vllm": "2.0"},
        ),
        (
            {"requirements-cu130.txt": b"kit==2.0\n", "requirements-cu12.8.txt": b"kit==1.0\n"},
            {"kit": "2.0", "kit-cu128": "1.0"},
        ),
        (
            {
                "a/cuda-12.8/Dockerfile": b"FROM x\nRUN pip install kit==1.0\n",
                "b/cuda13.0/x.sh": b"pip install kit==2.0\n",
            },
            {"kit": "2.0", "kit-cu128": "1.0"},
        ),
        (
            {"a.txt": b"", "requirements.txt": b"kit==2.0\n", "docker/requirements.txt": b"kit==1.0\n"},
            {"kit": "2.0", "kit-1-0": "1.0"},
        ),
        (
            {
                "x/requirements.txt": b"kit==3.0\n",
                "y/requirements.txt": b"kit==2.0\n",
                "z/requirements.txt": b"kit==1.0\n",
            },
            {"kit": "3.0", "kit-y": "2.0", "kit-z": "1.0"},
        ),
        ({"requirements.txt": b"kit==2.0\n", "sub/requirements.txt": b"kit==2.0.0\n"}, {"kit": "2.0"}),
    ],
)
def test_a_second_version_is_named_after_what_tells_it_apart(
    tmp_path: Path, run: Run, files: dict[str, bytes], expected: dict[str, str]
) -> None:
    assert parts(tmp_path, files) == expected
    assert (
        run(
            tmp_path,
            "init",
            "--group",
            "kit",
            "--package",
            "kit",
            "--package",
            "kit-cubin",
            "--variable",
            "KIT_VERSION",
            "--split",
        ).code
        == 0
    )
    assert run(tmp_path, "check").code == 0


@pytest.mark.parametrize(
    ("versions", "majority"), [((1, 1, 2), True), ((1, 2), False), ((1, 1, 2, 3), False), ((1,), True)]
)
def test_most_means_more_than_half(tmp_path: Path, versions: tuple[int, ...], majority: bool) -> None:
    plant(
        tmp_path, {f"r{number}/requirements.txt": f"kit=={each}.0\n".encode() for number, each in enumerate(versions)}
    )
    lock = Lock((KIT,))
    found = scan(str(tmp_path), lock)
    group = filled(KIT, lock, found, None)
    assert group is not None
    assert has_majority(group, found) is majority
