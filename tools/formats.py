"""Write what depends on the names of files: the table in docs/forms.md.

It is made from fi_bump/formats/table.py in the same tree as this file.

    python tools/formats.py            write docs/forms.md
    python tools/formats.py --check    fail when it is stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# The package of this tree, also where another one is installed.
sys.path.insert(0, str(TOP))

from fi_bump.formats.table import FORMATS, OTHER  # noqa: E402  # after the line above, which says where from

PAGE = "docs/forms.md"
_TABLE = re.compile(r"(?<=<!-- formats -->\n\n)(?:\|.*\n)+")


def page_table() -> str:
    """Return the formats as a Markdown table."""
    rows = ["| format | files | what fi-bump reads in it | second opinion |", "|---|---|---|---|"]
    for form in (*FORMATS, OTHER):
        files = ", ".join(f"`{pattern}`" for pattern in form.files)
        but = f", but not {', '.join(f'`{pattern}`' for pattern in form.but)}" if form.but else ""
        rows.append(f"| {form.title} | {files}{but} | {form.holds} | {form.second_opinion} |")
    return "\n".join(rows) + "\n"


def generated(text: str) -> str:
    """Return the page with its generated part. Raises SystemExit if it does not have that part."""
    if len(_TABLE.findall(text)) != 1:
        raise SystemExit(f"{PAGE} has no single part to write to: see {Path(__file__).name}")
    return _TABLE.sub(lambda _: page_table(), text)


def main() -> int:
    """Write or check the page; the exit code is 1 when it is checked and stale."""
    text = (TOP / PAGE).read_text()
    new = generated(text)
    if new == text:
        return 0
    if "--check" in sys.argv:
        print(f"{PAGE} does not follow fi_bump/formats/table.py: run python tools/formats.py")
        return 1
    (TOP / PAGE).write_text(new)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
