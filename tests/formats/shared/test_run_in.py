"""The folder in which the command of a lock file or a compiled file must run."""

from __future__ import annotations

import pytest

from fi_bump.formats.shared.run_in import folder_of, in_folder


@pytest.mark.parametrize(
    ("path", "command", "folder"),
    [
        ("r.txt", "uv pip compile r.in -o r.txt", ""),
        ("server/r.txt", "uv pip compile pyproject.toml -o r.txt --python-version 3.11", "server"),
        ("requirements/test.txt", "uv pip compile requirements/test.in -o requirements/test.txt", ""),
        ("a/b/test.txt", "uv pip compile b/test.in --output-file=b/test.txt", "a"),
        ("a/b/test.txt", 'pip-compile --output-file="./test.txt"', "a/b"),
        ("a/b/test.txt", "pip-compile b/test.in", "a"),
        ("a/test.txt", "pip-compile a/test.in", ""),
        ("a/test.txt", "make lock", ""),
        # The end of a longer name is not the file.
        ("a/b-test.txt", "compile -o test.txt", ""),
    ],
)
def test_where_a_command_wrote_a_file(path: str, command: str, folder: str) -> None:
    assert folder_of(path, command) == folder


def test_a_folder_is_one_word() -> None:
    assert in_folder("", "uv lock") == "uv lock"
    assert in_folder("a b/$c", "uv lock") == "(cd 'a b/$c' && uv lock)"
