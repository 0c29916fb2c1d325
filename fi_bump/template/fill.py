"""Fill in a template: replace `<<name>>`, and repeat the lines between `<<each name>>` and `<<end>>`.

The syntax is not `{{name}}` or `$name`, because the templates contain GitHub's expressions, Renovate's Handlebars and
shell variables, which must stay unchanged.
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
# A placeholder, alone on an indented line or anywhere. It may contain spaces, so that half a block is an error.
_NAME = re.compile(r"^( +)<<([a-z][a-z -]*)>>$|<<([a-z][a-z -]*)>>", re.MULTILINE)


def fill(text: str, values: Values, rows: Rows) -> str:
    """Return the template with every placeholder replaced.

    A block is repeated for each row of `rows[name]`; the row's values override `values`. Blocks do not nest. If a
    placeholder is alone on an indented line, every line of its value gets that indent. Raises InternalError for a
    placeholder without a value.
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
        raise InternalError(f"a template has the placeholder '{name}', which has no value")
    return table[name]
