"""Tables on a terminal: whole cells at every width, the colours of states, and links to releases."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from fi_bump.lock.records import Group, Member
from fi_bump.releases.release_pages import release_page
from fi_bump.report import tables
from fi_bump.terminal.wanted import OutputChoices

SITE, VERSION = "docker/Dockerfile.nightly_torch#git clone github.com/flashinfer-ai/flashinfer", "0.6.11.post2+cu130"
ROWS = [(SITE, VERSION, "in step"), ("a#kit", "1.0", "drift")]
CELLS = st.text("ab/# 1", min_size=1, max_size=60).map(lambda text: text.strip() or "x")


@pytest.fixture(autouse=True)
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OutputChoices, "colour", "always")


def printed(rows: Sequence[tuple[str, ...]], columns: tuple[str, ...], width: int, *, colour: bool = False) -> str:
    stream = io.StringIO()
    out = Console(
        file=stream, width=width, force_terminal=colour, highlight=False, color_system="standard" if colour else None
    )
    tables.print_rows(out, columns, [[tables.state(cell) for cell in row] for row in rows])
    return stream.getvalue()


def test_a_wide_terminal_has_a_table() -> None:
    lines = printed(ROWS, ("site", "version", "state"), 120).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["site", SITE, "a#kit"]
    assert len(lines) == 3


def test_a_narrow_one_has_a_list_with_whole_cells() -> None:
    assert printed(ROWS, ("site", "version", "state"), 80) == (
        f"{SITE}\n      version {VERSION}  state in step\na#kit\n      version 1.0  state drift\n"
    )
    assert printed(ROWS[:1], ("site", "version", ""), 30) == f"{SITE}\n      version {VERSION}\n      in step\n"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4), st.integers(20, 120))
def test_no_cell_is_ever_broken(rows: list[tuple[str, ...]], width: int) -> None:
    OutputChoices.colour = "always"
    lines = printed(rows, ("one", "two", "three"), width).splitlines()
    for row in rows:
        assert all(any(cell in line for line in lines) for cell in row)


def test_a_state_has_the_colour_of_a_finding() -> None:
    for text, style in (("in step", "green"), ("drift", "bold red"), ("2 findings", "bold red"), ("held: why", "")):
        assert tables.state(text) == Text(text, style)
    assert "\x1b[1;31mdrift\x1b[0m" in printed(ROWS, ("site", "version", "state"), 120, colour=True)


def test_a_release_links_to_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group("kit", "1.0", (Member("kit"),), (), ("git.example/o/kit", "github.com/o/kit"))
    page = "https://github.com/o/kit/releases/tag/v1.1%2Bcu130"
    assert release_page(group, "1.1+cu130") == page
    assert tables._release(group, "1.1+cu130") == Text("1.1+cu130", f"link {page}")
    assert tables._release(group._replace(repositories=("git.example/o/kit",)), "1.1") == Text("1.1")
    assert tables._release(group, "-") == Text("-")
    stream = io.StringIO()
    Console(file=stream, force_terminal=True).print(tables._release(group, "1.1"))
    assert "\x1b]8;" in stream.getvalue()
    monkeypatch.setattr(OutputChoices, "colour", "auto")
    assert tables._release(group, "1.1") == Text("1.1")


def test_a_table_of_the_lock_loads_nothing_that_asks_an_index() -> None:
    program = "import sys, fi_bump.report.tables; print({'urllib3', 'ssl', 'packaging.tags'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
