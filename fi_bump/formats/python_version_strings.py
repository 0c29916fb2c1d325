"""Classify a Python string that is a version: a gate, a constant, a check at run time, or an entry of a table.

A gate (`if v != "0.6.1"`) or a constant is a person's decision about one release, and its result changes silently when
the version moves. Ordered comparisons (`Version(v) < Version("0.6.1")`) and floors (`MIN_VERSION = "0.6.1"`) are
ignored.
"""

from __future__ import annotations

import re

from fi_bump.formats.python_literals import Literal, scope
from fi_bump.formats.python_names import names_of, subject_of
from fi_bump.grammar import LazyPattern, LazyTextPattern, canonical_name
from fi_bump.pins import BY_HAND, Source, Unpinned, Wanted
from fi_bump.records import NamedTuple

_WORD = LazyPattern(rb"[A-Za-z_]\w{0,99}\Z")
_MEMBERSHIP = LazyPattern(rb"(?<=\s)in[ \t]{0,4}[\[({][^\[\](){}\n]{0,200}\Z")
_COMPARES = LazyPattern(rb"[ \t]{0,4}\)?[ \t]{0,4}[!=]=[ \t]{0,4}([\w.]{1,100}(?:\([^()\n]{0,100}\))?[\w.]{0,100})")
_CONSTANT = LazyPattern(rb"(?<![\w.])(\w{1,100})[ \t]*(?::[^=\n]{1,80})?=\Z")
# From a name to its version: `check("kit", "V")`, `add("--kit", default="V")`, and `{"kit": "V"}`, `x["kit"] = "V"`.
_BESIDE = LazyPattern(
    rb"\s*,\s*(?:#[^\n]*\n\s*)*(?:type\s*=\s*\w+\s*,\s*)?(?:default\s*=\s*|(?P<keyword>\w+)\s*=\s*)?\Z"
    rb"|\s*(?P<entry>:|\]\s*(?::[^=\n]{1,80})?=)\s*(?:#[^\n]*\n\s*)*\Z"
)
_FLOOR_WORD = LazyTextPattern(r"(?:^|[_.])(?:min|minimum|floor|least|since|oldest)(?:[_.]|\Z)", re.IGNORECASE)
_CHECKS = LazyTextPattern(r"(?:^|[_.])(?:check|assert|require|verify|ensure|expect|validate)", re.IGNORECASE)
_EXACT_TABLE = LazyTextPattern(
    r"(?:^|[_.])(?:[A-Z][A-Z0-9_]*\Z|(?i:expected|exact|pinned|pins?|required|wanted|want|matrix)(?![a-z]))"
)
_EXACT_WORD = LazyTextPattern(r"version|(?:^|_)(?:expected|pinned|pin|required)(?:_|\Z)", re.IGNORECASE)
_AT_LEAST = LazyTextPattern(r"(?:^|[_.])(?:at_?least|ge|gte|above|newer|compatible|range)(?:[_.]|\Z)", re.IGNORECASE)
# From the start of a line to an argument of the call that is the statement there.
_STATEMENT = LazyPattern(rb"^[ \t]*(?:[\w.]+\.)?(?P<name>\w+)[ \t]*\([^()]*\Z", re.MULTILINE)
_REACH = 400
_FAR = 2000

_GATE = "an exact gate: its result changes when the version moves"
_EXACT_CONSTANT = "an exact constant: comparisons with it change when the version moves"
_CHECK = f"checked at run time: {BY_HAND}"
_ENTRY = f"an entry in a table: {BY_HAND}"


class Gate(NamedTuple):
    """What a version string is of, why it is reported, and its anchor if the lock can record it by one."""

    subject: str
    reason: str
    anchor: str | None = None


class GateReader:
    """Classifies the version strings of one file by the code around them."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._data = source.masked
        self._wanted = wanted
        self._names = names_of(wanted)

    def classify(self, literal: Literal, previous: Literal | None) -> Gate | None:
        """Return what a version string is, or None if it is nothing to report."""
        data, start = self._data, literal.whole.start
        beside = _BESIDE.match(data, previous.whole.end, start) if previous and previous.whole.end < start else None
        if previous and beside:
            names = scope(self._source, literal)
            if _FLOOR_WORD.search(names) or _FLOOR_WORD.search((beside["keyword"] or b"").decode("ascii")):
                return None  # A floor: check_at_least("kit", "V"), require("kit", minimum="V").
            if beside["keyword"] and not _CHECKS.search(names):
                return None  # Of `Release(name="kit", version="V")` nobody knows what it is for.
            classified = self._beside(names, self._source.text(previous.body), is_entry=beside["entry"] is not None)
            if classified is not None:
                return classified
        before = data[max(start - _REACH, 0) : start].rstrip()
        is_inside = len(literal.brackets) > 0
        member = _MEMBERSHIP.search(before)
        if member:
            return self._gate(_operand(before[: member.start()].rstrip().removesuffix(b"not").rstrip()), start)
        if before.endswith(b"("):
            call = _operand(before[:-1])
            if call.endswith(b".startswith"):
                return self._gate(call.removesuffix(b".startswith"), start)
            before = before[: len(before) - 1 - len(call)].rstrip()
            is_inside = len(literal.brackets) > 1
        if before.endswith((b"==", b"!=")):
            return self._gate(_operand(before[:-2].rstrip()), start)
        constant = _CONSTANT.search(before, before.rfind(b"\n") + 1)
        if constant:
            name = constant[1].decode("ascii")
            return Gate(subject, _EXACT_CONSTANT) if (subject := self._constant(name, is_inside)) else None
        compares = _COMPARES.match(data, literal.whole.end)
        return self._gate(compares[1], start) if compares else None

    def _beside(self, names: str, name: str, *, is_entry: bool) -> Gate | None:
        """Return the gate that a version beside the string `name` is; `names` is the scope of both."""
        reason = _ENTRY if is_entry else _CHECK
        table = names.removesuffix(name).rstrip(".") if is_entry else names
        anchor = f"{table}/{name}" if table else None
        if canonical_name(name) in self._wanted.packages:
            # `installed = {"kit": "1.0"}` in a test is not about a release.
            if is_entry and table and table != names and not _EXACT_TABLE.search(table):
                return None
            return Gate(canonical_name(name), reason, anchor)
        variable = name if is_entry else name.lstrip("-").replace("-", "_").upper()
        return Gate(variable, reason, anchor) if variable in self._wanted.variables else None

    def _constant(self, name: str, is_inside: bool) -> str | None:
        """Return the subject whose exact version a variable of that name holds; None for a floor or an argument."""
        if _FLOOR_WORD.search(name) or not _EXACT_WORD.search(name) or (is_inside and not name.isupper()):
            return None
        return subject_of(name.encode("ascii"), self._names)

    def _gate(self, operand: bytes, offset: int) -> Gate | None:
        """Return the gate that is a comparison with `operand`, a name or a variable set from one."""
        subject = subject_of(operand, self._names)
        if subject is None and _WORD.match(operand):
            window = self._data[max(offset - _FAR, 0) : offset]
            assigned = re.findall(rb"(?<![\w.])" + operand + rb"[ \t]*(?::[^=\n]{0,80})?:?=(?!=)([^\n]*)", window)
            subject = subject_of(assigned[-1], self._names) if assigned else None
        return Gate(subject, _GATE) if subject else None


def raises(place: Unpinned) -> bool:
    """Whether a place is the version in a call that only checks it: `assert_pkg_version("kit", "V", …)`.

    The call is a statement of its own, so that nothing but an exception can come of it, and its name names no floor.
    """
    if place.reason != _CHECK or place.anchor is None:
        return False
    names = place.anchor.rpartition("/")[0]
    call = _STATEMENT.search(place.source.masked, max(place.span.start - _REACH, 0), place.span.start)
    if call is None or not _CHECKS.search(names) or _AT_LEAST.search(names):
        return False
    return names.partition(".")[0] == call["name"].decode("ascii")


def _operand(code: bytes) -> bytes:
    """Return the name or call that ends `code`: `flashinfer.__version__`, `Version(version("flashinfer-python"))`."""
    depth = 0
    start = len(code)
    while start > 0:
        mark = code[start - 1 : start]
        if mark in b")]":
            depth += 1
        elif mark in b"([":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and not (mark.isalnum() or mark in b"._"):
            break
        start -= 1
    return code[start:]
