"""The scalars of a YAML file with their keys and byte offsets. Only this module imports PyYAML.

It uses libyaml's events, not its nodes, whose builder recurses without a limit. libyaml's marks count characters: on
the masked copy these are bytes. A BOM is removed before parsing, since libyaml's marks after one are off by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from fi_bump.errors import ParseError
from fi_bump.grammar import LazyPattern
from fi_bump.pins import BOM, Source, Span
from fi_bump.records import NamedTuple

MAX_DEPTH = 500

# PyYAML has no C loader if it was built without libyaml.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Anchors, tags and comments before a value, which an event's marks include.
_PROPERTIES = LazyPattern(rb"(?:(?:[&!][^ \t\r\n]*|#[^\r\n]*)[ \t\r\n]+)*")
_SHAPE = ("anchor", "tag", "style", "flow_style", "explicit")


class NotYamlError(ParseError):
    """The text stops being YAML at `offset`."""

    def __init__(self, message: str, source: Source, offset: int) -> None:
        line, column = source.position(offset)
        super().__init__(message, place=f"{source.path}:{line}:{column}")
        self.offset = offset


class YamlScalar(NamedTuple):
    """One scalar value.

    `path` contains the keys that lead to it, without list positions. `span` is the text between the quotes, or the
    lines below a block scalar's header. `value` is what YAML reads, with `x` for characters beyond ASCII. `style` is
    the opening mark: `'`, `"`, `|`, `>` or nothing. `collections` are the numbers of the mappings and lists around it,
    the innermost last; `listed` is whether that is a list. `alias` is whether the value is written elsewhere, namely at
    `span`.
    """

    path: tuple[str, ...]
    span: Span
    value: str
    style: str
    collections: tuple[int, ...]
    listed: bool
    alias: bool = False

    @property
    def collection(self) -> int:
        """The number of the mapping or list that contains it."""
        return self.collections[-1]


class Event(NamedTuple):
    """One of PyYAML's events, for comparison: `shape` is everything except the value and the place."""

    shape: tuple[object, ...]
    value: str
    span: Span
    is_value: bool
    plain: bool


class _YamlFrame:
    """An open mapping or list; `key` is the key whose value comes next, None if a key comes next."""

    __slots__ = ("key", "listed", "numbers", "path")

    def __init__(self, path: tuple[str, ...], numbers: tuple[int, ...], listed: bool) -> None:
        self.path = path
        self.numbers = numbers
        self.listed = listed
        self.key: str | None = None

    def place(self) -> tuple[str, ...] | None:
        """Return the path of the next value, or None if the next node is a key."""
        if self.listed:
            return self.path
        return None if self.key is None else (*self.path, self.key)


def events(data: bytes) -> Iterator[Any]:
    """Parse masked bytes without a BOM into PyYAML's events. Raises yaml.YAMLError where the bytes stop being YAML."""
    return iter(yaml.parse(data, Loader=LOADER))


def body(source: Source) -> tuple[bytes, int]:
    """Return the masked bytes for the parser, and how many bytes of a BOM were removed."""
    cut = len(BOM) if source.data.startswith(BOM) else 0
    return source.masked[cut:], cut


def scalars(source: Source) -> Iterator[YamlScalar]:
    """Yield every scalar value, but no key, in the order of the file. An alias of a scalar repeats the scalar.

    Raises NotYamlError, with `path:line:column`, where the text stops being YAML, after the values before that place.
    """
    reader = _YamlReader(source)
    try:
        for event in events(reader.data):
            scalar = reader.read(event)
            if scalar is not None:
                yield scalar
    except yaml.YAMLError as error:
        raise _parse_error(source, error, reader.cut) from None


def read_events(source: Source) -> list[Event] | None:
    """Return PyYAML's events of a whole file, or None if it is not YAML."""
    data, cut = body(source)
    read = []
    # For each open collection, whether a key comes next; None for a list.
    keys: list[bool | None] = [None]
    try:
        for event in events(data):
            is_scalar = isinstance(event, yaml.ScalarEvent)
            shape = (type(event), *[getattr(event, name, None) for name in _SHAPE])
            span = Span(event.start_mark.index + cut, event.end_mark.index + cut)
            plain = is_scalar and not event.style and event.tag is None
            read.append(Event(shape, event.value if is_scalar else "", span, is_scalar and keys[-1] is not True, plain))
            if isinstance(event, yaml.CollectionEndEvent):
                keys.pop()
            elif isinstance(event, yaml.NodeEvent) and keys[-1] is not None:
                keys[-1] = not keys[-1]
            if isinstance(event, yaml.CollectionStartEvent):
                keys.append(True if isinstance(event, yaml.MappingStartEvent) else None)
    except yaml.YAMLError:
        return None
    return read


class _YamlReader:
    """Follows the events of one file: the open collections, their current keys, and the anchors."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data, self.cut = body(source)
        self.ascii = source.data.isascii()
        self.frames = [_YamlFrame((), (0,), True)]
        self.collections = 0
        self.anchors: dict[str, YamlScalar] = {}

    def read(self, event: Any) -> YamlScalar | None:
        """Read one event; return its value if it has one."""
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if isinstance(event, yaml.CollectionStartEvent):
            self.open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.frames.pop()
            # A collection may itself be a key; its content is then ignored.
            self.frames[-1].key = "?" if self.frames[-1].place() is None else None
        elif isinstance(event, yaml.DocumentEndEvent):
            self.anchors.clear()
        return None

    def scalar(self, event: Any) -> YamlScalar | None:
        frame = self.frames[-1]
        path = frame.place()
        if path is None:
            frame.key = self.key(event)
            return None
        frame.key = None
        scalar = YamlScalar(
            path=path,
            span=self.span(event),
            value=event.value,
            style=event.style or "",
            collections=frame.numbers,
            listed=frame.listed,
        )
        if event.anchor is not None:
            self.anchors[event.anchor] = scalar
        return scalar

    def alias(self, event: Any) -> YamlScalar | None:
        frame = self.frames[-1]
        path = frame.place()
        frame.key = "*" if path is None else None
        target = self.anchors.get(event.anchor)
        if path is None or target is None:
            return None
        return target._replace(path=path, collections=frame.numbers, listed=frame.listed, alias=True)

    def open(self, event: Any) -> None:
        if len(self.frames) > MAX_DEPTH:
            raise NotYamlError(
                f"nested more than {MAX_DEPTH} levels deep", self.source, event.start_mark.index + self.cut
            )
        frame = self.frames[-1]
        self.collections += 1
        listed = isinstance(event, yaml.SequenceStartEvent)
        self.frames.append(_YamlFrame(frame.place() or frame.path, (*frame.numbers, self.collections), listed))

    def key(self, event: Any) -> str:
        """Return a key as one line: as the file spells it if that is what it means, else as YAML reads it."""
        text: str = event.value
        if not self.ascii:
            span = self.span(event)
            if self.source.masked[span.start : span.end] == text.encode("utf-8", "replace"):
                text = self.source.text(span)
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        return " ".join(text.split())

    def span(self, event: Any) -> Span:
        """Return the span of a scalar's own text, without anchor, tag, quotes and block header."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None or event.tag is not None:
            properties = _PROPERTIES.match(self.data, start, end)
            start = properties.end() if properties else start
        if event.style in ("'", '"'):
            start, end = start + 1, end - 1
        elif event.style in ("|", ">"):
            start = self.data.find(b"\n", start, end) + 1 or end
        return Span(min(start, end) + self.cut, end + self.cut)


def _parse_error(source: Source, error: Any, cut: int) -> NotYamlError:
    # A scanner's or parser's error has a mark and a problem; a reader's error has a position and a reason.
    mark = getattr(error, "problem_mark", None)
    index = getattr(error, "position", 0) if mark is None else mark.index
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return NotYamlError(f"not YAML: {problem}", source, min(index + cut, len(source.data)))
