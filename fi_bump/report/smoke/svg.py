"""Draw the errors and the kernel times of a smoke report as SVG, of two releases beside each other if it has two.

The picture fits light and dark pages. It has no script and loads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from fi_bump.report.smoke_text import number, target_line
from fi_bump.smoke.model import ProbeReport, SmokeReport
from fi_bump.smoke.probes.protocol import ERRORS
from fi_bump.untrusted import printable

_STYLE = (
    "<style>text{font:14px system-ui,sans-serif;fill:#1f2328}.small{font-size:12px;fill:#57606a}.title{font-weight:700}"
    ".first{fill:#00897b}.second{fill:#90a4ae}.peak{stroke:#b3261e;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9aa4ae}}</style>"
)
# The width of the labels, of the longest bar, and of the picture.
_LABEL, _BAR, _WIDTH = 440, 300, 940
# What holds cases, and says nothing by itself.
_TABLES = ("cases", "timing")
_PEAK = "The red line is the time in which the card's peak would do it: of the memory, or of the matrix products."


class _Bar(NamedTuple):
    """A measured number; `peak` is the number that the hardware's peak would give, where the report has its share."""

    value: float
    peak: float | None = None


def svg_text(report: SmokeReport) -> str:
    """Return the drawing: errors of all probes, then the times of each probe's kernels, each as a bar."""
    releases = [report] if report.against is None else [report, report.against]
    names = [each.version for each in releases]
    title = f"{report.group} {' and '.join(names)}: errors and kernel times"
    parts = [_text(10, 24, title, "title"), _text(10, 42, target_line(report.target), "small")]
    y = 66
    errors = [dict(pair for probe in each.probes for pair in _errors(probe)) for each in releases]
    y = _section(parts, y, "Error, as a share of the result; less is better", "", names, errors)
    by_probe = [{probe.name: dict(_times(probe.metrics)) for probe in each.probes} for each in releases]
    for name in dict.fromkeys(name for each in by_probe for name in each):
        times = [each.get(name, {}) for each in by_probe]
        y = _section(parts, y, f"{name}: time of a call; less is better", " µs", names, times)
    if any(bar.peak is not None for each in by_probe for times in each.values() for bar in times.values()):
        parts.append(_text(10, y, _PEAK, "small"))
        y += 20
    if y == 66:
        parts.append(_text(10, y, "no error and no time was measured", "small"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {y + 10}">'
    return "\n".join([head, f"<title>{_said(title)}</title>", _STYLE, *parts, "</svg>", ""])


def _errors(probe: ProbeReport) -> Iterator[tuple[str, _Bar]]:
    for name in ERRORS:
        value = probe.metrics.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{probe.name}: {name.replace('_', ' ')}", _Bar(float(value))


def _times(metrics: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, _Bar]]:
    """Yield every time of a kernel in nested metrics, named by the cases that lead to it."""
    for key, value in metrics.items():
        if not isinstance(value, dict):
            continue
        below = path if key in _TABLES else (*path, str(key))
        time = value.get("median_us")
        if isinstance(time, (int, float)) and not isinstance(time, bool):
            share = value.get("roofline_share", value.get("peak_share"))
            peak = time * share if isinstance(share, float) else None
            yield ", ".join(below), _Bar(float(time), peak)
        yield from _times(value, below)


def _section(
    parts: list[str], y: int, title: str, unit: str, releases: Sequence[str], found: Sequence[dict[str, _Bar]]
) -> int:
    """Append a heading and the bars of one scale; return where the next section begins. Nothing for no bars."""
    labels = list(dict.fromkeys(label for each in found for label in each))
    if not labels:
        return y
    largest = max([bar.value for each in found for bar in each.values()], default=0) or 1.0
    parts.append(_text(10, y, title, "title"))
    y += 12
    for label in labels:
        parts.append(_text(10, y + 12, label))
        top = y
        for release, bars, kind in zip(releases, found, ("first", "second"), strict=False):
            if label in bars:
                y = _drawn(parts, y, bars[label], largest, (unit, release, kind))
        parts += [_peak(bars[label].peak, largest, top, y) for bars in found[:1] if label in bars]
        y += 8
    return y + 22


def _drawn(parts: list[str], y: int, bar: _Bar, largest: float, words: tuple[str, str, str]) -> int:
    unit, release, kind = words
    width = max(_BAR * bar.value / largest, 0)
    parts += [
        f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="13" class="{kind}"/>',
        _text(round(_LABEL + width + 6), y + 11, f"{number(bar.value)}{unit}, {release}", "small"),
    ]
    return y + 15


def _peak(peak: float | None, largest: float, top: int, bottom: int) -> str:
    if peak is None:
        return ""
    x = _LABEL + _BAR * peak / largest
    return f'<path class="peak" d="M{x:.1f} {top - 2}V{bottom}"/>'


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{_said(words)}</text>'


def _said(words: str) -> str:
    # In a log a bracket after `##` would be a command for the runner of a CI system.
    return escape(printable(words, 160)).replace("[", "&#91;")
