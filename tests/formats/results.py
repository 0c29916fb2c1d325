"""A finder's results as lines, to compare with hand-written ones, and the subjects that the tests look for."""

from __future__ import annotations

from fi_bump.pins import Found, Wanted

REPOSITORY = "github.com/flashinfer-ai/flashinfer"
URL = b"https://github.com/flashinfer-ai/flashinfer.git"
WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache"}),
    frozenset({"FLASHINFER_VERSION", "FLASHINFER_GIT_REF"}),
    frozenset({REPOSITORY}),
)


def rows(found: Found) -> list[str]:
    """One line for each result: `line:column anchor version`, `? subject: reason [version]`, `~ specifier`."""
    result = []
    for pin in found.pins:
        line, column = pin.source.position(pin.span.start)
        result.append(f"{line}:{column} {pin.anchor} {pin.version}")
    for mention in found.unpinned:
        line, column = mention.source.position(mention.span.start)
        version = f" [{mention.version}]" if mention.version else ""
        result.append(f"{line}:{column} ? {mention.subject}: {mention.reason}{version}")
    for floor in found.floors:
        line, column = floor.source.position(floor.span.start)
        result.append(f"{line}:{column} ~ {floor.subject}{floor.specifier}")
    return result
