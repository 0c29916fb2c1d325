"""Two signatures short enough to read one below the other: long runs of parameters in which they agree are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# Up to this length a signature is shown whole.
_SHORT = 100
_LEFT_OUT = "…"
# A text, a bracket or a comma: what can end a parameter or keep a comma from ending it.
_PART = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[()\[\]{},]")


def paired(old: str, new: str) -> tuple[str, str]:
    """Both signatures, each as `name(first, …, last)`."""
    if max(len(old), len(new)) <= _SHORT:
        return old, new
    before, after = parameters(old), parameters(new)
    if before == after:
        return single(old), single(new)
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [each for each in blocks if each[0] != "equal"]
    shown_before = {at for _, first, last, _, _ in changed for at in range(first - 1, last + 1)}
    shown_after = {at for _, _, _, first, last in changed for at in range(first - 1, last + 1)}
    return _short(old, before, shown_before), _short(new, after, shown_after)


def single(text: str) -> str:
    """One signature by itself: its first parameters where it is long."""
    found = parameters(text)
    length = len(text.partition("(")[0])
    shown = set()
    for at, each in enumerate(found):
        length += len(each) + 2
        if length <= _SHORT:
            shown.add(at)
    return text if len(text) <= _SHORT else _short(text, found, shown)


def parameters(text: str) -> list[str]:
    """The parameters of a signature, as they are written."""
    inside = text[text.find("(") + 1 : text.rfind(")")]
    return [part for part in _parts(inside) if part]


def _parts(text: str) -> Iterator[str]:
    depth = start = 0
    for match in _PART.finditer(text):
        if match[0] == "," and depth == 0:
            yield text[start : match.start()].strip()
            start = match.end()
        depth += (match[0] in "([{") - (match[0] in ")]}")
    yield text[start:].strip()


def _short(text: str, found: Sequence[str], shown: set[int]) -> str:
    pieces: list[str] = []
    for at, each in enumerate(found):
        if at in shown:
            pieces.append(each)
        elif pieces[-1:] != [_LEFT_OUT]:
            pieces.append(_LEFT_OUT)
    return f"{text.partition('(')[0]}({', '.join(pieces)})"
