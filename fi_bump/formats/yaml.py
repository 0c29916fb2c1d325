"""Pins in YAML: values of wanted keys, pairs of `name` and `value`, requirements, and pins inside commands.

An anchor is the dotted path of keys without list positions: `env.FLASHINFER_VERSION`. A pin inside a text has its own
name after a slash: `jobs.test.steps.run/flashinfer-python`.

A plain `1.10` is a pin as written, although YAML reads the number 1.1: workflows, compose and conda take the text.
The second opinion refuses to write a plain version that YAML would read as another number.

In a template that is not YAML (Jinja, Helm), only the lines `KEY: VALUE` are read, and a report says so.
"""

from __future__ import annotations

import re

from fi_bump.formats import yaml_keys, yaml_lines
from fi_bump.formats.shared.beside import Leaf, guarded
from fi_bump.formats.shared.gathered import release_at
from fi_bump.formats.shared.requirement_text import NO_VERSION
from fi_bump.formats.yaml_keys import KeySubject, key_subject, named_subject
from fi_bump.formats.yaml_texts import TextReader, patterns
from fi_bump.formats.yaml_values import YamlValues
from fi_bump.grammar import canonical_name, canonical_repository
from fi_bump.pins import IF_IT_FOLLOWS, Found, Kind, Source, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fi_bump.formats.yaml_events import YamlScalar

_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+\Z")
_LONGEST = 200
_CHOSEN = "the default of a list of options; add the new version to the options too"
# PyYAML reads 1 to 2 MiB per second.
_LARGEST = 4 << 20
_LARGE = "this file is larger than 4 MiB, so fi-bump reads only its lines of the form KEY: VALUE"
_TEMPLATE = "this file is not YAML, so fi-bump reads only its lines of the form KEY: VALUE"


class _YamlFinder:
    """Finds the pins in a YAML file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.source = source
        self.wanted = wanted
        self.values = YamlValues(source, wanted.variables)
        self.texts = TextReader(self.values, wanted)
        self.subjects: dict[str, KeySubject | None] = {}
        self.nested: list[tuple[YamlScalar, KeySubject]] = []
        self.options: set[tuple[str, ...]] = set()
        # The values of one key in all entries of a matrix, by the path of the key.
        self.cells: dict[tuple[str, ...], tuple[KeySubject, list[YamlScalar]]] = {}
        # YamlValues that are side by side in one collection, by the number of the collection.
        self.lists: dict[int, tuple[KeySubject, list[YamlScalar]]] = {}
        self.names: dict[int, str] = {}
        self.defaults: dict[int, YamlScalar] = {}
        self.versions: dict[int, YamlScalar] = {}
        self.repositories: dict[int, str] = {}
        self.refs: dict[int, YamlScalar] = {}
        self.leaves: list[Leaf] = []

    def subject(self, key: str) -> KeySubject | None:
        """Return the wanted variable or package that a key names, or None."""
        if key not in self.subjects:
            self.subjects[key] = key_subject(key, self.wanted)
        return self.subjects[key]

    def scalar(self, scalar: YamlScalar, *, concerns: bool) -> None:
        """Judge one value; `concerns` is whether its text names something wanted."""
        if not scalar.alias:
            self.leaves.append(Leaf(scalar.collections, scalar.path, scalar.span, scalar.listed))
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
        elif above is not None and (key in yaml_keys.DEFAULTS or (key == "version" and above.kind is Kind.REQUIREMENT)):
            self.nested.append((scalar, above))
        elif key == "name":
            self.names[number] = scalar.value
        elif key in yaml_keys.DEFAULTS:
            self.defaults[number] = scalar
        elif key == "version":
            self.versions[number] = scalar
        elif key in yaml_keys.REPOSITORY:
            self.repositories[number] = scalar.value
        elif key in yaml_keys.REF:
            self.refs[number] = scalar

    def text(self, scalar: YamlScalar, key: str) -> None:
        """Read a text that names something wanted."""
        prefix = ".".join(scalar.path) + "/" if scalar.path else ""
        if key.lower() in yaml_keys.PROSE or key.lower() in yaml_keys.SEARCHES:
            return
        if scalar.listed and key in yaml_keys.LISTS and canonical_name(scalar.value) in self.wanted.packages:
            self.values.unpinned(*scalar.span, canonical_name(scalar.value), NO_VERSION)
            return
        # Ansible's pip module calls its requirement `name`.
        if self.texts.requirement(scalar.span, prefix, listed=scalar.listed) or key == "name":
            return
        self.texts.read(scalar.span, prefix, _script(scalar), lines=scalar.style == "|")

    def judge(self, scalar: YamlScalar, anchor: str, subject: KeySubject) -> None:
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
        axes = {scalars[0].path: len(scalars) for _, scalars in self.lists.values()}
        for path, (subject, scalars) in self.cells.items():
            self.matrix(path, subject, scalars, axes.get((*path[:-2], path[-1]), 0))
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
            if number in self.repositories and number not in self.names:
                self.refs.setdefault(number, scalar)  # Ansible's git module calls it `version`.
            name = self.names.get(number, "")
            package = self.subject(name)
            if scalar.path[:-1] == ("context",):  # a recipe of conda, whose name may be the repository's
                package = named_subject(name, self.wanted)
            if package is not None and package.kind is not Kind.VARIABLE:
                self.judge(scalar, ".".join((*scalar.path[:-1], package.name)), package)
        for number, scalar in self.refs.items():
            address = self.repositories.get(number, "")
            repository = canonical_repository(f"github.com/{address}" if _OWNER_AND_NAME.match(address) else address)
            if repository in self.wanted.repositories:
                self.judge(scalar, ".".join(scalar.path), KeySubject(Kind.GIT_REF, repository))
            elif address and scalar.path[-1] == "tag":
                self.texts.image_tag(scalar.span)
        return guarded(self.source, self.values.gathered.found(), self.leaves)

    def matrix(self, path: tuple[str, ...], subject: KeySubject, scalars: list[YamlScalar], axis: int) -> None:
        """Judge the values of one key in all entries of a matrix; `axis` is how many the matrix itself lists for it.

        Entries that differ are not one version, so a person says which of them follow the lock. An entry that extends
        or excludes a combination of the lists has a value of a list, and must change with it.
        """
        different = axis if axis > 1 else len({scalar.value for scalar in scalars})
        for scalar in scalars:
            if different == 1:
                self.judge(scalar, ".".join(path), subject)
                continue
            reason = f"one of {different} values of a matrix, not one version"
            span = None if axis > 1 or scalar.alias else release_at(self.source, scalar.span)
            if span is None:
                self.values.unpinned(*scalar.span, subject.name, reason)
            else:
                anchor = ".".join(path)
                self.values.gathered.unpinned(span, subject.name, f"{reason}{IF_IT_FOLLOWS}", anchor=anchor)

    def several(self, subject: KeySubject, scalars: list[YamlScalar]) -> None:
        """Judge a list of values: it is a pin only if it has one value."""
        if len(scalars) == 1:
            self.judge(scalars[0], ".".join(scalars[0].path), subject)
        elif subject.kind is Kind.VARIABLE or all("." in scalar.value for scalar in scalars):
            places = sorted(scalar.span for scalar in scalars)
            reason = f"a list of {len(scalars)} values, not one version"
            self.values.unpinned(places[0].start, places[-1].end, subject.name, reason)


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
        return yaml_lines.find_by_lines(source, wanted, words, 0, _LARGE)
    # Imported here because importing PyYAML takes longer than most whole checks.
    from fi_bump.formats.yaml_events import NotYamlError

    try:
        return _find_in_yaml(source, wanted, words)
    except NotYamlError as error:
        return _find_in_template(source, wanted, words, error.offset)


def _find_in_yaml(source: Source, wanted: Wanted, words: list[re.Match[bytes]]) -> Found:
    """Like `find`; `words` are the matches of wanted names. Raises NotYamlError."""
    from fi_bump.formats.yaml_events import scalars

    finder = _YamlFinder(source, wanted)
    index = 0
    for scalar in scalars(source):
        while not scalar.alias and index < len(words) and words[index].start() < scalar.span.start:
            index += 1
        concerns = index < len(words) and scalar.span.start <= words[index].start() < scalar.span.end
        finder.scalar(scalar, concerns=concerns)
    return finder.finish()


def _find_in_template(source: Source, wanted: Wanted, words: list[re.Match[bytes]], failed: int) -> Found:
    """Return what the lines of a template pin, and what the document pins if it is YAML without its actions."""
    by_lines = yaml_lines.find_by_lines(source, wanted, words, failed, _TEMPLATE)
    # Imported here because most repositories have no template.
    from fi_bump.formats import yaml_actions
    from fi_bump.formats.shared.parts import FilePart, read_parts, together

    data = yaml_actions.filled(source.masked)
    if data == source.masked:
        return by_lines

    found = read_parts(source, wanted, _find_in_document, [FilePart(data)])
    if not found.pins and not found.unpinned:
        return by_lines
    return together(by_lines._replace(unpinned=()), found)


def _find_in_document(source: Source, wanted: Wanted) -> Found:
    from fi_bump.formats.yaml_events import NotYamlError

    try:
        words = [match for match in patterns(wanted).words.finditer(source.masked) if match["word"]]
        return _find_in_yaml(source, wanted, words)
    except NotYamlError:
        return Found(())
