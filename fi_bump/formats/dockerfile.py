"""Pins in Dockerfiles and Containerfiles: ARG and ENV values, requirements and variables in RUN, git releases.

The instructions come from `dockerfile_lines`; nothing here executes or expands anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fi_bump.formats.dockerfile_git import GitReader
from fi_bump.formats.dockerfile_lines import Instruction, Text, scan
from fi_bump.formats.dockerfile_values import Gathered
from fi_bump.grammar import VERSION, LazyPattern, canonical_name, name_pattern, names_any, variable_of
from fi_bump.pins import Found, Kind, Source, Wanted
from fi_bump.records import NamedTuple

_NEVER = re.compile(rb"(?!)")
_OPERATOR = rb"(?:===|[=~!<>]=|[<>])"
_TOKEN = rb"(?:\$\{[^}\n]*\}\S*|\$\S*|[\w.!*-]*(?:\+[\w.${}-]*|\$\S*)?)"
_VALUE = rb"(?:\$\{[^}\n]*\}|[^\s\"'`;|&()\\<>,}])*"
_CLAUSE = _OPERATOR + rb"[ \t]{0,9}[\w.*+!]+"
_RANGE = re.compile(_CLAUSE + rb"(?:[ \t]{0,9},[ \t]{0,9}\\?" + _CLAUSE + rb")*")
_ASSIGNMENT = LazyPattern(rb"(?P<name>\w+)=(?P<value>.*)", re.DOTALL)
_LEGACY = LazyPattern(rb"\s*(?P<name>\w+)\s+(?P<value>.*)", re.DOTALL)
_IMAGE = LazyPattern(rb"\s*(?:--\S+\s+)*(?P<image>\S+)")


class _Patterns(NamedTuple):
    """What a set of wanted names compiles to."""

    requirement: re.Pattern[bytes]
    assignment: re.Pattern[bytes]
    default: re.Pattern[bytes]
    image: re.Pattern[bytes]
    images: dict[str, str]
    words: tuple[bytes, ...]
    context: tuple[bytes, ...]


@lru_cache(maxsize=64)
def _patterns(wanted: Wanted) -> _Patterns:
    names = b"|".join(name_pattern(name) for name in _longest_first(wanted.packages))
    variables = b"|".join(re.escape(name.encode("ascii")) for name in _longest_first(wanted.variables))
    variable = rb"(?P<name>(?:\w*_)?(?:" + variables + rb"))"
    images = _image_names(wanted)
    image = b"|".join(re.escape(name.encode("ascii")) for name in _longest_first(images))
    return _Patterns(
        _compile(
            names,
            rb"(?:(?<![\w.-])|(?<=:-))(?P<name>"
            + names
            + rb")(?:[ \t]{0,9}\\?\[[^\]\[\n]{0,200}\])?(?P<gap>[ \t]{0,9})\(?[ \t]{0,9}"
            rb"\\?(?P<operator>" + _OPERATOR + rb")[ \t]{0,9}[\\\"']{0,2}(?P<value>" + _TOKEN + rb")",
        ),
        _compile(variables, rb"(?<![\w${])" + variable + rb"=(?!=)\\?[\"']?(?P<value>" + _VALUE + rb")"),
        _compile(variables, rb"\$\{" + variable + rb":?[-=](?P<value>[^}$\s]*)\}"),
        _compile(
            image,
            rb"(?<![A-Za-z0-9])(?P<name>"
            + image
            + rb")[-_.:]?v?(?=[0-9!]+\.)(?P<version>"
            + VERSION
            + rb")(?![A-Za-z0-9])",
        ),
        images,
        # One of these stands, in lower case, in every text that binds or names a wanted package or variable.
        tuple(max(name.split("-"), key=len).encode("ascii") for name in wanted.packages)
        + tuple(name.lower().encode("ascii") for name in wanted.variables),
        # What else says something: images, and all that clones, checks out or changes the folder.
        (*(name.encode("ascii") for name in images), b"git", b"cd", b"pushd", b"workdir"),
    )


def _compile(alternatives: bytes, pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.IGNORECASE) if alternatives else _NEVER


def _longest_first(names: frozenset[str] | dict[str, str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))


def _image_names(wanted: Wanted) -> dict[str, str]:
    """How an image may name a subject, and the subject: a package, a repository's last part, `X` of `X_VERSION`."""
    names = {name.lower().removesuffix("_version").replace("_", "-"): name for name in sorted(wanted.variables)}
    names |= {repository.rpartition("/")[2]: repository for repository in sorted(wanted.repositories)}
    return names | {package: package for package in sorted(wanted.packages)}


class _Finder:
    """One pass over one source."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self.wanted = wanted
        self.patterns = _patterns(wanted)
        self.gathered = Gathered(source)
        self.git = GitReader(self.gathered, wanted.repositories)

    def instruction(self, instruction: Instruction) -> None:
        match instruction.keyword:
            case "ARG" | "ENV" if self.concerns(instruction.line):
                self.bindings(instruction)
                self.literals(instruction.line, instruction.keyword)
            case "RUN":
                texts = (instruction.line, *instruction.bodies)
                for text in filter(self.concerns, texts):
                    self.assignments(text)
                    self.literals(text, "RUN")
                self.git.run(texts)
            case "ADD":
                self.git.add(instruction)
            case "WORKDIR":
                path = instruction.line.data[instruction.args :].strip(b" \t\"'")
                self.git.workdir(path.decode("ascii"))
            case "FROM":
                self.image(instruction)
            case _:
                pass

    def concerns(self, text: Text) -> bool:
        """Whether a text can hold a wanted name at all; most cannot, and are not matched."""
        return names_any(text.data, self.patterns.words)

    def bindings(self, instruction: Instruction) -> None:
        """`ARG X=V Y=V`, `ENV X=V Y=V` and the old `ENV X V`; a bare `ARG X` binds nothing."""
        text = instruction.line
        words = list(instruction.words())
        if instruction.keyword == "ENV" and words and b"=" not in words[0][0]:
            legacy = _LEGACY.match(text.data, instruction.args)
            if legacy:
                self.variable(text, legacy["name"], *legacy.span("value"), "ENV")
            return
        for word in words:
            if word[0] in (b"'", b'"'):  # not closed: BuildKit refuses the rest
                break
            bound = _ASSIGNMENT.match(text.data, word.start(), word.end())
            if bound:
                self.variable(text, bound["name"], *bound.span("value"), instruction.keyword)

    def variable(self, text: Text, spelled: bytes, start: int, end: int, keyword: str) -> None:
        name = spelled.decode("ascii")
        subject = variable_of(name, self.wanted.variables)
        if subject is not None:
            self.gathered.value(text, start, end, f"{keyword} {name}", Kind.VARIABLE, subject)

    def assignments(self, text: Text) -> None:
        """`X=V command`, `export X=V`, `--build-arg X=V` in a shell text."""
        for match in self.patterns.assignment.finditer(text.data):
            self.variable(text, match["name"], *match.span("value"), "RUN")

    def literals(self, text: Text, keyword: str) -> None:
        """Defaults of references, requirements and git addresses, wherever they stand in a text."""
        for match in self.patterns.default.finditer(text.data):
            self.variable(text, match["name"], *match.span("value"), keyword)
        for match in self.patterns.requirement.finditer(text.data):
            self.requirement(text, match, keyword)
        self.git.addresses(text, keyword)

    def requirement(self, text: Text, match: re.Match[bytes], keyword: str) -> None:
        subject = canonical_name(match["name"].decode("ascii"))
        start, end = match.span("value")
        if match["operator"] in (b"==", b"==="):
            if match["value"].endswith(b"."):  # the end of a sentence
                end -= 1
            self.gathered.value(text, start, end, f"{keyword} {subject}", Kind.REQUIREMENT, subject)
            return
        quoted = text.data[match.start() - 1 : match.start()] in (b'"', b"'") and match.start() > 0
        if len(match["operator"]) == 1 and match["gap"] and not quoted:
            return  # `pip show flashinfer-python > 0.txt` is a redirection
        clauses = _RANGE.match(text.data, match.start("operator"))
        if clauses:
            self.gathered.floor(text, clauses.start(), clauses.end(), subject)

    def image(self, instruction: Instruction) -> None:
        text = instruction.line
        image = _IMAGE.match(text.data, instruction.args)
        if image is None:
            return
        for match in self.patterns.image.finditer(text.data, *image.span("image")):
            subject = self.patterns.images[match["name"].decode("ascii").lower()]
            self.gathered.unpinned(text, *match.span("version"), subject, "the image tag must exist first")


def find(source: Source, wanted: Wanted) -> Found:
    """Every pin, unpinned mention and range of what is wanted in a Dockerfile.

    Raises ParseError, with a place, for a heredoc without an end and for an escape directive that BuildKit refuses.
    """
    finder = _Finder(source, wanted)
    # Instructions without any of these bind nothing, name nothing, and move no checkout.
    for instruction in scan(source, finder.patterns.words + finder.patterns.context):
        finder.instruction(instruction)
    finder.git.finish()
    return finder.gathered.found()
