"""What files take of a package as far as their text shows it without being parsed: enough to read its modules ahead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fi_bump.fit.engine.uses import Reference

_COMMENT = re.compile(rb"#[^\n]*")
_NAME = re.compile(rb"\s*([A-Za-z_]\w*)")


def imported_by_text(texts: Iterable[bytes], tops: Iterable[str]) -> frozenset[Reference]:
    """The modules that import statements in Python files name, and the names that they take of them.

    Calls of a text with a module and another one with a name in it count too: `lazy("kit.ops", "add")`. Some of it may
    be in a comment or a text, and some uses are not found.
    """
    module = rb"(?:%s)(?:\.\w+)*\b" % b"|".join(re.escape(top.encode()) for top in sorted(tops))
    statement = re.compile(
        rb"\b(?:import[ \t]+(%s)|from[ \t]+(%s)[ \t]+import[ \t]*(\([^)]{0,9999}\)|[^\n;]*))" % (module, module)
    )
    by_name = re.compile(rb"[\"'](%s)[\"']\s*,\s*[\"']([A-Za-z_]\w*)[\"']" % module)
    return frozenset(each for text in texts for each in _found(text, statement, by_name))


def _found(text: bytes, statement: re.Pattern[bytes], by_name: re.Pattern[bytes]) -> Iterator[Reference]:
    for whole, module, names in statement.findall(text):
        yield Reference((whole or module).decode())
        for each in _COMMENT.sub(b"", names).strip(b"()").split(b","):
            if name := _NAME.match(each):
                yield Reference(module.decode(), (name[1].decode(),))
    for module, name in by_name.findall(text):
        yield Reference(module.decode(), (name.decode(),))
