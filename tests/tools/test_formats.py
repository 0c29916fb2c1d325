"""Test that the page of tools/formats.py follows the table, and that the tool notices when it does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = "docs/forms.md"


def script(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a tree as a developer would."""
    return subprocess.run([sys.executable, "tools/formats.py", *arguments], cwd=top, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the files that the script reads and writes."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("fi_bump", "tools", "docs"):
        shutil.copytree(TOP / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def test_what_is_written_follows_the_table() -> None:
    done = script(TOP, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stale_page_is_noticed_and_written_again(copy: Path) -> None:
    text = (copy / PAGE).read_text()
    assert text.count(".ebuild") == 1
    (copy / PAGE).write_text(text.replace(".ebuild", ".tf"))
    done = script(copy, "--check")
    stale = f"{PAGE} does not follow fi_bump/formats/table.py: run python tools/formats.py\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, stale, "")
    done = script(copy)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (copy / PAGE).read_bytes() == (TOP / PAGE).read_bytes()


def test_a_page_without_its_mark_is_refused(copy: Path) -> None:
    page = copy / "docs/forms.md"
    page.write_text(page.read_text().replace("<!-- formats -->", ""))
    done = script(copy)
    assert (done.returncode, done.stderr) == (1, "docs/forms.md has no single part to write to: see formats.py\n")
