"""Every form and hazard in which repositories pin, one folder each, and whole repositories, taken through the commands.

A case holds `tree/`, the repository; `transcript.txt`, commands and what they print; and `after/`, each file that the
first `set` changes, as it is then. All else stays byte for byte, and the last command brings every byte back.

`make goldens` writes the last two, for a person to read before they are committed.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.golden import golden, rewriting

CASES = Path(__file__).parent / "cases"
COMMANDS = ["init", "check", "set --offline 0.6.11.post2", "check", "set --offline 0.6.8.post1", "check"]
LOCK = "versions.lock.json"


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def names() -> list[str]:
    return sorted(path.name for path in CASES.iterdir() if (path / "tree").is_dir())


@pytest.mark.parametrize("name", names())
def test_form(name: str, tmp_path: Path, run: Run) -> None:
    case, root = CASES / name, tmp_path / "tree"
    shutil.copytree(case / "tree", root)
    written = case / "transcript.txt"
    expected = written.read_text() if written.exists() else ""
    commands = [line[len("$ fi-bump ") :] for line in expected.split("\n") if line.startswith("$ fi-bump ")] or COMMANDS
    transcript = ""
    before: dict[str, bytes] = {}
    after: dict[str, bytes] | None = None
    for command in commands:
        result = run(root, *shlex.split(command))
        transcript += f"$ fi-bump {command}\n{result.out}{result.err}[exit code {result.code}]\n"
        if command.startswith("set ") and after is None:
            after = {path: data for path, data in files(root).items() if path != LOCK and before.get(path) != data}
        elif not before or command.startswith("init"):
            before = files(root)
    assert after is not None, "no command of the case sets a version"
    assert transcript.encode() == golden(written, transcript.encode())
    if rewriting():
        shutil.rmtree(case / "after", ignore_errors=True)
        for path, data in after.items():
            golden(case / "after" / path, data)
    assert after == files(case / "after")
    assert {path: before[path] for path in after}.keys() == after.keys(), "set made a file"
    assert files(root) == before


def test_every_form_has_its_case() -> None:
    """The forms that docs/forms.md lists: the first cell of each row of its tables, but for the table of formats."""
    page = (Path(__file__).parents[2] / "docs" / "forms.md").read_text()
    rows = re.sub(r"<!-- formats -->\n\n(\|.*\n)+", "", page).split("\n")
    cells = [row.split("|")[1].strip() for row in rows if row.startswith("| ")]
    assert {name.partition("-")[0] for name in names()} - {"repository"} == {cell for cell in cells if cell != "form"}
