"""Make the pictures of the documentation: sessions on a terminal, and drawings of a lock and of reports.

Each picture shows a run: the sessions are recorded in a copy of examples/engine with a folder as package index, as in
tools/docs.py, and the drawings take their numbers from docs/reports.

    python tools/pictures.py            write docs/assets/*.svg
    python tools/pictures.py --check    fail if a picture is stale
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tools import docs, drawings  # noqa: E402  # after the line above, which says where from
from tools.made import write_or_check  # noqa: E402

_ASSETS = TOP / "docs" / "assets"
_COLUMNS = 100
_DARK, _LIGHT = (24, 28, 33), (214, 220, 226)
# The eight colours of a terminal: black, red, green, yellow, blue, magenta, cyan, white.
_COLOURS = [
    _DARK,
    (255, 123, 114),
    (123, 216, 143),
    (230, 192, 123),
    (121, 184, 255),
    (210, 168, 255),
    (127, 212, 232),
    _LIGHT,
]
_THEME = TerminalTheme(_DARK, _LIGHT, _COLOURS)
# Rich's own frame loads a font from the network.
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" class="session" role="img" viewBox="0 0 {width} {height}">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, monospace; line-height: {line_height}px }}
{styles}
@keyframes appear {{ from {{ opacity: 0 }} to {{ opacity: 1 }} }}
.later {{ animation: appear 1ms linear var(--at) both }}
@media (prefers-reduced-motion: reduce) {{ .later {{ animation: none }} }}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
<rect width="100%" height="100%" rx="8" fill="rgb(24,28,33)"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
_LINE = re.compile(r'<text (class="[^"]*" [^>]*clip-path="url\(#[a-z-]+-line-(\d+)\)")')
# The first five minutes: the command, and how many seconds a reader gets for what it prints.
_FIRST_MINUTES = (
    ("fi-bump init", 5),
    ("fi-bump check", 3),
    ("sed -i s/cubin==0.6.8.post1/cubin==0.6.13/ requirements/cuda.txt", 2),
    ("fi-bump check", 6),
    ("fi-bump check --fix", 4),
    ("fi-bump set 0.6.13", 6),
    ("fi-bump set 0.6.11.post2", 6),
)


def main() -> int:
    """Write or check every picture; the exit code is 1 when a checked picture is stale."""
    pictures: dict[str, Callable[[], str]] = {
        "first-minutes": lambda: session("first-minutes", "The first five minutes", _FIRST_MINUTES, animated=True),
        "status": lambda: session("status", "fi-bump status", (("fi-bump status", 0), ("fi-bump latest", 0))),
        "lock": lambda: drawings.lock(TOP / "examples" / "engine" / "versions.lock.json"),
        "sweep": lambda: drawings.sweep(TOP / "docs" / "reports" / "sweep-nvidia-cutlass-dsl.md"),
        "kernels": lambda: drawings.kernels(TOP / "docs" / "reports" / "h100-against-0.6.8.post1.md"),
    }
    made = ((_ASSETS / f"{name}.svg", make()) for name, make in pictures.items())
    return write_or_check(made, "does not show what its commands print: run python tools/pictures.py")


def session(name: str, title: str, commands: tuple[tuple[str, int], ...], *, animated: bool = False) -> str:
    """Return a picture of the commands and what they print on a terminal; if animated, one command after the other."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard")
    times: list[float] = []
    now = 1.0
    with tempfile.TemporaryDirectory() as scratch:
        root, environment = docs.engine(Path(scratch))
        if name == "first-minutes":
            os.remove(root / "versions.lock.json")
        for command, seconds in commands:
            printed = _on_a_terminal(command, root, environment).replace(scratch, "").rstrip("\r\n")
            for number, line in enumerate([f"\x1b[1m$ {command}\x1b[0m", *printed.splitlines(), ""]):
                for row in Text.from_ansi(line).wrap(console, _COLUMNS):
                    times.append(now + (0.8 if number else 0))
                    console.print(row)
            now += seconds + 0.8
    picture = console.export_svg(title=title, theme=_THEME, code_format=_FRAME.replace("TITLE", title), unique_id=name)
    if animated:
        picture = _LINE.sub(lambda line: f'<text style="--at:{times[int(line[2])]:g}s" {_later(line[1])}', picture)
    return picture


def _later(attributes: str) -> str:
    return attributes.replace('class="', 'class="later ', 1)


def _on_a_terminal(command: str, root: Path, environment: dict[str, str]) -> str:
    """Return what a command prints on a terminal, with its escape sequences."""
    ours, theirs = pty.openpty()
    settings = {**environment, "TERM": "xterm-256color", "COLUMNS": str(_COLUMNS)}
    settings.pop("NO_COLOR")
    with subprocess.Popen(
        ["sh", "-c", command], cwd=root, env=settings, stdin=theirs, stdout=theirs, stderr=theirs
    ) as run:
        os.close(theirs)
        parts = []
        # Linux ends the reading of a terminal that nobody has open with an error.
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            parts.append(part)
        run.wait()
    os.close(ours)
    return b"".join(parts).decode("utf-8").replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
