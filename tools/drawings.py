"""Drawings of a lock, of a sweep and of two releases beside each other, as SVG that fits light and dark pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

_STYLE = (
    "<style>text{font:14px system-ui,sans-serif;fill:#1f2328}.small{font-size:12px;fill:#57606a}.box{fill:#f0f4f4;"
    "stroke:#00897b}.line{stroke:#00897b;fill:none}.good{fill:#2e7d32}.bad{fill:#b3261e}.old{fill:#90a4ae}.new{fill:#00897b}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9aa4ae}.box{fill:#1c2b2b}}</style>"
)
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def lock(path: Path) -> str:
    """Draw the pins and the packages of a lock's first group."""
    (name, group), *_ = json.loads(path.read_text())["groups"].items()
    sites, packages = group["sites"], list(group["packages"])
    height = 30 * len(sites) + 70
    middle = height / 2
    parts = [_box(10, middle - 45, 190, 90, "versions.lock.json", f"{name} {group['version']}", "set, check")]
    for number, site in enumerate(sites):
        y = 40.0 + 30 * number
        parts += [
            _line(200, middle, 240, y + 12),
            f'<text x="246" y="{y + 10}">{escape(site.partition("#")[0])}</text>',
            f'<text x="246" y="{y + 24}" class="small">{escape(site.partition("#")[2])}</text>',
        ]
    gap = (height - 40) / len(packages)
    for number, package in enumerate(packages):
        y = 20 + gap * (number + 0.5)
        parts += [_line(690, middle, 730, y), _box(730, y - 24, 190, 48, package, "its own index")]
    parts.append(_box(550, middle - 45, 140, 90, "release", "has every member", "this version?"))
    return _svg(930, height, "The lock drives every pin; every member is asked for on its own index", parts)


def sweep(path: Path) -> str:
    """Draw a sweep as a strip of releases: those that passed or compiled, and those that failed."""
    rows = [row for row in _rows(path) if len(row) == 3 and row[1] in ("pass", "compiled", "fail")]
    parts = []
    for number, (release, outcome, _) in enumerate(rows):
        x = 10 + 66 * number
        colour = "bad" if outcome == "fail" else "good"
        parts += [
            f'<rect x="{x}" y="10" width="60" height="34" rx="4" class="{colour}"/>',
            f'<text x="{x + 30}" y="32" text-anchor="middle" style="fill:#fff">{escape(release.split()[-1])}</text>',
            f'<text x="{x + 30}" y="60" text-anchor="middle" class="small">{escape(outcome)}</text>',
        ]
    package = rows[0][0].split()[0]
    return _svg(66 * len(rows) + 14, 70, f"The releases of {package}, and whether the probe works with each", parts)


def kernels(path: Path) -> str:
    """Draw the kernel times and the errors of the two releases of a report as bars."""
    rows = [row for row in _rows(path) if len(row) == 4]
    releases = next(row[2:] for row in rows if row[:2] == ["probe", "value"])
    times = [row for row in rows if row[1].startswith("timing.") and row[1].endswith("median_us")]
    errors = [row for row in rows if row[1] in ("overall", "worst_expert", "worst_token")]
    parts, y = [], 20
    for what, unit, chosen in (("Kernel time", "µs", times), ("Relative error", "", errors)):
        largest = max(float(value) for row in chosen for value in row[2:])
        parts.append(f'<text x="10" y="{y + 4}" style="font-weight:700">{what}, less is better</text>')
        y += 18
        for row in chosen:
            label = row[1].removeprefix("timing.").removesuffix(".median_us").replace("_", " ")
            parts.append(f'<text x="10" y="{y + 18}">{escape(label)}</text>')
            for release, value, colour in zip(releases, row[2:], ("new", "old"), strict=True):
                width = 360 * float(value) / largest
                words = escape(f"{value} {unit}".strip())
                parts += [
                    f'<rect x="230" y="{y}" width="{width:.1f}" height="14" class="{colour}"/>',
                    f'<text x="{236 + width:.1f}" y="{y + 11}" class="small">{words}, {release}</text>',
                ]
                y += 16
            y += 8
        y += 14
    return _svg(800, y, f"mxfp4-sm90-interleave with FlashInfer {releases[0]} and {releases[1]}", parts)


def _rows(path: Path) -> Iterable[list[str]]:
    for row in _ROW.findall(path.read_text()):
        yield [cell.replace("\\", "") for cell in row.split(" | ")]


def _box(x: float, y: float, width: float, height: float, title: str, *lines: str) -> str:
    middle, first = x + width / 2, y + height / 2 - 8 * len(lines) + 5
    texts = []
    for number, line in enumerate((title, *lines)):
        kind = 'class="small"' if number else 'style="font-weight:700"'
        place = f'x="{middle:g}" y="{first + 17 * number:g}"'
        texts.append(f'<text {place} text-anchor="middle" {kind}>{escape(line)}</text>')
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" class="box"/>' + "".join(texts)


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (x + to_x) / 2
    return f'<path class="line" d="M{x:g} {y:g}C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}"/>'


def _svg(width: float, height: float, title: str, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:g} {height:g}">'
    return "\n".join([head, f"<title>{escape(title)}</title>", _STYLE, *parts, "</svg>", ""])
