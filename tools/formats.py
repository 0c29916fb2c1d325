"""Write what depends on the names of files: the pattern of the pre-commit hooks, and the table in docs/forms.md.

Both are made from fi_bump/formats/table.py in the same tree as this file.

    python tools/formats.py            write .pre-commit-hooks.yaml and docs/forms.md
    python tools/formats.py --check    fail when one of them is stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# The package of this tree, also where another one is installed.
sys.path.insert(0, str(TOP))

from fi_bump.formats.table import FORMATS, FileFormat  # noqa: E402  # after the line above, which says where from

HOOKS, PAGE = ".pre-commit-hooks.yaml", "docs/forms.md"
_PATTERN = re.compile(r"(?<=  files: &files >-\n)(?: {4}.*\n)+")
_TABLE = re.compile(r"(?<=<!-- formats -->\n\n)(?:\|.*\n)+")


def hook_pattern() -> str:
    """Return the regular expression for the paths that the hooks run for, with one line per format."""
    return "\n|".join(["(?xi)\n" + _expression(FORMATS[0]), *map(_expression, FORMATS[1:])])


def _expression(form: FileFormat) -> str:
    """Return the expression for a format's paths. It ignores the format's `but`: one file too many costs one check."""
    patterns = []
    for pattern in form.files:
        folder, slash, name = pattern.rpartition("/")
        patterns.append(f"{re.escape(folder)}/(.*/)?{_of_name(name)}" if slash else _of_name(pattern))
    return f"(^|/)({'|'.join(patterns)})$"


def _of_name(pattern: str) -> str:
    tokens = re.split(r"([*{},])", pattern)
    meaning = {"*": "[^/]*", "{": "(", "}": ")", ",": "|"}
    return "".join(meaning.get(token, re.escape(token)) for token in tokens)


def page_table() -> str:
    """Return the formats as a Markdown table."""
    rows = ["| format | files | what fi-bump reads in it | second opinion |", "|---|---|---|---|"]
    for form in FORMATS:
        files = ", ".join(f"`{pattern}`" for pattern in form.files)
        but = f", but not {', '.join(f'`{pattern}`' for pattern in form.but)}" if form.but else ""
        rows.append(f"| {form.title} | {files}{but} | {form.holds} | {form.second_opinion} |")
    return "\n".join(rows) + "\n"


def generated(path: str, text: str) -> str:
    """Return a file's text with its generated part. Raises SystemExit if the file does not have that part."""
    if path == HOOKS:
        made, pattern = "".join(f"    {line}\n" for line in hook_pattern().split("\n")), _PATTERN
    else:
        made, pattern = page_table(), _TABLE
    if len(pattern.findall(text)) != 1:
        raise SystemExit(f"{path} has no single part to write to: see {Path(__file__).name}")
    return pattern.sub(lambda _: made, text)


def main() -> int:
    """Write or check both files; the exit code is 1 when a checked file is stale."""
    code = 0
    for path in (HOOKS, PAGE):
        text = (TOP / path).read_text()
        new = generated(path, text)
        if new != text and "--check" in sys.argv:
            print(f"{path} does not follow fi_bump/formats/table.py: run python tools/formats.py")
            code = 1
        elif new != text:
            (TOP / path).write_text(new)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
