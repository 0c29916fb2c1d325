"""The text of every JSON document that fi-bump prints."""

from __future__ import annotations

import json
import re
from typing import Any

from fi_bump.untrusted import encodable

# What a terminal may obey, and what may end a line there: the other control characters are escaped by `json`.
# And the bracket of what a CI's runner takes for a command: `##[`, `##vso[`.
_CONTROL = re.compile(
    r"(?<=##)\[|(?<=##vso)\[|(?<=##teamcity)\[|[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def json_text(document: Any, *, sort: bool = False) -> str:
    """Return a document, indented, without a last line end. Raises ValueError for a number that JSON cannot hold.

    It is UTF-8 whatever the texts are, and without control characters: JSON escapes them.
    """
    text = encodable(json.dumps(document, indent=2, sort_keys=sort, ensure_ascii=False, allow_nan=False))
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
