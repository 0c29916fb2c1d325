"""The frame of every JSON document that fi-bump prints or writes: its keys, and how a document is read back."""

from __future__ import annotations

from typing import Any

# The number of the documents' form. Documents of schema 1 had no frame: the result was the whole document.
SCHEMA = 2
READABLE = (1, SCHEMA)
# In this order. `schemas/` describes them once for each command, and a test holds the descriptions together.
KEYS = ("fi-bump", "command", "schema", "exit", "result", "changes", "messages", "errors")


def result_of(document: Any) -> Any:
    """Return the result in a document of fi-bump, with its `command` and `schema`; any other document as it is."""
    if not isinstance(document, dict) or "fi-bump" not in document or not isinstance(document.get("result"), dict):
        return document
    return {**document["result"], "command": document.get("command"), "schema": document.get("schema")}


def readable(schema: Any) -> bool:
    """Return whether this version of fi-bump reads documents with this number."""
    return schema in READABLE and not isinstance(schema, bool)
