"""The rules about paths alone. What a walk meets and what is excluded is tested in tests/scanning/test_files.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.boundary.left_out import is_skipped, refusal
from fi_bump.scanning import files
from tests.conftest import plant

NO_FILE = "where fi-bump reads and changes no file"
NAMES = st.sampled_from(
    ["a", "b.txt", ".git", ".GIT", "venv", ".", "..", "", "x.egg-info", "versions.lock.json", ".fi-bump"]
)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("a", None),
        ("a/b/c.txt", None),
        (".github/workflows/a.yml", None),
        (".gitmodules", None),
        ("a/versions.lock.json", None),
        ("..a/b", None),
        ("venv", None),
        ("", "is not a plain path inside the repository"),
        (".", "is not a plain path inside the repository"),
        ("/etc/passwd", "is not a plain path inside the repository"),
        ("a//b", "is not a plain path inside the repository"),
        ("a/", "is not a plain path inside the repository"),
        ("a/./b", "is not a plain path inside the repository"),
        ("a/../.git/config", "is not a plain path inside the repository"),
        (".git/hooks/pre-commit", f"is in .git, {NO_FILE}"),
        ("a/.Git/config", f"is in .Git, {NO_FILE}"),
        ("kit.Egg-Info/PKG-INFO", f"is in kit.Egg-Info, {NO_FILE}"),
        ("a/.git", "belongs to git"),
        ("versions.lock.json", "is the lock"),
    ],
)
def test_refusal(path: str, why: str | None) -> None:
    assert refusal(path) == why


@pytest.mark.slow
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_path_is_allowed_exactly_if_a_walk_would_meet_it(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = "/".join(names)
    root = tmp_path_factory.mktemp("tree")
    plain = not {"", ".", ".."} & set(names)
    if plain:
        plant(root, {path: b""})
    # The walk meets the lock and the .git file of a worktree too, but no pin is looked for there.
    met = path in files.walk(str(root), None) and path != "versions.lock.json" and names[-1].lower() != ".git"
    assert (refusal(path) is None) is met or "versions.lock.json" in names or ".git" in map(str.lower, names[-1:])


def test_every_skipped_folder_is_skipped_in_any_case(tmp_path: Path) -> None:
    for name in (".git", ".venv", "node_modules", "a.dist-info"):
        assert is_skipped(name)
        assert is_skipped(name.upper())
        assert not is_skipped(f"{name}x")
