"""Filling a template in: `<<name>>` is replaced, and `<<each name>>` … `<<end>>` repeats the lines between.

Not `{{name}}` or `$name`: GitHub's expressions, Renovate's Handlebars and shell variables stand in the templates too,
and reach the user as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from fi_bump.errors import InternalError

_T = TypeVar("_T")

Values = Mapping[str, str]
Rows = Mapping[str, Sequence[Values]]

_BLOCK = re.compile(r"^<<each ([a-z-]+)>>\n(.*?)^<<end>>\n", re.MULTILINE | re.DOTALL)
# A name, first as all that an indented line holds. With blanks: half a block is a name that nothing knows.
_NAME = re.compile(r"^( +)<<([a-z][a-z -]*)>>$|<<([a-z][a-z -]*)>>", re.MULTILINE)


def fill(text: str, values: Values, rows: Rows) -> str:
    """The template with every placeholder replaced.

    A block is written once for each of `rows[name]`, whose values come before `values`; blocks do not nest. A value of
    several lines that stands alone on an indented line is indented as a whole. Raises InternalError for a placeholder
    without a value.
    """
    parts, end = [], 0
    for block in _BLOCK.finditer(text):
        parts.append(_fill_names(text[end : block.start()], values))
        parts += [_fill_names(block[2], {**values, **row}) for row in _known(rows, block[1])]
        end = block.end()
    return "".join([*parts, _fill_names(text[end:], values)])


def _fill_names(text: str, values: Values) -> str:
    def value(name: re.Match[str]) -> str:
        if name[3]:
            return _known(values, name[3])
        return "\n".join(name[1] + line if line else line for line in _known(values, name[2]).split("\n"))

    return _NAME.sub(value, text)


def _known(table: Mapping[str, _T], name: str) -> _T:
    if name not in table:
        raise InternalError(f"a template asks for '{name}', which nothing says")
    return table[name]
