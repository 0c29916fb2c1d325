"""Requirements, assignments and git releases in the texts of a YAML file: commands, list items, block scalars."""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.yaml_values import Gathered
from fi_bump.grammar import (
    VERSION,
    LazyPattern,
    canonical_name,
    canonical_repository,
    name_pattern,
    variable_of,
)
from fi_bump.pins import Kind, Span, Wanted
from fi_bump.records import NamedTuple

_NEVER = re.compile(rb"(?!)(?P<word>)")
_OPERATOR = rb"(?:===|[=~!<>]=|[<>])"
_TOKEN = rb"(?:\$?\{\{[^}\n]*\}\}\S*|\$\{[^}\n]*\}\S*|\$\S*|[\w.!*-]*(?:\+[\w.${}-]*|\$\S*)?)"
_VALUE = rb"(?:\$\{\{[^}\n]*\}\}|\$\{[^}\n]*\}|[^\s\"'`;|&()\\<>,}])*"
_CLAUSE = _OPERATOR + rb"[ \t]{0,9}[\w.*+!]+"
_RANGE = LazyPattern(_CLAUSE + rb"(?:[ \t]{0,9},[ \t]{0,9}" + _CLAUSE + rb")*")
# What a shell does not read: a comment, unless it stands in quotes; and a continuation, which joins two lines.
_UNREAD = LazyPattern(
    rb"'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"|(?P<unread>\\\r?\n|(?<![^\s;&|(])#[^\n]*)|\\.", re.DOTALL | re.MULTILINE
)
_BREAK = LazyPattern(rb"[\r\n]")
_COMMAND = LazyPattern(rb"(?<![\w.@:/-])(?:(?P<git>git)|cd|pushd)(?=[ \t\"',])[^;&|\n`]*")
_WORD = LazyPattern(rb"[^\s\"',()\[\]\\]+")
_VCS = LazyPattern(rb"git\+(?P<url>\w+://(?:[^\s\"'@/]+@)?[^\s\"'@#;,()\\]+)(?:@(?P<ref>[^\s\"'#&;,()\\]+))?")
_CLONE_VALUES = frozenset({"-o", "--origin", "-c", "--config", "-j", "--jobs", "--depth", "--filter", "--reference"})
_BUILD = "pinned with a build, which changes with the version"
_CHECKOUT_VALUES = frozenset({"-b", "-B", "-c", "-C", "--orphan", "--conflict"})
_REF_OPTIONS = frozenset({"-b", "--branch", "--revision"})


class Patterns(NamedTuple):
    """What a set of wanted names compiles to.

    `words` meets every text that can hold something wanted, and lines of comment, these without a `word`.
    """

    words: re.Pattern[bytes]
    requirement: re.Pattern[bytes]
    conda: re.Pattern[bytes]
    assignment: re.Pattern[bytes]
    entry: re.Pattern[bytes]
    default: re.Pattern[bytes]


@lru_cache(maxsize=64)
def patterns(wanted: Wanted) -> Patterns:
    """The patterns for what is wanted."""
    names = b"|".join(name_pattern(name) for name in _longest_first(wanted.packages))
    variables = b"|".join(re.escape(name.encode("ascii")) for name in _longest_first(wanted.variables))
    keys = [re.escape(name.encode("ascii")).replace(b"_", b"[-_]") for name in _longest_first(wanted.variables)]
    places = [re.escape(name.partition("/")[2].encode("ascii")) for name in _longest_first(wanted.repositories)]
    variable = rb"(?P<name>(?:\w*_)?(?:" + variables + rb"))"
    words = b"|".join([*keys, *places, *([names] if names else [])])
    return Patterns(
        _compile(words, rb"^[ \t]*#[^\n]*|(?<![A-Za-z0-9])(?P<word>" + words + rb")(?![A-Za-z0-9])"),
        _compile(
            names,
            rb"(?:(?<![\w.-])|(?<=:-))(?P<name>"
            + names
            + rb")(?:[ \t]{0,9}\[[^\]\[\n]{0,200}\])?(?P<gap>[ \t]{0,9})\(?[ \t]{0,9}"
            rb"(?P<operator>" + _OPERATOR + rb")[ \t]{0,9}[\\\"']{0,2}(?P<value>" + _TOKEN + rb")",
        ),
        _compile(
            names,
            rb"\s*(?:[\w./-]+::)?(?P<name>"
            + names
            + rb")(?:[ \t]*=[ \t]*(?!=)|[ \t]+(?=[0-9]))(?P<value>"
            + VERSION
            + rb"(?:\.?\*)?)(?P<build>=[\w.*]+)?\s*\Z",
        ),
        _compile(variables, rb"(?<![\w${])" + variable + rb"=(?!=)\\?[\"']?(?P<value>" + _VALUE + rb")"),
        # `KEY: VALUE` in a text that is YAML itself, such as a file in a ConfigMap; only a release is taken for one.
        _compile(
            variables,
            rb"^[ \t]*(?:-[ \t]+)*[\"']?"
            + variable
            + rb"[\"']?[ \t]*:[ \t]+[\"']?(?P<value>v?(?=[0-9]+[.!])"
            + VERSION
            + rb")[\"']?(?=[ \t]*(?:#|\r?$))",
        ),
        _compile(variables, rb"\$\{" + variable + rb":?[-=](?P<value>[^}$\s]*)\}"),
    )


def _compile(alternatives: bytes, pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE) if alternatives else _NEVER


def _longest_first(names: frozenset[str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Clone(NamedTuple):
    """The last clone of a wanted repository: its address's place and its directory ('' if unknown)."""

    subject: str
    directory: str
    span: Span
    pinned: bool


class ScriptReader:
    """Reads one text after another; the items of one list are one script, through which a clone is followed.

    A checkout belongs to the clone before it, unless a `cd` since then leads elsewhere.
    """

    def __init__(self, gathered: Gathered, wanted: Wanted) -> None:
        self._gathered = gathered
        self._wanted = wanted
        self._patterns = patterns(wanted)
        self._script = -1
        self._clone: _Clone | None = None
        self._inside: bool | None = None

    def follows(self, script: int) -> bool:
        """Whether a clone in this script waits for its checkout."""
        return self._clone is not None and script == self._script

    def read(self, span: Span, prefix: str, script: int, *, lines: bool) -> None:
        """Read the text at `span`, whose line ends mean something with `lines` only (a block scalar's)."""
        if script != self._script:
            self.finish()
            self._script = script
        text = _readable(self._gathered.masked[span.start : span.end], lines=lines)
        for pattern in (self._patterns.assignment, self._patterns.entry, self._patterns.default):
            for match in pattern.finditer(text):
                name = match["name"].decode("ascii")
                subject = variable_of(name, self._wanted.variables) or name
                self._value(span, match.span("value"), prefix + name, Kind.VARIABLE, subject)
        for match in self._patterns.requirement.finditer(text):
            self._requirement(text, span, match, prefix)
        self._git(text, span, prefix)

    def requirement(self, span: Span, prefix: str, *, listed: bool) -> bool:
        """Read a text that is one requirement and nothing else, also in conda's spelling; False when it is none."""
        text = self._gathered.masked[span.start : span.end]
        conda = self._patterns.conda.match(text) if listed else None
        if conda is None:
            match = self._patterns.requirement.match(text)
            if (
                match is None
                or self._patterns.requirement.search(text, match.end())
                or text[match.end() :].strip(b" \t\"')")[:1] not in (b"", b";", b",")
            ):
                return False
            self._requirement(text, span, match, prefix)
            return True
        subject = canonical_name(conda["name"].decode("ascii"))
        start, end = conda.span("value")
        if conda["build"]:
            self._gathered.unpinned(span.start + start, span.start + conda.end("build"), subject, _BUILD)
        else:
            self._value(span, (start, end), prefix + subject, Kind.REQUIREMENT, subject)
        return True

    def finish(self) -> None:
        """Close the last clone: report it when nothing said which release."""
        clone, self._clone, self._inside = self._clone, None, None
        if clone and not clone.pinned:
            self._gathered.unpinned(*clone.span, clone.subject, "cloned without a release")

    def _value(self, span: Span, at: tuple[int, int], anchor: str, kind: Kind, subject: str) -> None:
        self._gathered.value(span.start + at[0], span.start + at[1], anchor, kind, subject)

    def _requirement(self, text: bytes, span: Span, match: re.Match[bytes], prefix: str) -> None:
        subject = canonical_name(match["name"].decode("ascii"))
        start, end = match.span("value")
        if match["operator"] in (b"==", b"==="):
            if match["value"].endswith(b"."):  # the end of a sentence
                end -= 1
            self._value(span, (start, end), prefix + subject, Kind.REQUIREMENT, subject)
            return
        quoted = match.start() > 0 and text[match.start() - 1 : match.start()] in (b'"', b"'")
        if len(match["operator"]) == 1 and match["gap"] and match.start() and not quoted:
            return  # `pip show flashinfer-python > 0.txt` is a redirection
        clauses = _RANGE.match(text, match.start("operator"))
        if clauses:
            self._gathered.floor(span.start + clauses.start(), span.start + clauses.end(), subject)

    def _git(self, text: bytes, span: Span, prefix: str) -> None:
        for match in _VCS.finditer(text):
            subject = canonical_repository(match["url"].decode("ascii"))
            if subject not in self._wanted.repositories:
                continue
            if match["ref"]:
                self._value(span, match.span("ref"), f"{prefix}git+{subject}", Kind.GIT_REF, subject)
            else:
                at = match.span("url")
                self._gathered.unpinned(span.start + at[0], span.start + at[1], subject, "installed without a release")
        for command in _COMMAND.finditer(text):
            words = [
                _Word(word[0].decode("ascii"), span.start + word.start(), span.start + word.end())
                for word in _WORD.finditer(text, command.start(), command.end())
            ][1:]
            if not command["git"]:
                self._inside = self._enter(words[0].text) if words else self._inside
            else:
                self._git_command(words, prefix)

    def _git_command(self, words: list[_Word], prefix: str) -> None:
        inside = self._inside
        while len(words) > 1 and words[0].text in ("-C", "-c"):
            inside = self._enter(words[1].text) if words[0].text == "-C" else inside
            words = words[2:]
        command = words[0].text if words else ""
        if command == "clone":
            self._cloned(words[1:], prefix)
        elif command in ("checkout", "switch") and self._clone is not None and inside is not False:
            positional, _ = _arguments(words[1:], _CHECKOUT_VALUES, frozenset())
            if positional and not positional[0].text.startswith("."):
                ref = positional[0]
                subject = self._clone.subject
                self._clone = self._clone._replace(pinned=True)
                anchor = f"{prefix}git checkout {subject}"
                self._gathered.value(ref.start, ref.end, anchor, Kind.GIT_REF, subject)

    def _cloned(self, words: list[_Word], prefix: str) -> None:
        self.finish()
        positional, ref = _arguments(words, _CLONE_VALUES, _REF_OPTIONS)
        subject = canonical_repository(positional[0].text) if positional else ""
        if subject not in self._wanted.repositories:
            return
        target = positional[1].text if len(positional) > 1 else subject
        directory = target.rstrip("/").rpartition("/")[2]
        known = "" if "$" in directory or directory in (".", "..") else directory
        self._clone = _Clone(subject, known, Span(positional[0].start, positional[0].end), ref is not None)
        if ref is not None:
            self._gathered.value(ref.start, ref.end, f"{prefix}git clone {subject}", Kind.GIT_REF, subject)

    def _enter(self, path: str) -> bool | None:
        """Whether a path leads into the clone; None for not known."""
        parts = path.split("/")
        if self._clone is None or not self._clone.directory or "$" in path or ".." in parts or path == "-":
            return None
        if self._clone.directory in parts:
            return True
        return self._inside is True and not path.startswith(("/", "~"))


def _arguments(
    words: list[_Word], with_value: frozenset[str], with_ref: frozenset[str]
) -> tuple[list[_Word], _Word | None]:
    """The positional words of a git command, and the value of the option that names a ref, wherever it stands."""
    positional: list[_Word] = []
    ref = None
    index = 0
    while index < len(words):
        word = words[index]
        name, _, value = word.text.partition("=")
        index += 1
        if word.text == "--" and not with_ref:
            break  # what follows are files
        if name in with_ref and value:
            ref = _Word(value, word.end - len(value), word.end)
        elif name in with_ref:  # also `--branch='v1'`, where the quote ends the word
            ref = words[index] if index < len(words) else None
            index += 1
        elif word.text in with_value:
            index += 1
        elif not word.text.startswith("-"):
            positional.append(word)
    return positional, ref


def _readable(text: bytes, *, lines: bool) -> bytes:
    """The text with blanks of the same length for what a shell does not read."""
    if not lines:
        text = _BREAK.sub(b" ", text)
    if b"#" not in text and b"\\\n" not in text and b"\\\r\n" not in text:
        return text
    return _UNREAD.sub(lambda match: b" " * len(match[0]) if match["unread"] else match[0], text)
