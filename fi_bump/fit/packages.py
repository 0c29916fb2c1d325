"""What is known of packages beside their releases (data/apis.json): how they are imported, and what they hold."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from fi_bump.untrusted import texts


class KnownApi(NamedTuple):
    """A package: the top names that it is imported by, none where only its wheel says so.

    `holds` is what it holds in place of an API that code could call, where that is so.
    """

    package: str
    imports: frozenset[str] = frozenset()
    holds: str | None = None


def known_api(package: str) -> KnownApi:
    """What is known of a package; its name alone for one that the data does not list."""
    return _document().get(package, KnownApi(package))


@cache
def _document() -> dict[str, KnownApi]:
    document = json.loads(files("fi_bump").joinpath("data", "apis.json").read_bytes())
    return {
        entry["package"]: KnownApi(entry["package"], frozenset(texts(entry["imports"])), entry.get("holds"))
        for entry in document
    }
