"""The text of `status` in a pipe is what rich prints there, whatever the names and versions are."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.report.plain import is_plain, table
from fi_bump.report.status import ShownGroup, plain_status
from fi_bump.report.tables import print_status

TEXTS = st.text(st.sampled_from("aB0-_#/ .[]()'\"::##{}é\t\x1b宽"), max_size=12) | st.sampled_from(
    ["docker/Dockerfile#ARG KIT_VERSION", "[bold]x[/bold]", ":smile:", "https://example.invalid/x", "", "x" * 200]
)
GROUPS = st.lists(
    st.builds(
        ShownGroup,
        TEXTS,
        TEXTS,
        st.lists(TEXTS, max_size=2).map(tuple),
        st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4).map(tuple),
    ),
    max_size=3,
)


def by_rich(groups: list[ShownGroup]) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        print_status(groups)
        stream.flush()
        return bytes(stream.buffer.getvalue()).decode()


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(GROUPS)
def test_the_same_as_rich(groups: list[ShownGroup]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        text = plain_status(groups)
    if text is not None:
        assert text == by_rich(groups)


def test_a_group() -> None:
    group = ShownGroup(
        "kit", "1.0", ("  kit, kit-extra",), (("  a#kit", "1.0", "in step"), ("  b/c#kit", "-", "missing"))
    )
    assert plain_status([group]) == (
        "kit 1.0\n  kit, kit-extra\n  site     version  state\n  a#kit    1.0      in step\n  b/c#kit  -        missing\n"
    )
    assert table(("a", "b"), []) == ["a  b"]


def test_rich_prints_what_has_another_width_or_style(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_plain(["a"])
    assert not is_plain(["宽"])
    assert not is_plain(["a\tb"])
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not is_plain(["a"])
