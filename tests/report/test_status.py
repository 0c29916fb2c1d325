"""The text of `status` is what rich prints, in a pipe and on a terminal, whatever the names and versions are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.report import plain
from fi_bump.report.plain import is_plain, table
from fi_bump.report.status import STATES, ShownGroup, plain_status
from fi_bump.report.tables import print_status
from fi_bump.terminal import paint
from tests.report.standard_output import printed, seen

TEXTS = st.text(st.sampled_from("aB0-_#/ .[]()'\"::##{}é\t\x1b宽"), max_size=12) | st.sampled_from(
    ["docker/Dockerfile#ARG KIT_VERSION", "[bold]x[/bold]", ":smile:", "https://example.invalid/x", "", "x" * 200]
)
STATE = st.sampled_from(sorted(STATES))
GROUPS = st.lists(
    st.builds(
        ShownGroup,
        TEXTS,
        TEXTS,
        st.lists(TEXTS, max_size=2).map(tuple),
        st.lists(st.tuples(TEXTS.map("  {}".format), TEXTS, STATE), max_size=4).map(tuple),
    ),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(GROUPS)
def test_the_same_as_rich(groups: list[ShownGroup]) -> None:
    text = printed(groups, plain_status)
    if text is not None:
        assert text == (printed(groups, print_status) or "")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(GROUPS, st.integers(8, 120))
def test_the_same_as_rich_on_a_terminal(groups: list[ShownGroup], columns: int) -> None:
    text = printed(groups, plain_status, columns)
    rich = printed(groups, print_status, columns)
    if text is not None:
        assert seen(text) == seen(rich or "")


def test_a_terminal_has_colours_links_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "file_address", lambda path: f"file:///{path}" if path == "a" else None)
    group = ShownGroup("kit", "1.0", ("  kit",), (("  a#kit", "1.0", "in step"), ("  b/c#the kit", "-", "missing")))
    wide = printed([group], plain_status, 40)
    assert wide == (
        "\x1b[1mkit\x1b[0m 1.0\n  kit\n"
        "  \x1b[1msite\x1b[0m           \x1b[1mversion\x1b[0m  \x1b[1mstate\x1b[0m\n"
        "  \x1b]8;;file:///a\x1b\\a#kit\x1b]8;;\x1b\\          1.0      \x1b[32min step\x1b[0m\n"
        "  'b/c#the kit'  -        \x1b[1;31mmissing\x1b[0m\n"
    )
    narrow = printed([group._replace(rows=group.rows[:1])], plain_status, 30)
    assert narrow is not None
    assert seen(narrow) == seen(
        "\x1b[1mkit\x1b[0m 1.0\n  kit\n  \x1b[1msite\x1b[0m   \x1b[1mversion\x1b[0m  \x1b[1mstate\x1b[0m\n"
        "  \x1b]8;;file:///a\x1b\\a#kit\x1b]8;;\x1b\\  1.0      \x1b[32min step\x1b[0m\n"
    )
    assert printed([group._replace(rows=group.rows[1:])], plain_status, 27) == (
        "\x1b[1mkit\x1b[0m 1.0\n  kit\n  'b/c#the kit'\n"
        "      \x1b[2mversion \x1b[0m-\n      \x1b[2mstate \x1b[0m\x1b[1;31mmissing\x1b[0m\n"
    )


def test_a_group() -> None:
    group = ShownGroup(
        "kit", "1.0", ("  kit, kit-extra",), (("  a#kit", "1.0", "in step"), ("  b/c#kit", "-", "missing"))
    )
    assert plain_status([group]) == (
        "kit 1.0\n  kit, kit-extra\n  site     version  state\n  a#kit    1.0      in step\n  b/c#kit  -        missing\n"
    )
    assert table(("a", "b"), []) == ["a  b"]
    assert plain.width() > 0


def test_rich_prints_what_has_another_width_or_style(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_plain(["a"])
    assert not is_plain(["宽"])
    assert not is_plain(["a\tb"])
    assert is_plain(["a"], ["x" * 4999])
    monkeypatch.setattr(plain, "_WIDEST", 10)
    assert not is_plain(["a"], ["x" * 11])
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not is_plain(["a"])
