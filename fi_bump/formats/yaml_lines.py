"""Pins in a YAML file that cannot be read as YAML (Jinja, Helm, conda's meta.yaml), from its lines `KEY: VALUE`.

Jinja's `{% set version = "V" %}` is a pin if its name is a wanted variable, or if it is `version` and the file sets or
states a wanted `name`. An anchor is the key of the line, or `set NAME`.
"""

from __future__ import annotations

import re

from fi_bump.formats.shared.beside import Leaf, guarded
from fi_bump.formats.shared.subjects import image_names
from fi_bump.formats.yaml_keys import key_subject, named_subject
from fi_bump.formats.yaml_values import YamlValues
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, variable_of
from fi_bump.pins import Found, Kind, Source, Span, Wanted

_LINE = LazyPattern(
    rb"^(?P<indent>[ \t]*(?:-[ \t]+)*)[\"']?(?P<key>[\w.-]+)[\"']?[ \t]*:(?:[ \t]+"
    rb"(?P<value>\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\r\n]*?)[ \t]*(?:(?<=[ \t])#[^\r\n]*)?)?\r?$",
    re.MULTILINE,
)
_SET = LazyPattern(
    rb"^[ \t]*\{%-?[ \t]*set[ \t]+(?P<key>\w+)[ \t]*=[ \t]*(?P<quote>[\"'])(?P<value>[^\"'\r\n]*)(?P=quote)[ \t]*-?%\}",
    re.MULTILINE,
)
_RELEASE = LazyPattern(rb"v?(?=[0-9!]+\.)(?P<version>" + VERSION + rb")\Z", re.IGNORECASE)
_DIGEST = LazyPattern(rb"[0-9a-f]{64}|sha(?:256|512)-|[0-9a-z]{52}", re.IGNORECASE)
_NUMBER = LazyPattern(rb"[0-9]+\.[0-9]+")
# The length limit for a line, and for the distance from a name to its version.
_LONGEST_LINE = 400
_NEAR = 60


def find_by_lines(source: Source, wanted: Wanted, words: list[re.Match[bytes]], failed: int, why: str) -> Found:
    """Return what the lines `KEY: VALUE` and Jinja's `set` statements pin.

    `words` are the matches of wanted names. A report says `why` the file is read in this way, at byte `failed`, if a
    line with a wanted name contains a version.
    """
    reader = _LineReader(source, wanted)
    named = None
    end = -1
    for word in words:
        if word.start() > end:
            start = source.data.rfind(b"\n", 0, word.start()) + 1
            end = source.data.find(b"\n", word.start())
            end = len(source.data) if end < 0 else end
            if end - start <= _LONGEST_LINE:
                reader.line(start, end)
        if named is None and _NUMBER.search(source.masked, word.end(), min(end, word.end() + _NEAR)):
            named = _named(word[0].decode("ascii"), wanted)
    reader.statements()
    pins = reader.values.gathered.found().pins
    named = pins[0].subject if pins else named
    if named is not None:
        at = min(failed, len(source.data) - 1)
        reader.values.unpinned(at, at + 1, named, why)
    found = reader.values.gathered.found()
    return guarded(source, found, _leaves(source)) if _DIGEST.search(source.masked) else found


class _LineReader:
    """Reads single lines of one file."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.values = YamlValues(source, wanted.variables)
        self._masked = source.masked
        self._wanted = wanted

    def line(self, start: int, end: int) -> None:
        """Judge the value of one line."""
        match = _LINE.match(self._masked, start, end)
        value = match["value"] if match else None
        subject = key_subject(match["key"].decode("ascii"), self._wanted) if match else None
        if match is None or value is None or subject is None or value[:1] in (b"[", b"|", b">", b"&", b"*", b"!"):
            return
        if value[:1] == b'"' and b"\\" in value:
            self.values.unpinned(*match.span("value"), subject.name, "written with escapes")
        elif value[:1] != b"{" or value[:2] == b"{{":
            strict = subject.kind is not Kind.REQUIREMENT
            self.values.value(
                *match.span("value"), match["key"].decode("ascii"), subject.kind, subject.name, strict=strict
            )

    def statements(self) -> None:
        """Judge the `set` statements."""
        statements = list(_SET.finditer(self._masked))
        names = [each["value"] for each in statements if each["key"] == b"name"]
        names += [line["value"] or b"" for line in _LINE.finditer(self._masked) if line["key"] == b"name"]
        subjects = [named_subject(name.strip(b"\"'").decode("ascii"), self._wanted) for name in names]
        about = next((subject for subject in subjects if subject), None)
        for each in statements:
            key = each["key"].decode("ascii")
            release = _RELEASE.match(each["value"])
            subject = key_subject(key, self._wanted) or (about if key == "version" else None)
            if release and subject:
                self.values.value(*each.span("value"), f"set {key}", subject.kind, subject.name)


def _leaves(source: Source) -> list[Leaf]:
    """Return the values of all lines, with the mappings that their indentation means, and those of `set` statements."""
    leaves = [
        Leaf(("set",), (each["key"].decode("ascii"),), Span(*each.span("value")))
        for each in _SET.finditer(source.masked)
    ]
    # The open mappings: the indentation of their keys, their identity, and the current key.
    frames: list[tuple[int, int, str]] = []
    for line in _LINE.finditer(source.masked):
        depth = len(line["indent"])
        starts_item = b"-" in line["indent"]
        while frames and (frames[-1][0] > depth or (frames[-1][0] == depth and starts_item)):
            frames.pop()
        key = line["key"].decode("ascii")
        identity = frames.pop()[1] if frames and frames[-1][0] == depth else line.start()
        frames.append((depth, identity, key))
        value = line["value"] or b""
        if value:
            quoted = 1 if value[:1] in (b'"', b"'") else 0
            span = Span(line.start("value") + quoted, line.end("value") - quoted)
            containers = tuple([each[1] for each in frames])
            leaves.append(Leaf(containers, tuple([each[2] for each in frames]), span))
    return leaves


def _named(word: str, wanted: Wanted) -> str:
    """Return the subject that a match of `Patterns.words` names."""
    word = re.split("[:= \t\"']", word)[-1]
    variable = variable_of(word.replace("-", "_"), wanted.variables)
    if variable is not None:
        return variable
    places = [name for name in sorted(wanted.repositories) if name.partition("/")[2] == word.lower()]
    return places[0] if places else image_names(wanted).get(word.lower(), canonical_name(word))
