"""Print results on a terminal as a compiler does, with rich: the line, and below it a mark under the version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fi_bump.findings.rules import Severity
from fi_bump.pins import Place
from fi_bump.report.findings.model import Report, Result, shown
from fi_bump.report.tables import console, link_to
from fi_bump.untrusted import encodable

_STYLE = {Severity.error: "bold red", Severity.note: "bold cyan"}
_FRAME = "bold blue"
_TAB = "    "
_CUT = "..."
# How many characters are looked at for each cell that there is room for: some take no cell.
_REACH = 4


def print_results(report: Report) -> None:
    """Print every result to standard output, as wide as the terminal, and without colour under NO_COLOR."""
    show(report.results, console())


def show(results: Iterable[Result], out: Console) -> None:
    """Print each result with its line, then an empty line. A long line is cut around the mark, not wrapped."""
    for result in results:
        for line in _result(result, out.width):
            for part in [line] if line.no_wrap else line.wrap(out, out.width):
                part.rstrip()
                out.print(part, highlight=False)


def _result(result: Result, width: int) -> Iterator[Text]:
    style = _STYLE[result.severity]
    head = (f"{result.severity}[{result.rule.value}]", style)
    message, *more = map(_plain, result.message.split("\n"))
    yield Text.assemble(head, (f": {message}", "bold"))
    yield from map(Text, more)
    numbers = [str(each.line) for each in (result.place, *(each.place for each in result.related))]
    margin = " " * max(map(len, numbers))
    yield from _snippet(result.place, margin, width, style, "-->", result.fix or "")
    for related in result.related:
        yield from _snippet(related.place, margin, width, _FRAME, ":::", _plain(related.message))
    for line in result.help:
        yield Text.assemble((f"{margin} = ", _FRAME), ("help", "bold"), f": {_plain(line)}")
    yield Text()


def _snippet(place: Place, margin: str, width: int, style: str, arrow: str, label: str) -> Iterator[Text]:
    yield Text.assemble((f"{margin}{arrow} ", _FRAME), (_plain(shown(place)), link_to(place.path)))
    if not place.text:
        return
    number = str(place.line).rjust(len(margin))
    line, start, length = _window(place, max(width - len(margin) - 3, 1), label)
    yield Text(f"{margin} |", _FRAME)
    yield Text.assemble((f"{number} | ", _FRAME), line, no_wrap=True, overflow="crop")
    if length:
        mark = f"{' ' * start}{'^' * length} {label}".rstrip()
        yield Text.assemble((f"{margin} | ", _FRAME), (mark, style), no_wrap=True, overflow="crop")


def _window(place: Place, room: int, label: str) -> tuple[str, int, int]:
    """Cut a line to `room` terminal cells; return it with the start and the length of the mark, in cells.

    The cut leaves room for a label after the mark.
    """
    text = place.text or ""
    first, last = place.column - 1, place.end_column - 1
    # A file of one line may have a megabyte before and behind each of many marks.
    reach = _REACH * room
    before, marked, after = map(
        _plain, (text[max(first - reach, 0) : first], text[first:last], text[last : last + reach])
    )
    if not place.marks:
        return _head(after, room), 0, 0
    behind = max(cell_len(after), cell_len(label) + 1 if label else 0)
    left = room - cell_len(marked)
    if cell_len(before) + behind > left:
        before = _tail(before, max(left // 2, left - behind, len(_CUT)))
        after = _head(after, max(left - cell_len(before), len(_CUT)))
    return f"{before}{marked}{after}", cell_len(before), cell_len(marked)


def _head(text: str, room: int) -> str:
    """Return as much of the beginning of a text as fits into `room` cells."""
    if cell_len(text) <= room:
        return text
    while text and cell_len(text) > room - len(_CUT):
        text = text[:-1]
    return f"{text}{_CUT}"


def _tail(text: str, room: int) -> str:
    """Return as much of the end of a text as fits into `room` cells."""
    if cell_len(text) <= room:
        return text
    while text and cell_len(text) > room - len(_CUT):
        text = text[1:]
    return f"{_CUT}{text}"


def _plain(text: str) -> str:
    """Return text with a known width: tabs become spaces, and control characters become U+FFFD."""
    return "".join(
        character if character.isprintable() else "\ufffd" for character in encodable(text).replace("\t", _TAB)
    )
