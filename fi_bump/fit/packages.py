"""What is known of packages beside their releases (data/apis.json): how they are imported, and what they hold."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from fi_bump.boundary.reading import read_data


class NativeApi(NamedTuple):
    """The compiled functions of a package: the folders of their sources, and the macros that export and check.

    `exports` are called as `MACRO(name, function)`; `checks` are patterns of names. `bindings` is in the names of the
    files that export the functions which objects hold in their `attributes`.
    """

    folders: tuple[str, ...]
    attributes: frozenset[str]
    bindings: str
    exports: tuple[str, ...]
    checks: tuple[str, ...]


class KnownApi(NamedTuple):
    """A package: the top names that it is imported by, none where only its wheel says so.

    `holds` is what it holds in place of an API that code could call, where that is so. `artifacts` is the class whose
    attributes are the addresses of compiled kernels that it downloads.
    """

    package: str
    imports: frozenset[str] = frozenset()
    holds: str | None = None
    native: NativeApi | None = None
    artifacts: str | None = None


def known_api(package: str) -> KnownApi:
    """What is known of a package; its name alone for one that the data does not list."""
    return _document().get(package, KnownApi(package))


@cache
def _document() -> dict[str, KnownApi]:
    document = json.loads(read_data("apis.json"))
    return {entry["package"]: _known(entry) for entry in document}


def _known(entry: dict[str, Any]) -> KnownApi:
    native = entry.get("native")
    compiled = native and NativeApi(
        tuple(native["folders"]),
        frozenset(native["attributes"]),
        native["bindings"],
        tuple(native["exports"]),
        tuple(native["checks"]),
    )
    return KnownApi(entry["package"], frozenset(entry["imports"]), entry.get("holds"), compiled, entry.get("artifacts"))
