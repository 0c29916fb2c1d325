"""Carry the getting-started page out, block by block, as a reader would, in an empty home folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tools import docs

TOP = Path(__file__).parents[2]
PAGE = TOP / "docs" / "index.md"
# What pre-commit tells about its environments depends on the language of the hook.
PROGRESS = re.compile(r"^\[(?:INFO|WARNING)\] .*\n", re.MULTILINE)
# A shell's own way to say how a command ended.
ENDED = "[exit code {}]\n"


class Block(NamedTuple):
    """A block of the page: commands, and what the page says that they print; None if it shows no output."""

    commands: str
    printed: str | None


def blocks() -> list[Block]:
    """Return the blocks that a reader sees. A comment of the page is none of them."""
    seen = re.sub(r"<!--.*?-->\n", "", PAGE.read_text(), flags=re.DOTALL)
    found = []
    for block in re.findall(r"^```\n(.*?)^```$", seen, re.MULTILINE | re.DOTALL):
        if block.startswith("$ "):
            command, _, printed = block.removeprefix("$ ").partition("\n")
            found.append(Block(command, printed))
        else:
            found.append(Block(block, None))
    return found


class Reader:
    """Someone with an empty home folder and one shell, in which each block goes on where the last one ended."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self._environment = {**environment, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
        self._state = home.parent / "state"
        self._state.write_text(f"cd {home}\n")

    def does(self, commands: str) -> tuple[int, str]:
        """Run the commands of a block; return the exit code and what they print."""
        kept = f"{{ export -p; echo cd \"'$PWD'\"; }} > {self._state}"
        script = f". {self._state}\n{commands}\nended=$?\n{kept}\nexit $ended\n"
        done = subprocess.run(
            ["sh", "-c", script],
            env=self._environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout


def test_the_page_has_the_whole_way() -> None:
    commands = "".join(block.commands for block in blocks())
    for part in (
        "git clone",
        "pip install",
        "fi-bump init",
        "template pre-commit --write",
        "set 0.6.11.post2",
        "audit",
    ):
        assert part in commands
    # Nothing that the page needs happens behind the reader's back.
    assert "<!-- quietly:" not in PAGE.read_text()


@pytest.mark.slow
def test_what_a_reader_does_prints_what_the_page_shows(tmp_path: Path) -> None:
    """Everything but the installation, which needs a network: the fi-bump of this environment is on PATH in its place."""
    (tmp_path / "index").mkdir()
    _, environment = docs.engine(tmp_path / "index")
    docs.hooks(tmp_path / "index", environment)
    home = tmp_path / "home"
    home.mkdir()
    reader = Reader(home, environment)
    for commands, printed in blocks():
        if "pip install" in commands:
            commands = "\n".join(line for line in commands.split("\n") if ".venvs" not in line)
        code, out = reader.does(commands)
        shown = out.replace(str(tmp_path / "index"), "") + (ENDED.format(code) if code else "")
        assert shown == (printed or ""), commands


@pytest.mark.network
@pytest.mark.slow
def test_a_stranger_installs_it_and_moves_the_pins_with_the_default_index(tmp_path: Path) -> None:
    """Every command of the page, the installation and the hook of the template included; the index is the default one."""
    source = tmp_path / "published"
    subprocess.run(["git", "clone", "-q", str(TOP), str(source)], check=True)
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in docs.IDENTITY}
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LANG", "LC_"))}
    path = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    environment = {**kept, **identity, "PATH": path, "SOURCE": source.as_uri(), "NO_COLOR": "1", "COLUMNS": "100"}
    home = tmp_path / "home"
    home.mkdir()
    reader = Reader(home, environment)
    ended = {}
    for commands, printed in blocks():
        code, out = reader.does(commands)
        ended[commands] = (code, PROGRESS.sub("", out))
        expected = re.search(r"\[exit code (\d+)\]\n\Z", printed or "")
        assert code == (int(expected[1]) if expected else 0), out
    assert ended["fi-bump init"][1] == next(block.printed for block in blocks() if block.commands == "fi-bump init")
    assert "fi-bump check" in ended["git add -A && git commit -q -m 'Newer cubins'"][1]
    assert "[drift]" in ended["git add -A && git commit -q -m 'Newer cubins'"][1]
    assert ended["fi-bump check"] == (0, "flashinfer 0.6.11.post2: 5 pins in 4 files, in step\n")
