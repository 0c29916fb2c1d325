"""Show addresses without their secrets: the one place where a URL becomes text for a reader or for a file.

Credentials can be before the host (`https://user:password@host`), in the query (`?token=…`) and in the fragment. No
list of names tells which queries are secret, so the value of each one is hidden.
"""

from __future__ import annotations

import html
import re

# What a URL parser takes for the host with everything before it, up to the path.
_AUTHORITY = re.compile(r"[^/?#\s]*+")
# `user:` and the beginning of a password that contains `/`, `?`, `#` or a space, which ends the host for a parser.
_CUT_PASSWORD = re.compile(r"[^:\[]*:(?![0-9]*\Z)")
# `https://user:password` without `@host`: after the colon is neither a port nor a variable for one.
_NO_HOST = re.compile(
    r"(?:(?<=http://)|(?<=https://))([^:\[/?#\s]*:)(?![0-9]*(?:[^\w!*+=~-]|\Z))(?![$%{<])[^/?#\s\"'<>]+", re.IGNORECASE
)
# How far the `@` after a cut password can be: passwords are not longer, and the search stays linear.
_LONGEST_PASSWORD = 1000
_WITHOUT_SCHEME = re.compile(r"\A[^/@]*:(?![0-9]+(?:/|\Z)).*@", re.DOTALL)
_QUERY = re.compile(r"([?&])([^=&?\s#\"'<>]*+)(=)?(?(3)[^&\s#\"'<>]*+|(?=[&\s#\"'<>]|\Z))")
_FRAGMENT = re.compile(r"#(?!(?:sha(?:1|224|256|384|512)|md5|egg|subdirectory)=)([^=#\s\"'<>]+)=[^#\s\"'<>]*+")
_JSON_ESCAPE = re.compile(r"\\(?:/|u00([0-7][0-9a-fA-F]))")
HIDDEN = "****"


def redacted(text: str) -> str:
    """Return a text without credentials in its URLs, and with the values of their queries hidden."""
    pieces = []
    position = 0
    while (found := text.find("//", position)) >= 0:
        pieces.append(text[position : found + 2])
        position = _host(text, found + 2)
    pieces.append(text[position:])
    without_users = _NO_HOST.sub(rf"\1{HIDDEN}", "".join(pieces))
    return _FRAGMENT.sub(rf"#\1={HIDDEN}", _QUERY.sub(_hide, without_users))


def shown(address: str) -> str:
    """Like `redacted`, for a text that is one address, also one whose `https://` is missing."""
    if "//" not in address:
        address = _WITHOUT_SCHEME.sub("", address)
    return redacted(address)


def has_secrets(body: bytes) -> bool:
    """Whether a page, in HTML or JSON, has an address with credentials or a query: then no copy of it may be kept."""
    text = body.decode("utf-8", "replace")
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "/", text)
    try:
        plain = html.unescape(text) if "&" in text else text
    except ValueError:  # A character reference with thousands of digits, in no page that an index makes.
        return True
    return redacted(plain) != plain


def _host(text: str, start: int) -> int:
    """Return where the host begins in the text of a URL after `//`, behind the user and the password."""
    while True:
        authority = _AUTHORITY.match(text, start)
        assert authority is not None
        at = text.rfind("@", start, authority.end())
        if at < 0:
            if not _CUT_PASSWORD.match(authority[0]):
                return start
            at = text.find("@", authority.end(), authority.end() + _LONGEST_PASSWORD)
            if at < 0 or "\n" in text[start:at]:
                return start
        # What follows can look like a user and a password again (`https://user:pa/ss@wo:rd/x@host`).
        start = at + 1


def _hide(match: re.Match[str]) -> str:
    if match[3]:
        return f"{match[1]}{match[2]}={HIDDEN}"
    # `?token` is a value without a name; a question mark at the end of a sentence has none.
    return f"{match[1]}{HIDDEN}" if match[1] == "?" and match[2] else match[0]
