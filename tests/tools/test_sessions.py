"""Sessions on the pages of the site have the colours that they have on a terminal."""

from __future__ import annotations

import re

import pytest

from tools import sessions

ITEMS = "- a.txt:1: note: kit is old\n+ more\n"


def coloured(source: str) -> list[tuple[str, str]]:
    """Return the class and the text of each coloured part."""
    return re.findall(r'<span class="(t-[a-z]+)">([^<]*)</span>', sessions.shown(source))


@pytest.mark.parametrize(
    ("source", "colours"),
    [
        ("$ cat body.md\n" + ITEMS, []),
        ("$ git diff a.txt | tail -2\n- old\n+ new\n", [("t-old", "- old"), ("t-new", "+ new")]),
        (
            "$ fi-bump set 2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
            [("t-dim", "@@ -1 +1 @@"), ("t-old", "-a"), ("t-new", "+b")],
        ),
        # The next command ends the patch.
        ("$ git diff\n-a\n$ cat list\n-a\n", [("t-old", "-a")]),
        (
            "$ fi-bump check\nx:1: kit is 2 [drift]\nkit 1: 1 pin in 1 file, in step\n",
            [("t-rule", "[drift]"), ("t-good", "in step")],
        ),
    ],
)
def test_only_a_patch_has_the_colours_of_a_patch(source: str, colours: list[tuple[str, str]]) -> None:
    assert [part for part in coloured(source) if part[0] not in ("t-prompt", "t-command")] == colours
