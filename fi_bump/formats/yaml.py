"""Pins in YAML: values of wanted keys, pairs of `name` and `value`, requirements, and pins inside commands.

An anchor is the dotted path of keys without list positions: `env.FLASHINFER_VERSION`. A pin inside a text has its own
name after a slash: `jobs.test.steps.run/flashinfer-python`.

A plain `1.10` is a pin as written, although YAML reads the number 1.1: workflows, compose and conda take the text.
The second opinion refuses to write a plain version that YAML would read as another number.

In a template that is not YAML (Jinja, Helm), only the lines `KEY: VALUE` are read, and a report says so.
"""

from __future__ import annotations

import re

from fi_bump.formats.shell_images import image_names
from fi_bump.formats.yaml_texts import TextReader, patterns
from fi_bump.formats.yaml_values import YamlValues
from fi_bump.grammar import LazyPattern, canonical_name, canonical_repository, variable_of
from fi_bump.pins import Found, Kind, Source, Wanted
from fi_bump.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fi_bump.formats.yaml_events import YamlScalar

# The key of a value whose name is one key above it (workflow inputs, GitLab variables) or beside it (Kubernetes).
_DEFAULTS = frozenset({"default", "value"})
# Keys whose text is for people and may name a version without pinning it.
_PROSE = frozenset(
    [
        "label",
        "title",
        "description",
        "displayname",
        "display_name",
        "summary",
        "help",
        "message",
        "if",
        "comment",
        "id",
        "key",
        "note",
        "notes",
        "author",
        "license",
        "maintainer",
    ]
)
_REPOSITORY = frozenset({"repository", "repo", "url", "git"})
_REF = frozenset({"ref", "rev", "tag", "branch"})
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+\Z")
_LINE = LazyPattern(
    rb"^[ \t]*(?:-[ \t]+)*[\"']?(?P<key>[\w.-]+)[\"']?[ \t]*:[ \t]+"
    rb"(?P<value>\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\r\n]*?)[ \t]*(?:(?<=[ \t])#[^\r\n]*)?\r?$",
    re.MULTILINE,
)
_NUMBER = LazyPattern(rb"[0-9]+\.[0-9]+")
_LONGEST = 200
# The length limit for a line `KEY: VALUE` of a template, and for the distance from a name to its version.
_LONGEST_LINE = 400
_NEAR = 60
_CHOSEN = "the default of a list of options; add the new version to the options too"
# PyYAML reads 1 to 2 MiB per second.
_LARGEST = 4 << 20
_LARGE = "this file is larger than 4 MiB, so fi-bump reads only its lines of the form KEY: VALUE"
_TEMPLATE = "this file is not YAML, so fi-bump reads only its lines of the form KEY: VALUE"


class _Subject(NamedTuple):
    """The wanted subject that a key names, and the kind of its pins."""

    kind: Kind
    name: str


class _YamlFinder:
    """Finds the pins in a YAML file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.source = source
        self.wanted = wanted
        self.values = YamlValues(source)
        self.texts = TextReader(self.values, wanted)
        self.subjects: dict[str, _Subject | None] = {}
        self.nested: list[tuple[YamlScalar, _Subject]] = []
        self.options: set[tuple[str, ...]] = set()
        # The values of one key in all entries of a matrix, by the path of the key.
        self.cells: dict[tuple[str, ...], tuple[_Subject, list[YamlScalar]]] = {}
        # YamlValues that are side by side in one collection, by the number of the collection.
        self.lists: dict[int, tuple[_Subject, list[YamlScalar]]] = {}
        self.names: dict[int, str] = {}
        self.defaults: dict[int, YamlScalar] = {}
        self.versions: dict[int, YamlScalar] = {}
        self.repositories: dict[int, str] = {}
        self.refs: dict[int, YamlScalar] = {}

    def subject(self, key: str) -> _Subject | None:
        """Return the wanted variable or package that a key names, or None."""
        if key not in self.subjects:
            variable = variable_of(key.replace("-", "_"), self.wanted.variables)
            if variable is not None:
                self.subjects[key] = _Subject(Kind.VARIABLE, variable)
            else:
                package = canonical_name(key)
                found = _Subject(Kind.REQUIREMENT, package) if package in self.wanted.packages else None
                self.subjects[key] = found
        return self.subjects[key]

    def scalar(self, scalar: YamlScalar, *, concerns: bool) -> None:
        """Judge one value; `concerns` is whether its text names something wanted."""
        key = scalar.path[-1] if scalar.path else ""
        subject = self.subject(key)
        if subject is None or _is_script(scalar):
            self.beside(scalar, key)
        elif scalar.listed:
            self.lists.setdefault(scalar.collection, (subject, []))[1].append(scalar)
        elif "matrix" in scalar.path:
            self.cells.setdefault(scalar.path, (subject, []))[1].append(scalar)
        else:
            self.judge(scalar, ".".join(scalar.path), subject)
        if not scalar.alias and (concerns or self.texts.follows(_script(scalar))):
            self.text(scalar, key)

    def beside(self, scalar: YamlScalar, key: str) -> None:
        """Record a value that only has a meaning together with its neighbours or with the key above it."""
        number = scalar.collection
        above = self.subject(scalar.path[-2]) if len(scalar.path) > 1 else None
        if scalar.listed:
            if key == "options" and above is not None:
                self.options.add(scalar.path[:-1])
        elif above is not None and (key in _DEFAULTS or (key == "version" and above.kind is Kind.REQUIREMENT)):
            self.nested.append((scalar, above))
        elif key == "name":
            self.names[number] = scalar.value
        elif key in _DEFAULTS:
            self.defaults[number] = scalar
        elif key == "version":
            self.versions[number] = scalar
        elif key in _REPOSITORY:
            self.repositories[number] = scalar.value
        elif key in _REF:
            self.refs[number] = scalar

    def text(self, scalar: YamlScalar, key: str) -> None:
        """Read a text that names something wanted."""
        prefix = ".".join(scalar.path) + "/" if scalar.path else ""
        if key.lower() in _PROSE:
            return
        # Ansible's pip module calls its requirement `name`.
        if self.texts.requirement(scalar.span, prefix, listed=scalar.listed) or key == "name":
            return
        self.texts.read(scalar.span, prefix, _script(scalar), lines=scalar.style == "|")

    def judge(self, scalar: YamlScalar, anchor: str, subject: _Subject) -> None:
        """Judge a value as the version of a subject."""
        strict = subject.kind is not Kind.REQUIREMENT
        raw = self.source.masked[scalar.span.start : scalar.span.end]
        if scalar.style == '"' and b"\\" in raw:
            if strict:
                self.values.unpinned(*scalar.span, subject.name, "written with escapes")
            return
        self.values.value(*scalar.span, anchor, subject.kind, subject.name, strict=strict)

    def finish(self) -> Found:
        """Judge the values that need their neighbours, and return everything in the order of the file."""
        self.texts.finish()
        for subject, scalars in self.lists.values():
            self.several(subject, scalars)
        for subject, scalars in self.cells.values():
            different = len({scalar.value for scalar in scalars})
            for scalar in scalars:
                if different == 1:
                    self.judge(scalar, ".".join(scalar.path), subject)
                else:
                    reason = f"one of {different} values of a matrix, not one version"
                    self.values.unpinned(*scalar.span, subject.name, reason)
        for scalar, above in self.nested:
            if scalar.path[:-1] in self.options:
                self.values.unpinned(*scalar.span, above.name, _CHOSEN)
            else:
                self.judge(scalar, ".".join(scalar.path), above)
        for number, scalar in self.defaults.items():
            name = self.names.get(number, "")
            variable = self.subject(name)
            if variable is not None and variable.kind is Kind.VARIABLE:
                self.judge(scalar, ".".join((*scalar.path[:-1], name)), variable)
        for number, scalar in self.versions.items():
            package = self.subject(self.names.get(number, ""))
            if package is not None and package.kind is Kind.REQUIREMENT:
                self.judge(scalar, ".".join((*scalar.path[:-1], package.name)), package)
        for number, scalar in self.refs.items():
            address = self.repositories.get(number, "")
            repository = canonical_repository(f"github.com/{address}" if _OWNER_AND_NAME.match(address) else address)
            if repository in self.wanted.repositories:
                self.judge(scalar, ".".join(scalar.path), _Subject(Kind.GIT_REF, repository))
        return self.values.gathered.found()

    def several(self, subject: _Subject, scalars: list[YamlScalar]) -> None:
        """Judge a list of values: it is a pin only if it has one value."""
        if len(scalars) == 1:
            self.judge(scalars[0], ".".join(scalars[0].path), subject)
        elif subject.kind is Kind.VARIABLE or all("." in scalar.value for scalar in scalars):
            places = sorted(scalar.span for scalar in scalars)
            reason = f"a list of {len(scalars)} values, not one version"
            self.values.unpinned(places[0].start, places[-1].end, subject.name, reason)

    def line(self, start: int, end: int) -> None:
        """Read one line of a file that is not YAML."""
        match = _LINE.match(self.source.masked, start, end)
        subject = self.subject(match["key"].decode("ascii")) if match else None
        if match is None or subject is None or match["value"][:1] in (b"[", b"|", b">", b"&", b"*", b"!"):
            return
        if match["value"][:1] == b'"' and b"\\" in match["value"]:
            self.values.unpinned(*match.span("value"), subject.name, "written with escapes")
        elif match["value"][:1] != b"{" or match["value"][:2] == b"{{":
            strict = subject.kind is not Kind.REQUIREMENT
            self.values.value(
                *match.span("value"), match["key"].decode("ascii"), subject.kind, subject.name, strict=strict
            )


def _is_script(scalar: YamlScalar) -> bool:
    """Whether a value is too long for a version, so that it is a command or a text."""
    length = scalar.span.end - scalar.span.start
    return length > _LONGEST or (scalar.style in ("|", ">") and "\n" in scalar.value.strip())


def _script(scalar: YamlScalar) -> int:
    """Return the number of the script that a text belongs to: its list's number, or one of its own."""
    return scalar.collection if scalar.listed else -2 - scalar.span.start


def find(source: Source, wanted: Wanted) -> Found:
    """Return every pin, unpinned mention and range of wanted names in a YAML file. No input is an error."""
    words = [match for match in patterns(wanted).words.finditer(source.masked) if match["word"]]
    if not words:
        return Found(())
    if len(source.data) > _LARGEST:
        return _by_lines(source, wanted, words, 0, _LARGE)
    # Imported here because importing PyYAML takes longer than most whole checks.
    from fi_bump.formats.yaml_events import NotYamlError, scalars

    finder = _YamlFinder(source, wanted)
    index = 0
    try:
        for scalar in scalars(source):
            while not scalar.alias and index < len(words) and words[index].start() < scalar.span.start:
                index += 1
            concerns = index < len(words) and scalar.span.start <= words[index].start() < scalar.span.end
            finder.scalar(scalar, concerns=concerns)
    except NotYamlError as error:
        return _by_lines(source, wanted, words, error.offset, _TEMPLATE)
    return finder.finish()


def _by_lines(source: Source, wanted: Wanted, words: list[re.Match[bytes]], failed: int, why: str) -> Found:
    """Read only the lines `KEY: VALUE`, and report `why` if a line with a wanted name contains a version."""
    finder = _YamlFinder(source, wanted)
    named = None
    end = -1
    for word in words:
        if word.start() > end:
            start = source.data.rfind(b"\n", 0, word.start()) + 1
            end = source.data.find(b"\n", word.start())
            end = len(source.data) if end < 0 else end
            if end - start <= _LONGEST_LINE:
                finder.line(start, end)
        if named is None and _NUMBER.search(source.masked, word.end(), min(end, word.end() + _NEAR)):
            named = _named(word[0].decode("ascii"), wanted)
    pins = finder.values.gathered.found().pins
    named = pins[0].subject if pins else named
    if named is not None:
        at = min(failed, len(source.data) - 1)
        finder.values.unpinned(at, at + 1, named, why)
    return finder.values.gathered.found()


def _named(word: str, wanted: Wanted) -> str:
    """Return the subject that a match of `Patterns.words` names."""
    variable = variable_of(word.replace("-", "_"), wanted.variables)
    if variable is not None:
        return variable
    places = [name for name in sorted(wanted.repositories) if name.partition("/")[2] == word.lower()]
    return places[0] if places else image_names(wanted).get(word.lower(), canonical_name(word))
