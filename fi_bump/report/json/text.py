"""The text of every JSON document that fi-bump prints."""

from __future__ import annotations

import json
from typing import Any


def json_text(document: Any) -> str:
    """Return a document, indented, without a last line end. Raises ValueError for a number that JSON cannot hold."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
