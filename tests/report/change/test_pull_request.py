"""The body of a pull request: within the host's limit, and without links that nobody wrote."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fi_bump.change.model import Asked, Description, GroupChange, MovedPin
from fi_bump.releases.on_the_way import Release
from fi_bump.report.change.pull_request import LONGEST, body_text
from fi_bump.report.markdown_escape import plain


def about(pins: int = 1, notes: tuple[str, ...] = (), audit: tuple[str, ...] = ()) -> Description:
    """Return a change with so many pins, and with texts that come from files and indexes."""
    places = tuple(MovedPin(f"a/{number}.txt", 1, "kit", "1.0", "2.0") for number in range(pins))
    group = GroupChange(
        name="kit",
        old="1.0",
        new="2.0",
        places=places,
        repository=None,
        releases=(Release("2.0"),),
        mentions=(),
        notes=notes,
        probed=False,
    )
    return Description((group,), (), (), Asked(audit, 0, 0, {}, notes))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        about(10_000),
        about(10_000, notes=("x" * 900,) * 100),
        about(1, audit=tuple(f"a/{number}.txt: {'conflict ' * 90}" for number in range(5000))),
        about(1, audit=("a: " + "x" * 200_000,)),
        about(1, notes=("word " * 30_000, "x" * 100_000)),
    ],
)
def test_a_body_is_within_the_limit_of_the_host(change: Description) -> None:
    body = body_text(change)
    assert LONGEST == 65_536
    assert len(body) <= LONGEST
    assert body.startswith("## kit 1.0 -> 2.0\n\n")
    assert re.search(r"more (pins|lines)\n|…\n|The rest is left out", body)
    assert body.endswith("\n")


def test_a_long_table_says_how_much_is_left_out() -> None:
    body = body_text(about(10_000))
    shown = body.count("| `a/")
    assert shown in (512, 1024)
    assert f"\nand {10_000 - shown} more pins\n" in body
    assert "10000 pins in 10000 files" in body
    assert len(body_text(about(100)).split("\n")) > 100
    assert "more pins" not in body_text(about(100))


LINKS = re.compile(r"(?i)(?:https?|ftp|mailto|xmpp):(?=[^\u200b])|www\.(?=[^\u200b])|gh-\d|#\d|@(?=[^\u200b])")
COMMIT = re.compile(r"(?i)(?<![0-9a-z])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}(?![0-9a-z])")
TEXTS = st.lists(
    st.sampled_from(
        ["https://h.invalid/x", "HTTP://h", "www.h.invalid", "ftp://h", "mailto:a@h", "GH-12", "gh-7", "#12"]
    )
    | st.sampled_from(
        ["o/r#12", "o/r@1a2b3c4", "@octocat", "1a2b3c4", "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d", "_", "*"]
    )
    | st.text("ab 12-./:@#&<>`|[]()\\", max_size=5),
    max_size=6,
).map(" ".join)


@example("    https://h.invalid/x")
@example(" \t    @octocat")
@given(TEXTS)
def test_text_of_others_makes_no_link(text: str) -> None:
    rendered = MarkdownIt("commonmark").render(f"- {plain(text)}\n")
    assert "<a " not in rendered
    shown = html.unescape(re.sub(r"<[^>]*>", "", rendered))
    assert not LINKS.search(shown), shown
    assert not COMMIT.search(shown), shown
    # What a reader sees is the text itself.
    assert shown.replace("\u200b", "").split() == text.split()


@pytest.mark.parametrize("text", ["0.6.11.post2", "20260501", "defaced", "a1b2c3", "v1.0", "accede to 1234567"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert plain(text) == text
