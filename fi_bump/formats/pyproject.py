"""Pins in pyproject.toml: requirement arrays, the exact versions of Poetry and PDM, the tags of git sources.

The table of a string decides what it means, never its text: `keywords = ["kit==1.0"]` pins nothing.
A pin's anchor is its table and its package: `project.optional-dependencies.vllm/flashinfer-python`.
"""

from __future__ import annotations

import json
import re

from fi_bump.formats.shared.addresses import NOT_MOVED, release
from fi_bump.formats.shared.beside import guarded
from fi_bump.formats.shared.requirement_address import Addressed, judge_address
from fi_bump.formats.shared.requirement_text import NO_VERSION, Requirement, judge, named, without_marker
from fi_bump.formats.shared.toml_strings import Path, TomlString, leaves, strings
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, canonical_name, canonical_repository, variable_of
from fi_bump.pins import Floor, Found, Guard, Kind, Pin, Source, Span, Unpinned, Wanted, make_pin, number_anchors

# Arrays of PEP 508 requirements, by the path of keys to them.
_ARRAYS = re.compile(
    r"project/(?:dependencies|optional-dependencies/[^/]+)|dependency-groups/[^/]+|build-system/requires"
    r"|tool/uv/(?:override|constraint|dev|build-constraint)-dependencies|tool/uv/extra-build-dependencies/[^/]+"
    r"|tool/rye/dev-dependencies|tool/pdm/dev-dependencies/[^/]+|tool/hatch/(?:.+/)?(?:extra-)?dependencies"
)
# The array of a script's table (PEP 723).
_SCRIPT_ARRAY = "dependencies"
# Tables of Poetry, PDM and Pixi whose keys are package names; a value is a version or a table with a `version`.
_PIXI = r"(?:(?:feature|target)/[^/]+/)*(?:pypi-dependencies|(?:host-|build-)?dependencies)"
_TABLES = re.compile(
    r"tool/poetry/(?:dependencies|dev-dependencies|group/[^/]+/dependencies)|tool/pdm/resolution/overrides"
    r"|tool/pixi/" + _PIXI
)
# Pixi's and Pipenv's own files have these tables at the top level; in a Pipfile they may have any name.
_OWN_TABLES = {
    "pixi.toml": re.compile(_PIXI),
    "pipfile": re.compile(r"(?!(?:source|requires|pipenv|scripts)\Z)[^/]+"),
}
_UV_SOURCES = "tool/uv/sources"
# The settings that say where installers look for files.
_LOCATIONS = re.compile(
    r"tool/uv/(?:pip/)?(?:find-links|index/url|(?:extra-)?index-url)|tool/(?:poetry|pdm)/source/url"
    r"|(?:tool/pixi/)?(?:.+/)?pypi-options/find-links/url"
)

# Poetry and conda also write `=0.6.1`.
_BARE = LazyPattern(rb"(?:=[ \t]*)?v?(" + VERSION + rb")(?:" + LOCAL + rb")?\Z", re.IGNORECASE)
_CARET = LazyPattern(rb"([~^])\s*v?([0-9]{1,9}(?:\.[0-9]{1,9})*)\Z")
# A wheel or an archive at the end of a path.
_FILE_NAME = LazyPattern(
    rb"(?:\A|/)[A-Za-z][A-Za-z0-9_.]*?-(" + VERSION + rb")(?:\+[\w.]+)?(?:-[\w.-]+\.whl|\.tar\.\w+|\.zip)\Z"
)
# Poetry's and conda's: `0.6.*`, `=0.6.*`, `0.6.9*`.
_WILDCARD = LazyPattern(rb"\s*=?\s*[0-9]+(?:\.[0-9]+)*\.?\*\s*\Z")
_TAG = LazyPattern(rb"(?:refs/tags/)?v?(" + VERSION + rb")\Z", re.IGNORECASE)
_COMMIT = LazyPattern(rb"[0-9a-f]{7,40}\Z", re.IGNORECASE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_EXACT = LazyPattern(rb"(?:==)?\s*v?(?=[0-9!]+\.)(" + VERSION + rb")(?:" + LOCAL + rb")?\Z", re.IGNORECASE)
_REFS = ("tag", "rev", "ref", "branch")
_BROKEN_BY = "an escape"


def find(source: Source, wanted: Wanted) -> Found:
    """Return the requirements on wanted packages and the git releases of wanted repositories.

    A package that comes from a git source or a URL is not reported for having no version specifier. Raises ParseError
    for a file that is not TOML.
    """
    return _find(source, _PyprojectFinder(source, wanted))


def find_in_script(source: Source, wanted: Wanted) -> Found:
    """Like `find`, for the table of a script, whose requirements are in `dependencies` at the top."""
    return _find(source, _PyprojectFinder(source, wanted, arrays=(_SCRIPT_ARRAY,)))


def _find(source: Source, finder: _PyprojectFinder) -> Found:
    for string in strings(source):
        finder.string(string)
    # Read once more if a checksum may belong to a pin: to keep all strings of a large file would take 200 MB.
    return guarded(source, finder.found(), leaves(strings(source)))


class _PyprojectFinder:
    """Finds the pins in a TOML file, in one pass."""

    def __init__(self, source: Source, wanted: Wanted, arrays: tuple[str, ...] = ()) -> None:
        self._source = source
        self._wanted = wanted
        self._arrays = arrays
        self._items: list[Pin | Unpinned | Floor] = []
        self._tables: dict[Path, dict[str, TomlString]] = {}
        self._served: set[str] = set()
        self._packages = _OWN_TABLES.get(source.path.rpartition("/")[2].lower(), _TABLES)

    def string(self, string: TomlString) -> None:
        """Judge one string by the table that contains it."""
        keys = [key for key in string.path if isinstance(key, str)]
        table = "/".join(keys)
        if _LOCATIONS.fullmatch(table):
            self._location(string, keys)
        elif isinstance(string.path[-1], int):
            if len(string.path) == len(keys) + 1 and (table in self._arrays or _ARRAYS.fullmatch(table)):
                self._requirement(string, keys)
            elif keys[0] == "tool":
                self._stray(string, keys)
        else:
            self._entry(string, keys)

    def _entry(self, string: TomlString, keys: list[str]) -> None:
        """Judge the value of a key."""
        if self._says_where(keys[:-1]):
            self._tables.setdefault(string.path[:-1], {})[keys[-1]] = string
        entry = keys[:-1] if keys[-1] == "version" and not self._packages.fullmatch("/".join(keys[:-1])) else keys
        if len(entry) > 1 and self._packages.fullmatch("/".join(entry[:-1])):
            self._version(string, entry)
        elif len(entry) > 1 and entry[0] == "tool":
            self._stray_entry(string, entry)

    def _location(self, string: TomlString, keys: list[str]) -> None:
        """Judge the URL of an index, or of a page with the files of one release (`…/releases/expanded_assets/vV`)."""
        text = string.passage.data
        where = Addressed(
            source=self._source,
            passage=string.passage,
            start=0,
            end=len(text),
            wanted=self._wanted,
            anchor=None,
            broken_by=_BROKEN_BY,
        )
        item = judge_address(where)
        if isinstance(item, Pin):
            item = item._replace(anchor=f"{_dotted(keys)}/{item.anchor}")
        if item is not None:
            self._items.append(item)

    def found(self) -> Found:
        """Return everything in the order of the file."""
        for path, table in self._tables.items():
            self._served_by(path, table)
        items = sorted(self._items, key=lambda item: item.span)
        unpinned = [item for item in items if isinstance(item, Unpinned)]
        return Found(
            number_anchors([item for item in items if isinstance(item, Pin)]),
            tuple(item for item in unpinned if item.reason != NO_VERSION or item.subject not in self._served),
            tuple(item for item in items if isinstance(item, Floor)),
        )

    def _requirement(self, string: TomlString, keys: list[str]) -> None:
        item = self._judged(string, keys)
        if item is not None:
            self._items.append(item)

    def _stray(self, string: TomlString, keys: list[str]) -> None:
        """Report an exact requirement in an array of an unknown tool, since it may well be a pin."""
        item = self._judged(string, keys)
        if isinstance(item, Pin):
            reason = f"pinned in {_dotted(keys)}, a table that fi-bump does not know"
            self._items.append(Unpinned(self._source, item.span, item.subject, reason))

    def _stray_entry(self, string: TomlString, keys: list[str]) -> None:
        """Report `kit = "V"` and `kit_version = "V"` in a table of an unknown tool."""
        exact = _EXACT.match(string.passage.data)
        package = canonical_name(keys[-1])
        subject = package if package in self._wanted.packages else None
        subject = subject or variable_of(keys[-1].replace("-", "_"), self._wanted.variables)
        if exact and subject:
            reason = f"pinned in {_dotted(keys[:-1])}, a table that fi-bump does not know"
            self._report(string.passage.span(*exact.span(1)), subject, reason)

    def _judged(self, string: TomlString, keys: list[str]) -> Pin | Unpinned | Floor | None:
        """Return the pin, report or floor for a string that is a requirement on a wanted package, else None."""
        text = string.passage.data
        head = named(text)
        if head is None or head[0] not in self._wanted.packages:
            return None
        package, start = head
        end = without_marker(text, start, len(text))
        anchor = f"{_dotted(keys)}/{package}"
        return judge(
            Requirement(
                source=self._source,
                passage=string.passage,
                package=package,
                start=start,
                end=end,
                anchor=anchor,
                broken_by=_BROKEN_BY,
                wanted=self._wanted,
            )
        )

    def _version(self, string: TomlString, keys: list[str]) -> None:
        """Judge the value of a package in a table of Poetry, PDM, Pixi or Pipenv."""
        package = canonical_name(keys[-1])
        text = string.passage.data
        if package not in self._wanted.packages:
            return
        anchor = f"{_dotted(keys[:-1])}/{package}"
        bare, caret = _BARE.match(text), _CARET.match(text)
        item: Pin | Unpinned | Floor | None
        if bare:
            item = self._exact(string, *bare.span(1), anchor, Kind.REQUIREMENT, package)
        elif caret:
            item = Floor(self._source, string.span, package, _range(caret[1], caret[2]))
        elif text.strip() in (b"*", b""):
            item = Unpinned(self._source, string.span, package, NO_VERSION)
        elif _WILDCARD.match(text):
            reason = f"'{string.value.strip()}' is a wildcard, not one version"
            item = Unpinned(self._source, string.span, package, reason)
        else:
            requirement = Requirement(
                source=self._source,
                passage=string.passage,
                package=package,
                start=0,
                end=len(text),
                anchor=anchor,
                broken_by=_BROKEN_BY,
                wanted=self._wanted,
            )
            item = judge(requirement)
            item = item or Unpinned(self._source, string.span, package, f"'{string.value}' is not a version specifier")
        self._items.append(item)

    def _says_where(self, keys: list[str]) -> bool:
        """Whether a table may say where a package comes from."""
        parent = "/".join(keys[:-1])
        return len(keys) > 1 and (parent == _UV_SOURCES or self._packages.fullmatch(parent) is not None)

    def _served_by(self, path: Path, table: dict[str, TomlString]) -> None:
        """Judge a table that says where a package comes from: `{ git = "…", tag = "vV" }` or `{ url = "…" }`."""
        keys = [key for key in path if isinstance(key, str)]
        package = canonical_name(keys[-1])
        if "git" in table:
            self._served.add(package)
            self._git(table, package, f"{_dotted(keys[:-1])}/{package}")
        elif package in self._wanted.packages and (url := table.get("url", table.get("path"))) is not None:
            in_file = _FILE_NAME.search(url.passage.data)
            if "url" not in table and in_file is None:
                return  # A folder: what is in it has no version here.
            self._served.add(package)
            place = Addressed(
                source=self._source,
                passage=url.passage,
                start=0,
                end=len(url.passage.data),
                wanted=self._wanted,
                anchor=f"{_dotted(keys[:-1])}/{package}",
                broken_by=_BROKEN_BY,
            )
            item = judge_address(place) or Unpinned(self._source, url.span, package, NOT_MOVED)
            address = release(url.passage.data, self._wanted)
            named = (address.named if address else None) or (in_file.span(1) if in_file else None)
            if isinstance(item, Unpinned) and named:
                # The package comes from here, whatever its requirement says, so the requirement must not move alone.
                pin = self._exact(url, *named, f"{_dotted(keys[:-1])}/{package}", Kind.URL, package)
                item = pin._replace(guard=Guard(item.reason)) if isinstance(pin, Pin) else pin
            self._items.append(item)

    def _git(self, table: dict[str, TomlString], package: str, anchor: str) -> None:
        repository = canonical_repository(table["git"].value)
        if repository not in self._wanted.repositories:
            if package in self._wanted.packages:
                self._report(table["git"].span, package, f"comes from {repository}, which the lock does not name")
            return
        ref = next((name for name in _REFS if name in table), None)
        if ref is None:
            self._report(table["git"].span, repository, "installed without a release")
            return
        text = table[ref].passage.data
        tag = _TAG.match(text) if ref != "branch" else None
        if tag and (b"." in tag[1] or ref == "tag"):
            self._items.append(self._exact(table[ref], *tag.span(1), anchor, Kind.GIT_REF, repository))
        elif ref == "branch":
            self._report(table[ref].span, repository, "a branch, not a release")
        else:
            reason = "a commit, not a release" if _COMMIT.match(text) else "not a release tag"
            self._report(table[ref].span, repository, reason)

    def _exact(self, string: TomlString, start: int, end: int, anchor: str, kind: Kind, subject: str) -> Pin | Unpinned:
        """Return the pin of `text[start:end]` of a string, or a report if the file splits that text."""
        if not string.passage.is_whole(self._source, start, end):
            return Unpinned(self._source, string.span, subject, f"the version is split by {_BROKEN_BY}")
        span = string.passage.span(start, end)
        return make_pin(self._source, span.start, span.end, anchor, kind, subject)

    def _report(self, span: Span, subject: str, reason: str) -> None:
        self._items.append(Unpinned(self._source, span, subject, reason))


def _dotted(keys: list[str]) -> str:
    """Join keys as TOML writes them: `tool.hatch.envs."a b".dependencies`."""
    return ".".join(key if _BARE_KEY.match(key) else json.dumps(key) for key in keys)


def _range(operator: bytes, version: bytes) -> str:
    """Translate Poetry's `^1.2.3` and `~1.2.3` into a PEP 440 specifier."""
    parts = [int(part) for part in version.split(b".")]
    if operator == b"^":
        kept = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    else:
        kept = min(1, len(parts) - 1)
    upper = [*parts[:kept], parts[kept] + 1]
    return f">={version.decode('ascii')},<{'.'.join(map(str, upper))}"
