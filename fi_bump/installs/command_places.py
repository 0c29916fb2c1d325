"""Install commands in Dockerfiles, scripts, Makefiles and YAML, with the variables that hold parts of addresses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fi_bump.boundary.addresses import redacted
from fi_bump.errors import ParseError
from fi_bump.formats import dockerfile_lines, shell_lines
from fi_bump.formats.shared.pieces import Text
from fi_bump.formats.shared.requirement_text import named
from fi_bump.installs.model import IndexAddress, IndexOptions, Installation
from fi_bump.installs.pip_and_uv import InstallCommand, Word, expand, install_commands
from fi_bump.installs.requirement_files import RequirementFiles, install, matching
from fi_bump.pins import Place, Source, Span

# `export X=V`, `X=V command`, `X ?= V`. The value is one word.
_ASSIGNMENT = re.compile(
    rb"(?<![\w$-])(?P<name>[A-Za-z_]\w*)[ \t]*(?:(?<=[ \t])[:?]?=[ \t]+|[:?]?=)"
    rb"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';|&#]*)"
)
_YAML_VARIABLE = re.compile(rb"^[ \t]*(?:-[ \t]+)?(?P<name>[A-Z][A-Z0-9_]+)[ \t]*:[ \t]+(?P<value>\S+)[ \t]*\r?$", re.M)
_CONTINUED = re.compile(rb"\\[ \t]*\r?\n")
_MAKE_REFERENCE = re.compile(rb"\$\((\w+)\)")
_BINDING = re.compile(r"(?P<name>\w+)(?:=(?P<value>.*))?", re.DOTALL)
_STAGE = re.compile(r"(?i)(?:--\S+\s+)*(?P<base>\S+)(?:\s+as\s+(?P<name>\S+))?")
# The variables that pip and uv read as options. Each may have several addresses.
_DEFAULTS = {"pip": ("PIP_INDEX_URL",), "uv": ("UV_DEFAULT_INDEX", "UV_INDEX_URL")}
_EXTRAS = {"pip": ("PIP_EXTRA_INDEX_URL",), "uv": ("UV_INDEX", "UV_EXTRA_INDEX_URL")}
_FORMATS = frozenset({"dockerfile", "shell", "makefile", "yaml"})
_HAS_VERSION = re.compile(r"\s*(?:\[[^\]]*\])?\s*\(?\s*(?:[=~!<>]=|[<>@])")


def may_install(form: str | None) -> bool:
    """Whether files of this format are searched for commands."""
    return form in _FORMATS


def installations(source: Source, form: str, files: RequirementFiles) -> list[Installation]:
    """Return what the commands in a file install, in order.

    A bare name without a version counts in a Dockerfile, script or Makefile. In YAML it does not: most YAML texts are
    prose, where a command is an example.
    """
    found = []
    for command, place, variables in _commands(source, form):
        options = _options(command, place, variables)
        names = set()
        for word in command.requirements:
            head = named(word.text.encode("latin-1", "replace"))
            if head and (form != "yaml" or _HAS_VERSION.match(word.text, len(_name(word.text)))):
                names.add(head[0])
        paths: set[str] = set()
        for file in command.files:
            spelled = expand(file, variables)
            top = matching(spelled, files, posixpath.dirname(source.path)) if spelled else None
            if top is not None:
                inside = install(top, files, options)
                options, names, paths = inside.options, names | inside.names, paths | inside.paths
        found.append(Installation(place, frozenset(names), options, frozenset(paths)))
    return found


def _name(text: str) -> str:
    match = re.match(r"\s*[A-Za-z0-9._-]+", text)
    return match[0] if match else ""


def _options(command: InstallCommand, place: Place, variables: dict[str, str]) -> IndexOptions:
    def address(word: Word) -> IndexAddress:
        return _address(word.text, variables, place)

    def from_variables(names: tuple[str, ...]) -> list[IndexAddress]:
        values = [variables[name] for name in names if variables.get(name)]
        return [_address(url, variables, place) for value in values for url in value.split()]

    defaults = [address(command.default)] if command.default else from_variables(_DEFAULTS[command.tool])
    all_indexes = command.all_indexes
    if all_indexes is None:
        all_indexes = command.tool == "pip" or variables.get("UV_INDEX_STRATEGY", "").startswith("unsafe-")
    links = (IndexAddress("--find-links", None, place),) if command.has_links else ()
    return IndexOptions(
        command.tool,
        defaults[0] if defaults else None,
        (*map(address, command.extra), *from_variables(_EXTRAS[command.tool])),
        all_indexes=all_indexes,
        no_index=command.no_index,
        elsewhere=links,
    )


def _address(text: str, variables: dict[str, str], place: Place) -> IndexAddress:
    url = expand(text, variables)
    return IndexAddress(text, url, place, url is not None and redacted(url) == url)


def _commands(source: Source, form: str) -> Iterator[tuple[InstallCommand, Place, dict[str, str]]]:
    """Yield the commands of a file, each with its place and the variables that are known there."""
    if form == "dockerfile":
        yield from _in_dockerfile(source)
    elif form == "shell":
        yield from _in_text(source, shell_lines.read(source.masked, Span(0, len(source.data))), {})
    else:
        data = _CONTINUED.sub(lambda match: b" " * len(match[0]), source.masked)
        given = {}
        if form == "makefile":
            data = _MAKE_REFERENCE.sub(rb"${\1}", data)
        else:
            given = {each["name"].decode(): _unquoted(each["value"]) for each in _YAML_VARIABLE.finditer(data)}
        yield from _in_text(source, Text(data, [(0, 0)]), given)


def _in_text(
    source: Source, text: Text, given: dict[str, str]
) -> Iterator[tuple[InstallCommand, Place, dict[str, str]]]:
    variables = dict(given)
    done = 0
    for command in install_commands(text.data):
        for match in _ASSIGNMENT.finditer(text.data, done, command.start):
            _bind(variables, match["name"].decode(), _unquoted(match["value"]))
        done = command.start
        line = source.position(text.span(command.start, command.start + 1).start)[0]
        yield command, Place(source.path, line), dict(variables)


def _in_dockerfile(source: Source) -> Iterator[tuple[InstallCommand, Place, dict[str, str]]]:
    """Yield the commands of a Dockerfile. An ARG before the first FROM counts in a stage that declares it again."""
    before: dict[str, str] = {}
    variables = before
    stages: dict[str, dict[str, str]] = {}
    try:
        for instruction in dockerfile_lines.scan(source):
            text = instruction.line
            if instruction.keyword == "FROM":
                match = _STAGE.match(text.data[instruction.args :].decode("ascii", "replace").strip())
                variables = dict(stages.get(match["base"].lower(), {})) if match else {}
                if match and match["name"]:
                    stages[match["name"].lower()] = variables
            elif instruction.keyword in ("ARG", "ENV"):
                for word in instruction.words():
                    bound = _BINDING.fullmatch(word[0].decode("ascii", "replace"))
                    if bound and bound["value"] is not None:
                        _bind(variables, bound["name"], _unquoted(bound["value"].encode()))
                    elif bound and instruction.keyword == "ARG" and bound["name"] in before:
                        variables[bound["name"]] = before[bound["name"]]
            elif instruction.keyword == "RUN":
                for part in (text, *instruction.bodies):
                    yield from _in_text(source, part, variables)
    except ParseError:
        return  # the scan reports it


def _bind(variables: dict[str, str], name: str, value: str) -> None:
    """Set a variable, or forget it if its value is not known."""
    known = expand(value, variables)
    if known is not None:
        variables[name] = known
    else:
        variables.pop(name, None)


def _unquoted(value: bytes) -> str:
    return value.decode("ascii", "replace").strip("\"'")
