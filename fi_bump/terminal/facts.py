"""What a command did, as data for `--format json`, next to the lines that it prints for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fi_bump.records import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_collected: list[dict[str, Any]] = []


def tell(name: str, value: Callable[[], Any]) -> None:
    """Add a fact under `name`, if anybody collects facts; otherwise `value` is not called."""
    if _collected:
        _collected[-1][name] = value()


@contextmanager
def collecting() -> Iterator[dict[str, Any]]:
    """Collect the facts that are told meanwhile."""
    _collected.append({})
    try:
        yield _collected[-1]
    finally:
        _collected.pop()
