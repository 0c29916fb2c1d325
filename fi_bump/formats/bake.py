"""Pins in JSON files of `docker buildx bake`: the defaults of variables and the build arguments of targets.

`{"variable": {"FLASHINFER_VERSION": {"default": "V"}}, "target": {"NAME": {"args": {"FLASHINFER_VERSION": "V"}}}}`.
The syntax is HCL's JSON syntax: a block may be a list of blocks, and a string is a template (`${…}`). Where a key is
repeated, bake reads the last value; here each of them is a pin, so that all of them move.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.beside import Checksums, Leaf
from fi_bump.formats.shared.checksummed import checksummed
from fi_bump.formats.shared.json_strings import JsonScalar, decoded, scalars
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.requirement_text import Requirement, judge, named, without_marker
from fi_bump.grammar import LazyTextPattern, exact_span, variable_of
from fi_bump.pins import BY_HAND, Found, Kind, Pin, Source, Unpinned, Wanted, make_pin, number_anchors

# An exact version; group 1 is its public part. The label may contain a reference.
_IN_JSON = f"a requirement in a JSON file: {BY_HAND}"
_COMMAND_IN_JSON = f"a command in a JSON file: {BY_HAND}"
_REFERENCE = LazyTextPattern(r"\$\{\s*[A-Za-z_][A-Za-z0-9_.]*\s*\}")


def find(source: Source, wanted: Wanted) -> Found:
    """Return the values of wanted variables, with the anchors `variable.NAME.default` and `target.TARGET.args.NAME`.

    In any other JSON file a version beside a checksum is a pin with a guard. Exact requirements in its strings are
    reported, not moved: a list of them may be a record of an earlier installation. Raises ParseError for a file that is
    not JSON.
    """
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    leaves: list[Leaf] = []
    for scalar in scalars(source):
        if scalar.is_string:
            leaves.append(_leaf(scalar))
        requirement = _requirement(source, scalar, wanted)
        if requirement is not None:
            unpinned.append(requirement)
            continue
        keys = _keys(scalar)
        name = _bound_name(keys)
        subject = None if name is None else variable_of(name, wanted.variables)
        if subject is None:
            continue
        item = _judge(source, scalar, ".".join(keys), subject)
        if isinstance(item, Pin):
            pins.append(item)
        elif item is not None:
            unpinned.append(item)
    known = {pin.span for pin in pins} | {place.span for place in unpinned}
    unpinned += [place for place in _commands(source, wanted, leaves) if place.span not in known]
    unpinned.sort(key=lambda place: place.span)
    checksums = Checksums(source, leaves)
    if checksums:
        known = {pin.span for pin in pins}
        pins = [checksums.guarded(pin) for pin in pins]
        pins += [pin for pin in checksummed(source, wanted, leaves) if pin.span not in known]
    return Found(number_anchors(pins), tuple(unpinned))


def _leaf(scalar: JsonScalar) -> Leaf:
    containers = tuple([scalar.path[:depth] for depth in range(len(scalar.path))])
    names = tuple([key for key in scalar.path if isinstance(key, str)])
    return Leaf(containers, names, scalar.span, bool(scalar.path) and isinstance(scalar.path[-1], int))


def _requirement(source: Source, scalar: JsonScalar, wanted: Wanted) -> Unpinned | None:
    """Return the report for a string such as `kit[cu13]==V ; marker`, or None for any other scalar."""
    text = source.data[scalar.span.start : scalar.span.end]
    if not scalar.is_string or b"==" not in text:
        return None
    head = named(text)
    if head is None or head[0] not in wanted.packages:
        return None
    package, start = head
    end = without_marker(text, start, len(text))
    passage = Text(text, ((0, scalar.span.start),))
    pin = judge(
        Requirement(
            source=source,
            passage=passage,
            package=package,
            start=start,
            end=end,
            anchor="",
            broken_by="an escape",
            wanted=wanted,
        )
    )
    return Unpinned(source, pin.span, package, _IN_JSON) if isinstance(pin, Pin) else None


def _commands(source: Source, wanted: Wanted, leaves: list[Leaf]) -> list[Unpinned]:
    """Return a report for each version in the strings that are commands: `"build": "pip install kit==V"`."""
    texts = [(leaf.span.start, source.masked[slice(*leaf.span)]) for leaf in leaves]
    commands = [(start, text) for start, text in texts if b" " in text and (b"=" in text or b"git" in text)]
    if not commands:
        return []
    # Imported here because few JSON files contain commands.
    from fi_bump.formats import shell
    from fi_bump.formats.shared.parts import FilePart, read_parts, reported, unescaped

    parts = [FilePart(unescaped(text), start) for start, text in commands]
    return reported(source, read_parts(source, wanted, shell.find, parts), _COMMAND_IN_JSON)


def _keys(scalar: JsonScalar) -> tuple[str, ...]:
    """Return the keys that lead to a scalar, without list indices; () for an item of a list."""
    if not scalar.path or isinstance(scalar.path[-1], int):
        return ()
    return tuple([key for key in scalar.path if isinstance(key, str)])


def _bound_name(keys: tuple[str, ...]) -> str | None:
    """Return the name of the variable whose value is at `keys`, or None."""
    if len(keys) == 3 and keys[0] == "variable" and keys[2] == "default":
        return keys[1]
    if len(keys) == 4 and keys[0] == "target" and keys[2] == "args":
        return keys[3]
    return None


def _judge(source: Source, scalar: JsonScalar, anchor: str, subject: str) -> Pin | Unpinned | None:
    """Return the pin or report for a wanted variable's value; None for null, an empty string and a pure reference."""
    span = scalar.span
    raw = source.data[span.start : span.end]
    if not scalar.is_string:
        if raw == b"null":
            return None
        reason = "true or false, not a version" if raw in (b"true", b"false") else "a number, not a string: quote it"
        return Unpinned(source, span, subject, reason)
    exact = exact_span(raw)
    if exact:
        return make_pin(source, span.start + exact[0], span.start + exact[1], anchor, Kind.VARIABLE, subject)
    value = decoded(source, span)
    if not value:
        return None
    if "${" in value or "%{" in value:
        if not re.search("[0-9]", _REFERENCE.sub("", value)):
            return None
        return Unpinned(source, span, subject, f"'{value}' is assembled from a variable")
    if b"\\" in raw:
        return Unpinned(source, span, subject, "written with escapes")
    return Unpinned(source, span, subject, f"'{value}' is not a version")
