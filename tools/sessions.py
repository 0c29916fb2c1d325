"""Show a terminal session of a page in the colours of a terminal: its commands, findings, help lines and patches."""

from __future__ import annotations

import re
from html import escape
from typing import Any

# What begins or ends a line of fi-bump's output, and the class of its colour in docs/assets/site.css.
_COLOURS = (
    (re.compile(r"^help: "), "t-help"),
    (re.compile(r"^(?:[^ ]+:\d+(?::\d+)?: )?note: "), "t-note"),
    (re.compile(r"\[[a-z]+(?:-[a-z]+)*\]$"), "t-rule"),
    (re.compile(r"\bin step$|\bok$|\bpass$"), "t-good"),
    (re.compile(r"^@@.*@@|^\[exit code \d+\]$"), "t-dim"),
)
_PATCH_COLOURS = (
    (re.compile(r"^\+(?!\+\+).*"), "t-new"),
    (re.compile(r"^-(?!--).*"), "t-old"),
    *_COLOURS,
)
# A command that prints a patch, and a line that begins one. Elsewhere `-` begins an item of a list.
_PRINTS_PATCH = re.compile(r"\bdiff\b")
_BEGINS_PATCH = re.compile(r"^(?:diff --git |--- |@@ )")


def shown(source: str, *_: Any, **__: Any) -> str:
    """Return the session as HTML, for pymdownx.superfences. The copy button finds `code` in it."""
    lines = []
    continues = patch = False
    for line in source.rstrip("\n").split("\n"):
        patch = bool(_PRINTS_PATCH.search(line)) if line.startswith("$ ") else patch or bool(_BEGINS_PATCH.match(line))
        if line.startswith("$ "):
            lines.append(f'<span class="t-prompt">$ </span><span class="t-command">{escape(line[2:])}</span>')
        else:
            lines.append(f'<span class="t-command">{escape(line)}</span>' if continues else _coloured(line, patch))
        continues = line.endswith("\\") and (line.startswith("$ ") or continues)
    text = "\n".join(lines)
    return f'<div class="language-console highlight"><pre><span></span><code>{text}\n</code></pre></div>'


def _coloured(line: str, patch: bool) -> str:
    for pattern, colour in _PATCH_COLOURS if patch else _COLOURS:
        found = pattern.search(line)
        if found:
            start, end = found.span()
            return f'{escape(line[:start])}<span class="{colour}">{escape(line[start:end])}</span>{escape(line[end:])}'
    return escape(line)
