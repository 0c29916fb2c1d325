"""A finder's results as lines, to compare with hand-written ones, and the subjects that the tests look for."""

from __future__ import annotations

from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.pins import Found, Place, Source, Wanted

REPOSITORY = "github.com/flashinfer-ai/flashinfer"
URL = b"https://github.com/flashinfer-ai/flashinfer.git"
WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache"}),
    frozenset({"FLASHINFER_VERSION", "FLASHINFER_GIT_REF"}),
    frozenset({REPOSITORY}),
)


def look(path: str, data: bytes) -> Found:
    """Return what the format that the table has for a path finds."""
    form = format_of(path)
    assert form is not None
    return finder(form)(Source(path, data), WANTED)


def rows(found: Found, *, versions: bool = True) -> list[str]:
    """One line for each result: `line:column anchor version ! guard`, `? subject: reason [version]`, `~ specifier`.

    Without `versions` a report's own version is left out.
    """
    result = []
    for pin in found.pins:
        guard = f" ! {pin.guard.reason}" if pin.guard else ""
        result.append(f"{_at(pin.place)} {pin.anchor} {pin.version}{guard}")
    for mention in found.unpinned:
        version = f" [{mention.version}]" if mention.version and versions else ""
        result.append(f"{_at(mention.place)} ? {mention.subject}: {mention.reason}{version}")
    return result + [f"{_at(floor.place)} ~ {floor.subject}{floor.specifier}" for floor in found.floors]


def _at(place: Place) -> str:
    return f"{place.line}:{place.column}"


def marked(text: str) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a text without its `«…»` marks, and the byte offsets that they enclosed."""
    data, spans = b"", []
    for index, part in enumerate(text.replace("»", "«").split("«")):
        if index % 2:
            spans.append((len(data), len(data) + len(part.encode())))
        data += part.encode()
    return data, spans
