"""The pages show what the commands print, and the tool that sees to it notices when they do not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).parents[2]
TOOL = TOP / "tools" / "docs.py"


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_page_is_stale() -> None:
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_block_becomes_what_its_command_prints(docs: ModuleType) -> None:
    page = "a\n<!-- quietly: echo x > y -->\n<!-- run: cat y -->\n```\nstale\n```\n\n<!-- run: echo to stderr >&2; exit 3 -->\nb\n"
    assert docs.generated(page) == (
        "a\n<!-- quietly: echo x > y -->\n<!-- run: cat y -->\n```\n$ cat y\nx\n```\n\n"
        "<!-- run: echo to stderr >&2; exit 3 -->\n```\n$ echo to stderr >&2; exit 3\nto stderr\n[exit code 3]\n```\nb\n"
    )
    assert docs.generated(docs.generated(page)) == docs.generated(page)


def test_what_runs_quietly_must_work(docs: ModuleType) -> None:
    with pytest.raises(SystemExit, match="false failed"):
        docs.generated("<!-- quietly: false -->\n")


def test_every_command_has_its_help_among_the_pages() -> None:
    from fi_bump.cli.options import app

    page = (TOP / "docs" / "commands.md").read_text()
    names = {command.name for command in app.registered_commands}
    assert {name for name in names if f"<!-- run: fi-bump {name} --help -->" not in page} == set()
