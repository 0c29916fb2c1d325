"""The text of `latest` is what rich prints, in a pipe and on a terminal, whatever the names and versions are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.lock.records import Group, Member
from fi_bump.report.latest import ShownLatest, plain_latest
from fi_bump.report.tables import print_latest
from tests.report.standard_output import printed, seen
from tests.report.test_status import TEXTS

LINES = st.lists(TEXTS.map("  {}".format) | st.just("  note: a sentence that is too long for a terminal"), max_size=3)
GROUPS = st.lists(
    st.builds(
        ShownLatest,
        st.builds(
            Group,
            TEXTS,
            TEXTS,
            st.just((Member("kit"),)),
            repositories=st.sampled_from([(), ("github.com/kit/kit",)]),
        ),
        st.lists(
            st.tuples(TEXTS.map("  {}".format), st.sampled_from(["1.0", "2.0.post1", "-"]), TEXTS, TEXTS), max_size=4
        ).map(tuple),
        LINES.map(tuple),
        LINES.map(tuple),
    ),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(GROUPS)
def test_the_same_as_rich(groups: list[ShownLatest]) -> None:
    text = printed(groups, plain_latest)
    if text is not None:
        assert text == (printed(groups, print_latest) or "")


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(GROUPS, st.integers(8, 120))
def test_the_same_as_rich_on_a_terminal(groups: list[ShownLatest], columns: int) -> None:
    text = printed(groups, plain_latest, columns)
    rich = printed(groups, print_latest, columns)
    if text is not None:
        assert seen(text) == seen(rich or "")


GROUP = ShownLatest(
    Group("kit", "1.0", (Member("kit"), Member("kit-extra")), repositories=("github.com/kit/kit",)),
    (("  kit", "2.0", "2026-05-01", "https://packages.example"), ("  kit-extra", "-", "-", "-")),
    ("  no version that every member has is as new as 1.0, the locked one", "  note: a note"),
    ("  release notes of kit 2.0: https://github.com/kit/kit/releases/tag/v2.0",),
)
TEXT = """\
kit 1.0
  package    newest  date        index
  kit        2.0     2026-05-01  https://packages.example
  kit-extra  -       -           -
  no version that every member has is as new as 1.0, the locked one
  note: a note
  release notes of kit 2.0: https://github.com/kit/kit/releases/tag/v2.0
"""


def test_a_group() -> None:
    assert plain_latest([GROUP]) == TEXT
    assert plain_latest([]) == ""


def test_a_terminal_has_colours_and_links() -> None:
    page = "https://github.com/kit/kit/releases/tag/v2.0"
    bold = {each: f"\x1b[1m{each}\x1b[0m" for each in ("package", "newest", "date", "index")}
    shown = TEXT.replace("kit 1.0", "\x1b[1mkit\x1b[0m 1.0", 1).replace(
        "2.0  ", f"\x1b]8;;{page}\x1b\\2.0\x1b]8;;\x1b\\  "
    )
    for name, styled in bold.items():
        shown = shown.replace(name, styled, 1)
    text = printed([GROUP], plain_latest, 100)
    assert text is not None
    assert seen(text) == seen(shown)


def test_rich_breaks_what_a_terminal_is_too_narrow_for() -> None:
    assert printed([GROUP], plain_latest, 40) is None
