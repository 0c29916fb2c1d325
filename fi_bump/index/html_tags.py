"""Reads the start tags of an HTML page with their attributes, in time that grows with the length of the page.

It follows the tokenizer of the HTML standard (section 13.2.5) for tags, attributes, comments and raw text. At the end
of the page inside a tag or a comment the standard drops what is open, so nothing is searched for twice. The parser of
the standard library needs minutes for a page of `<a ` or `<!--` in the Python versions that fi-bump supports.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_BEFORE_ATTRIBUTE = re.compile(r"[\s/]*+")
# A name may begin with `=`; the standard says so.
_ATTRIBUTE = re.compile(r"=?[^\s/>=]*+")
_EQUALS = re.compile(r"\s*+=\s*+")
_COMMENT_END = re.compile(r"--!?>")
_UNQUOTED = re.compile(r"[^\s>]*+")
# Elements whose content has no tags.
_RAW = frozenset(["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"])


class Tag(NamedTuple):
    """A start tag: its name in lower case, and its attributes, of two of one name the first."""

    name: str
    attributes: dict[str, str]


class _EndOfPage(Exception):
    """The page ends inside a tag or a comment."""


def start_tags(page: str) -> Iterator[Tag]:
    """Return the start tags of a page in order."""
    position = 0
    try:
        while (position := page.find("<", position)) >= 0:
            following = page[position + 1 : position + 2]
            if _is_letter(following):
                tag, position = _tag(page, position + 1)
                yield tag
                if tag.name in _RAW:
                    position = _raw_end(page, position, tag.name)
            elif following == "/" and _is_letter(page[position + 2 : position + 3]):
                _, position = _tag(page, position + 2)
            elif following in ("!", "?", "/"):
                position = _comment_end(page, position)
            else:
                position += 1
    except _EndOfPage:
        return


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _tag(page: str, position: int) -> tuple[Tag, int]:
    """Return the tag whose name begins at a position, and where it ends."""
    name = _NAME.match(page, position)
    assert name is not None
    attributes: dict[str, str] = {}
    position = name.end()
    while True:
        position = _skip(_BEFORE_ATTRIBUTE, page, position)
        if page[position : position + 1] in ("", ">"):
            break
        end = _skip(_ATTRIBUTE, page, position)
        key, value = page[position:end].lower(), ""
        equals = _EQUALS.match(page, end)
        if equals is not None:
            value, end = _value(page, equals.end())
        attributes.setdefault(key, _unescaped(value))
        position = end
    if position >= len(page):
        raise _EndOfPage
    return Tag(name[0].lower(), attributes), position + 1


def _value(page: str, position: int) -> tuple[str, int]:
    quote = page[position : position + 1]
    if quote in ('"', "'"):
        end = _find(page, quote, position + 1)
        return page[position + 1 : end], end + 1
    end = _skip(_UNQUOTED, page, position)
    return page[position:end], end


def _unescaped(value: str) -> str:
    try:
        return html.unescape(value)
    except ValueError:  # A character reference with thousands of digits.
        return value


def _comment_end(page: str, position: int) -> int:
    """Return where a comment, a declaration or anything that the standard treats as a comment ends."""
    if not page.startswith("<!--", position):
        return _find(page, ">", position) + 1
    if page.startswith((">", "->"), position + 4):
        return page.index(">", position + 4) + 1
    end = _COMMENT_END.search(page, position + 4)
    if end is None:
        raise _EndOfPage
    return end.end()


def _raw_end(page: str, position: int, name: str) -> int:
    """Return where the end tag begins that ends raw text: the standard knows no other tags there."""
    end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, position)
    if end is None:
        raise _EndOfPage
    return end.start()


def _skip(pattern: re.Pattern[str], page: str, position: int) -> int:
    match = pattern.match(page, position)
    assert match is not None
    return match.end()


def _find(page: str, text: str, position: int) -> int:
    end = page.find(text, position)
    if end < 0:
        raise _EndOfPage
    return end
