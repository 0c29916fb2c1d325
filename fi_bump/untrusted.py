"""Untrusted input: make text printable, and read tables and lists whose types are unchecked."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# Compiled on first use, since few texts have it.
_COMMAND = r"##(?=[A-Za-z]*\[)"
_NAMES = {"\n": "\\n", "\r": "\\r"}


def visible(text: str) -> str:
    """Return the text as one line that neither a terminal nor a CI takes for a command.

    Every text on its way to a stream passes here. A character without a shape of its own (a control character, a line
    end, a change of direction, a byte that is not UTF-8) becomes an escape: `\\n`, `\\x1b`, `\\u202e`, `\\xff`. Runners
    take commands from a log: GitHub after `::` at the start of a line and after `##[`, Azure after `##vso[`, TeamCity
    after `##teamcity[`. A backslash breaks them.
    """
    if not text.isprintable():
        text = "".join([each if each.isprintable() else _escape(each) for each in text])
    if "##" in text:
        text = re.sub(_COMMAND, r"#\\#", text)
    if "::" in text and text.lstrip().startswith("::"):
        text = text.replace("::", "\\::", 1)
    return text


def _is_blank(character: str) -> bool:
    """Whether it is a space of another alphabet or width, which Python does not call printable."""
    return character.isspace() and character > "\x9f" and character not in "\u2028\u2029"


def _escape(character: str) -> str:
    if character == "\t" or _is_blank(character):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a path that is not UTF-8, as Python decodes it
        code -= 0xDC00
    known = _NAMES.get(character)
    return known or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def encodable(text: str) -> str:
    """Return text that UTF-8 can encode: a lone surrogate (an undecodable byte of a path) becomes U+FFFD.

    Every text in a document passes here; the document's own format escapes the rest.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shapes(text: str) -> str:
    """Like encodable(), and a control character other than a tab and a line end becomes U+FFFD."""
    text = encodable(text)
    if text.isprintable():
        return text
    return "".join([each if each.isprintable() or each in "\t\n\r" or _is_blank(each) else "\ufffd" for each in text])


def printable(text: str, longest: int = 300) -> str:
    """Return the text as one line without control characters, cut to `longest` characters."""
    if not text.isprintable():
        text = "".join([character if character.isprintable() else " " for character in text])
    plain = text.strip()
    return plain if len(plain) <= longest else f"{plain[:longest]}…"


def one_line(text: str) -> str:
    """Like printable(), with every run of white space collapsed to one space, and not cut first."""
    return printable(" ".join(printable(text, len(text)).split()))


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the table of that name, or an empty one if the value is missing or not a table."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    """Return the list, or an empty one if the value is not a list."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the texts in a list; empty if the value is not a list."""
    return [each for each in entries(value) if isinstance(each, str)]


def finite(text: str) -> float:
    """Return a number of a JSON document. Raises ValueError for one that is too large, such as 1e999.

    Python reads it as infinity, which no JSON document can contain again.
    """
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is not a number in JSON")
    return number
