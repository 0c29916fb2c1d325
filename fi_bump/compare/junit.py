"""Read JUnit XML of any runner as a stream, case by case, in memory that does not grow with the file's output.

The elements and attributes are those of the schema of Jenkins' xunit plugin (junit-10.xsd) and what pytest, surefire,
GoogleTest, CTest, Jest and Go's converters add to it. Output (`system-out`) is passed over without being kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple
from xml.parsers import expat

from fi_bump.boundary.streams import pieces_of
from fi_bump.compare.cases import CaseResult, Outcome
from fi_bump.errors import explained

# What is read at once.
# What is kept of a failure's text from its beginning and from its end, in characters.
_KEPT = 1 << 14
# The longest message that is kept.
_MESSAGE = 1000
_FAILURES = {"failure", "error"}
# Maven's surefire: executions that failed before the one that counts.
_EARLIER = {"flakyFailure", "flakyError", "rerunFailure", "rerunError"}
# Where pytest writes what was raised; the lines around it are the test's own source.
_RAISED = re.compile(r"^E\s+(.*)", re.MULTILINE)
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


class FileReading(NamedTuple):
    """How far a file could be read: `root` is its outermost element, `damage` says why it ends early."""

    root: str | None
    damage: str | None


def read(
    path: str, take: Callable[[str, CaseResult], None], infrastructure: Callable[[str], str | None]
) -> FileReading:
    """Hand every test case of a file to `take`, in its order; of a damaged file those before the damage.

    `infrastructure` names the known cause in a failure's words, if there is one. A file whose `root` is neither
    `testsuites` nor `testsuite` is not read further. Raises FileError for a file that cannot be opened or read.
    """
    reader = _Reader(take, infrastructure)
    with explained(path, "cannot be read"):
        for data in pieces_of(path):
            if (damage := reader.feed(data)) is not None:
                return FileReading(reader.root, damage)
            if not reader.is_junit:
                return FileReading(reader.root, None)
    return FileReading(reader.root, reader.close())


class _Reader:
    """The state between expat's calls."""

    def __init__(self, take: Callable[[str, CaseResult], None], infrastructure: Callable[[str], str | None]) -> None:
        self._take = take
        self._infrastructure = infrastructure
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self.root: str | None = None
        self._suites: list[str] = []
        self._case: _Open | None = None
        self._said: _Said | None = None

    @property
    def is_junit(self) -> bool:
        """Whether the outermost element, once it is known, is one of JUnit's."""
        return self.root in (None, "testsuites", "testsuite")

    def feed(self, data: bytes) -> str | None:
        """Parse a piece; returns what is wrong with it."""
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            return _damage(error)
        return None

    def close(self) -> str | None:
        """Parse the end; returns what is wrong with it."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            return "is empty" if self.root is None else _damage(error)
        return None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self.root is None:
            self.root = name
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase":
            self._case = _Open(attributes, self._suites[-1] if self._suites else "")
        elif self._case is None:
            return
        elif name in _FAILURES or name == "skipped":
            self._said = _Said(name, attributes)
            self._parser.CharacterDataHandler = self._said.add
        elif name in _EARLIER:
            self._case.earlier += 1

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "testsuite" and self._suites:
            self._suites.pop()
        elif self._said is not None and name == self._said.tag:
            self._parser.CharacterDataHandler = None
            if self._case is not None:
                self._case.said.append(self._said)
            self._said = None
        elif name == "testcase" and self._case is not None:
            self._take(self._case.key, self._case.closed(self._infrastructure))
            self._case = None


class _Said:
    """A failure, an error or a skip: its message, and the beginning and the end of its text."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self._message = attributes.get("message", "").strip()
        self._type = attributes.get("type", "").strip()
        self._head = ""
        self._tail = ""

    def add(self, text: str) -> None:
        """More of the text."""
        room = _KEPT - len(self._head)
        self._head += text[:room]
        self._tail = (self._tail + text[room:])[-_KEPT:]

    @property
    def message(self) -> str:
        """The message, or what the text says first of what was raised, or the type."""
        if self._message:
            return self._message[:_MESSAGE]
        raised = _RAISED.search(self._head)
        lines = [raised[1]] if raised else [line for line in self._head.split("\n") if line.strip()]
        # A failure that says nothing still has to be told from a pass.
        nothing = "" if self.tag == "skipped" else self.tag
        return (lines[0].strip() if lines else self._type or nothing)[:_MESSAGE]

    @property
    def evidence(self) -> str:
        """The lines that say what went wrong, without the source code that a traceback shows around them."""
        text = f"{self._head}\n{self._tail}"
        raised = _RAISED.findall(text)
        lines = [line for line in text.split("\n") if line.strip()]
        return "\n".join([self._message, *(raised or [*lines[:1], *lines[-1:]])])


class _Open:
    """A test case whose end has not been read yet."""

    def __init__(self, attributes: dict[str, str], suite: str) -> None:
        name = attributes.get("name", "")
        owner = attributes.get("classname")
        if owner is None:
            owner = attributes.get("file") or suite
        # Addresses of objects in a parameter's name differ from run to run.
        self.key = _ADDRESS.sub("0x…", f"{owner}::{name}" if owner else name)
        self._attributes = attributes
        self.said: list[_Said] = []
        self.earlier = 0

    def closed(self, infrastructure: Callable[[str], str | None]) -> CaseResult:
        """The case as the run's result."""
        failures = [said for said in self.said if said.tag in _FAILURES]
        skips = [said for said in self.said if said.tag == "skipped"]
        outcome: Outcome = "fail" if failures else "skip" if skips or self._not_run() else "pass"
        causes = [infrastructure(said.evidence) for said in failures]
        explained_by = causes[0] if causes and all(cause is not None for cause in causes) else None
        message = next((said.message for said in (*failures, *skips)), "")
        file, line = self._attributes.get("file"), self._attributes.get("line", "")
        return CaseResult(
            outcome=outcome,
            seconds=_seconds(self._attributes.get("time")),
            message=message,
            infrastructure=explained_by,
            executions=1 + self.earlier,
            failed=bool(failures) + self.earlier,
            file=file or None,
            # pytest counts lines from 0.
            line=int(line) + 1 if line.isdecimal() else None,
        )

    def _not_run(self) -> bool:
        """Whether the runner says so by an attribute: GoogleTest and CTest do for disabled tests."""
        return self._attributes.get("status", "").lower() in ("notrun", "disabled", "skipped")


def _seconds(text: str | None) -> float | None:
    """A time in seconds; surefire writes `1,234.5` for long ones. None for what is no time."""
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return value if value >= 0 and math.isfinite(value) else None


def _damage(error: expat.ExpatError) -> str:
    return f"line {error.lineno}, column {error.offset + 1}: {expat.errors.messages.get(error.code, str(error))}"
