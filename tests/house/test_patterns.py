"""Each pattern with a possessive group is one that Python 3.11.0 to 3.11.4 matches rightly, too.

There the text after `(?:a|bc?d)*+` is looked for where the last, failed repetition ended (python/cpython issue 106052). A
last alternative that never matches, `(?:a|bc?d|(?!))*+`, begins where the repetition began, and sets that right. The atomic
group `(?>(?:a|bc?d)*)` is right as well, but takes 200 bytes of memory for each repetition.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from pathlib import Path

import pytest

import fi_bump

PACKAGE = Path(fi_bump.__file__).parent
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SET = re.compile(r"\[\^?\]?[^\]]*\]")
_WRONG = re.compile(r"(?<!\|\(\?!\))\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")


def is_wrong(pattern: str) -> bool:
    """Whether a pattern has a possessive group without a last alternative that never matches."""
    return _WRONG.search(_SET.sub("x", _ESCAPED.sub("x", pattern))) is not None


def texts(source: str) -> set[str]:
    """Return every string of a source, adjacent ones joined; of an f-string its own pieces, each value an `x`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            found.add(node.value if isinstance(node.value, str) else node.value.decode("latin-1"))
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?:a|b)*+", True),
        (r"(?:a|b)++c", True),
        (r"(ab)?+", True),
        (r"(?:ab){1,2}+", True),
        (r"(?:[)]|b){3}+", True),
        (r"(?:a|b|(?!))*+", False),
        (r"(?:a|b|(?!c))*+", True),
        (r"(?:(?:a|(?!))*+|b)*+", True),
        (r"(?:(?:a|b)*+|(?!))*+", True),
        (r"(?>(?:a|b)*)", False),
        (r'[^"]*+', False),
        (r"\)*+", False),
        (r"[)(]*+", False),
        (r"[^])*+]", False),
        (r"(?:a|b)*\+", False),
        (r"(a)+", False),
    ],
)
def test_which_patterns_are_wrong(pattern: str, expected: bool) -> None:
    assert is_wrong(pattern) == expected
    re.compile(pattern)


def test_the_last_alternative_changes_nothing_but_the_fault() -> None:
    plain, mended = (
        re.compile(r"""(?:[^"\\]|\\.|"{1,2}+(?!"))*+"{0,2}\Z"""),
        re.compile(r"""(?:[^"\\]|\\.|"{1,2}+(?!")|(?!))*+"{0,2}\Z"""),
    )
    for text in map("".join, itertools.product('a"\\', repeat=6)):
        greedy = re.fullmatch(r"""(?>(?:[^"\\]|\\.|"{1,2}(?!"))*)"{0,2}""", text)
        assert (mended.match(text) is None) == (greedy is None), text
        assert sys.version_info < (3, 11, 5) or (plain.match(text) is None) == (greedy is None), text


def test_the_strings_of_a_source() -> None:
    assert {"axc", "de"} <= texts('x = f"a{b}c"\ny = "d" "e"')


def test_no_pattern_of_the_package_is_wrong() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {text}"
        for path in PACKAGE.rglob("*.py")
        for text in texts(path.read_text(encoding="utf-8"))
        if is_wrong(text)
    }
    assert found == set()
