"""Which checksum belongs to which version in a document of keys and values (YAML, TOML, JSON).

A checksum belongs to a version of its own mapping (`url:` beside `sha256:`; `kit_version:` beside `kit_sha256:`), to
one that its mapping refers to (`url: …/${{ version }}.tar.gz` beside `sha256:`), and to the `version:` of a mapping
that contains its mapping. Neither may change without the other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from fi_bump.grammar import LazyPattern, LazyTextPattern
from fi_bump.pins import Found, Guard, Pin, Source, Span
from fi_bump.records import NamedTuple

# A checksum that nothing else looks like, and one that only its key tells from a commit or an identifier.
_CLEAR = LazyPattern(
    rb"(?:(?:sha(?:224|256|384|512)|blake2b|blake3)[:=-])?(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})\Z"
    rb"|sha(?:256-[\w+/]{43}=|384-[\w+/]{64}|512-[\w+/]{86}==)\Z|(?:sha(?:1|224)|md5)[:=-][0-9a-f]{32,56}\Z",
    re.IGNORECASE,
)
_NAMED = LazyPattern(rb"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-z]{52}|[\w+/]{43}=)\Z", re.IGNORECASE)
# What every checksum has.
_LONG_WORD = LazyPattern(rb"[\w+/]{32}")
_SHORTEST = 32
_LONGEST = 160
_SUM = LazyTextPattern(
    r"(?:^|_)(?:sha|sha_?1|sha_?224|sha_?256|sha_?384|sha_?512|md_?5|b2|blake2b|blake3|hash|hashes|checksums?|digests?"
    r"|integrity|sri|(?:sha1|sha224|sha256|sha384|sha512|md5|b2|ck)?sums?)(?=_|\Z)"
)
_CAMEL = LazyTextPattern(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD_BREAK = LazyTextPattern(r"[^0-9a-z]+")
# The last word of a key that holds a version or a URL.
_VERSION_WORD = LazyTextPattern(r"_?(?:version|ver|ref|rev|tag|release|url|uri|git_ref|git_tag)\Z")
# Keys that say nothing about what their version is of, so that it is of all in their mapping.
_GENERAL = frozenset({"version", "tag", "rev", "ref", "release"})
# Keys whose own name is one key above them.
_DEFAULTS = frozenset({"default", "value"})
_REFERENCE = LazyPattern(
    rb"\$?\{\{[ \t]*\.?(?:[\w.]+\.)?(?P<braces>\w+)[ \t]*\}\}|\$\{(?P<shell>\w+)\}|\$(?P<plain>\w+)"
    rb"|\$?\{\{(?P<expression>[^{}]*)\}\}|\$\((?P<make>\w+)\)"
)
_NAME = LazyPattern(rb"\w+")


class Leaf(NamedTuple):
    """One value of a document.

    `containers` identify the mappings and lists around it, from the outermost to the innermost; `names` are the keys
    that lead to it; `listed` is whether it is an item of a list.
    """

    containers: tuple[object, ...]
    names: tuple[str, ...]
    span: Span
    listed: bool = False

    @property
    def key(self) -> str:
        """Its own key, or the key above a `default` or `value`; empty without keys."""
        return self._own[1]

    @property
    def home(self) -> tuple[object, ...]:
        """The containers around the key."""
        return self._own[0]

    @property
    def _own(self) -> tuple[tuple[object, ...], str]:
        containers, names = self.containers, self.names
        if len(names) > 1 and names[-1].lower() in _DEFAULTS and len(containers) > 1:
            containers, names = containers[:-1], names[:-1]
        elif self.listed and len(containers) > 1:
            containers = containers[:-1]
        return containers, names[-1] if names else ""


def guarded(source: Source, found: Found, leaves: Iterable[Leaf]) -> Found:
    """Return what was found in a document, each pin that a checksum belongs to with a guard.

    The leaves are not read if there is no pin or no checksum.
    """
    if not found.pins or not _LONG_WORD.search(source.masked):
        return found
    checksums = Checksums(source, leaves)
    return found._replace(pins=tuple(map(checksums.guarded, found.pins)))


class Checksums:
    """The checksums of one document, and the values that they can belong to."""

    def __init__(self, source: Source, leaves: Iterable[Leaf]) -> None:
        self._masked = source.masked
        self._leaves = sorted(leaves, key=lambda leaf: leaf.span)
        self._starts = [leaf.span.start for leaf in self._leaves]
        self._sums = [leaf for leaf in self._leaves if self._is_checksum(leaf)]
        # The checksums by the containers of their keys, and by all that are around those.
        self._at: dict[tuple[object, ...], list[Leaf]] = {}
        self._below: dict[tuple[object, ...], list[Leaf]] = {}
        for each in self._sums:
            self._at.setdefault(each.home, []).append(each)
            for depth in range(len(each.home)):
                self._below.setdefault(each.home[:depth], []).append(each)
        # The texts that refer to keys, by the names of the keys.
        self._references: dict[bytes, list[Leaf]] = {}
        for leaf in self._leaves if self._sums else ():
            for name in self._referred(leaf):
                self._references.setdefault(name, []).append(leaf)

    def __bool__(self) -> bool:
        return bool(self._sums)

    def guarded(self, pin: Pin) -> Pin:
        """Return the pin, with a guard if a checksum belongs to it."""
        if pin.guard or not self._sums:
            return pin
        index = bisect_right(self._starts, pin.span.start) - 1
        leaf = self._leaves[index] if index >= 0 else None
        if leaf is None or pin.span.end > leaf.span.end:
            return pin
        found = self._beside(leaf, pin.subject) or self._through_references(leaf)
        if not found:
            return pin
        address = found[0][1] or self._address(leaf, [pin.span, *pin.repeats])
        reason = f"{found[0][0].key} holds its checksum; update both together"
        return pin._replace(guard=Guard(reason, tuple({each.span: None for each, _ in found}), address))

    def _is_checksum(self, leaf: Leaf) -> bool:
        if not _SHORTEST <= leaf.span.end - leaf.span.start <= _LONGEST:
            return False
        value = self._masked[leaf.span.start : leaf.span.end]
        if not _LONG_WORD.search(value):
            return False
        named = any(_SUM.search(_words(name)) for name in leaf.names[-2:])
        return bool(_CLEAR.match(value) or (named and _NAMED.match(value)))

    def _beside(self, leaf: Leaf, subject: str) -> list[tuple[Leaf, str | None]]:
        """Return the checksums in the mapping of a version, and those below it if its key is a general one."""
        key = _words(leaf.key)
        found = [each for each in self._at.get(leaf.home, ()) if _fits(key, _words(each.key), subject)]
        return [(each, None) for each in (*found, *(self._below.get(leaf.home, ()) if key in _GENERAL else ()))]

    def _through_references(self, leaf: Leaf) -> list[tuple[Leaf, str | None]]:
        """Return the checksums beside texts that refer to the key of `leaf`, each with the URL that the text is."""
        found = []
        for text in self._references.get(leaf.key.encode("utf-8", "replace"), ()):
            address = self._filled(text, leaf)
            found += [(each, address) for each in self._at.get(text.home, ()) if _plain(_words(each.key))]
        return found

    def _referred(self, text: Leaf) -> set[bytes]:
        """Return the names of all variables that a text refers to."""
        names: set[bytes] = set()
        for match in _REFERENCE.finditer(self._masked, *text.span):
            names.add(match["braces"] or match["shell"] or match["plain"] or match["make"] or b"")
            names.update(_NAME.compiled.findall(match["expression"] or b""))
        return names

    def _filled(self, text: Leaf, leaf: Leaf) -> str | None:
        """Return a URL with its references resolved, and `{version}` for `leaf`; None if one cannot be resolved."""
        value = self._masked[text.span.start : text.span.end]
        if b"://" not in value:
            return None
        known = {
            each.key.encode("utf-8", "replace"): self._masked[each.span.start : each.span.end]
            for each in self._leaves
            if each.home == leaf.home
        }
        known[leaf.key.encode("utf-8", "replace")] = b"{version}"
        pieces, position = [], 0
        for match in _REFERENCE.finditer(value):
            name = match["braces"] or match["shell"] or match["plain"] or match["make"]
            if name not in known:
                return None
            pieces += [value[position : match.start()], known[name]]
            position = match.end()
        address = b"".join([*pieces, value[position:]])
        return None if _REFERENCE.search(address) else address.decode("ascii", "replace")

    def _address(self, leaf: Leaf, spans: list[Span]) -> str | None:
        """Return the value of `leaf`, if it is a URL, with `{version}` at each of the spans."""
        value = self._masked[leaf.span.start : leaf.span.end]
        if b"://" not in value:
            return None
        for start, end in sorted(spans, reverse=True):
            value = value[: start - leaf.span.start] + b"{version}" + value[end - leaf.span.start :]
        return value.partition(b"#")[0].decode("ascii", "replace")


def _words(key: str) -> str:
    """Return a key in lower case with `_` between its words: `sha256_linux`, `vendor_hash`."""
    return _WORD_BREAK.sub("_", _CAMEL.sub("_", key).lower()).strip("_")


def _plain(checksum: str) -> bool:
    """Whether the key of a checksum does not say what it is of."""
    found = _SUM.search(checksum)
    return found is None or found.start() == 0


def _fits(version: str, checksum: str, subject: str) -> bool:
    """Whether a checksum's key belongs to a version's key in the same mapping: `kit_sha256` to `kit_version`."""
    if _plain(checksum):
        return True
    found = _SUM.search(checksum)
    stem = checksum[: found.start()] if found else checksum
    own = _VERSION_WORD.compiled.sub("", version)
    names = {own, _words(subject), _words(subject.rpartition("/")[2]), _VERSION_WORD.compiled.sub("", _words(subject))}
    return any(name and (name == stem or stem.startswith(name + "_") or name.startswith(stem + "_")) for name in names)
