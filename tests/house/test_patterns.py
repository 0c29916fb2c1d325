"""The package has no pattern with a possessive group, which Python before 3.11.5 matches wrongly.

python/cpython issue 106052: there `(?:a|b)*+` misses matches. An atomic group, `(?>(?:a|b)*)`, is the same and right, as
is a possessive quantifier after one character or set: `[^"]*+`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import fi_bump

PACKAGE = Path(fi_bump.__file__).parent
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SET = re.compile(r"\[\^?\]?[^\]]*\]")
_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")


def has_possessive_group(pattern: str) -> bool:
    return _POSSESSIVE_GROUP.search(_SET.sub("x", _ESCAPED.sub("x", pattern))) is not None


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
        (r"(?>(?:a|b)*)", False),
        (r'[^"]*+', False),
        (r"\)*+", False),
        (r"[)(]*+", False),
        (r"[^])*+]", False),
        (r"(?:a|b)*\+", False),
        (r"(a)+", False),
    ],
)
def test_what_is_a_possessive_group(pattern: str, expected: bool) -> None:
    assert has_possessive_group(pattern) == expected
    re.compile(pattern)


def test_the_strings_of_a_source() -> None:
    assert {"axc", "de"} <= texts('x = f"a{b}c"\ny = "d" "e"')


def test_no_pattern_has_a_possessive_group() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {text}"
        for path in PACKAGE.rglob("*.py")
        for text in texts(path.read_text(encoding="utf-8"))
        if has_possessive_group(text)
    }
    assert found == set()
