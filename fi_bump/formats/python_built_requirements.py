"""Constants that hold a version because a requirement is made of them: `FI = "V"` and `f"flashinfer-python=={FI}"`.

Python puts a value into a text in four ways: an f-string, `%`, `.format` and `+`. The constant is the pin, whatever its
name; a constant that a requirement of another package takes its version from too is not moved.
"""

from __future__ import annotations

from fi_bump.formats.python_literals import Literal, installs, scope
from fi_bump.formats.python_names import names_of
from fi_bump.formats.shared.references import foreign_users
from fi_bump.grammar import LOCAL, VERSION, LazyPattern, canonical_name, canonical_repository
from fi_bump.pins import Kind, Pin, Source, Span, VariableUse, Wanted, make_pin

# After the name of a package, or the address of a repository, up to the variable.
_EQUALS = LazyPattern(rb"(?:\[[^\]\n]*\])?[ \t]*===?[ \t]*v?")
_AT = LazyPattern(rb"git\+(?P<url>\w+://[^\s\"'@{}#]+)@v?")
_FIELD = LazyPattern(rb"\{(?P<name>(?:\w+\.)*\w+)[^{}]*\}|%(?:\((?P<key>\w+)\))?s|(?P<open>\{[0-9]?\})|\Z")
_ADDED = LazyPattern(rb"\s*\+\s*(?:str\()?(?:\w+\.)*(?P<name>[A-Za-z_]\w*)")
_PERCENT = LazyPattern(rb"\s*%\s*\(?\s*(?:\w+\.)*(?P<name>[A-Za-z_]\w*)\s*,?\s*\)?")
_FORMAT = LazyPattern(rb"\s*\.format\(\s*(?:(?:\w+\.)*(?P<name>[A-Za-z_]\w*)\s*[,)])")
# What a constant's value follows: `FI = `, `FI: Final = `, `FI = os.environ.get("X", `.
_ASSIGNED = LazyPattern(
    rb"(?:\A|\n)[ \t]*(?:self\.)?(?P<name>[A-Za-z_]\w*)[ \t]*(?::[^=\n]{1,80})?=[ \t]*\(?\s*"
    rb"(?:(?:os\.)?(?:environ\.get|getenv)\([ \t]*[\"']\w+[\"'][ \t]*,\s*)?\Z"
)
_RELEASE = LazyPattern(rb"v?(?P<version>(?=[0-9!]+\.)" + VERSION + rb")(?:" + LOCAL + rb")?\Z")
_REACH = 300


class BoundConstants:
    """The constants of one file that hold versions, and the requirements that are made of them."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted
        self._names = names_of(wanted)
        self._constants: dict[str, list[Span]] = {}
        self._uses: dict[str, VariableUse] = {}

    def value(self, literal: Literal) -> None:
        """Add a string that is a version, if a name of its own is set to it."""
        data = self._source.masked
        release = _RELEASE.match(data, *literal.body)
        start = literal.whole.start
        bound = _ASSIGNED.search(data, max(start - _REACH, 0), start) if release else None
        if release and bound:
            self._constants.setdefault(bound["name"].decode("ascii"), []).append(Span(*release.span("version")))

    def text(self, literal: Literal, body: bytes) -> None:
        """Add the variables that the requirements in a string take their versions from."""
        if b"{" not in body and b"%" not in body and not body.rstrip(b"v").endswith((b"=", b"@")):
            return
        for match in self._names.requirement.finditer(body):
            equals = _EQUALS.match(body, match.end())
            if equals:
                self._use(literal, body, equals.end(), canonical_name(match[0].decode("ascii")), match.start())
        for match in _AT.finditer(body):
            repository = canonical_repository(match["url"].decode("ascii"))
            if repository in self._wanted.repositories:
                self._use(literal, body, match.end(), repository, match.start())

    def add(self, use: VariableUse) -> None:
        """Add a place that takes the version from a variable."""
        self._uses.setdefault(use.variable, use)

    def _use(self, literal: Literal, body: bytes, end: int, subject: str, start: int) -> None:
        field = _FIELD.match(body, end)
        if field is None:
            return
        after = literal.whole.end
        name = field["name"] or field["key"]
        if not (literal.is_template and field["name"]):
            pattern = _ADDED if field.end() == end else _PERCENT if body[end : end + 1] == b"%" else _FORMAT
            given = pattern.match(self._source.masked, after)
            name = given["name"] if given else field["name"] if pattern is _FORMAT else None
        if name is not None:
            variable = name.rpartition(b".")[2].decode("ascii")
            where = Span(literal.body.start + start, literal.body.start + max(field.end(), end))
            # An error message, `f"kit=={expected} is needed"`, is no place to report.
            installed = installs(scope(self._source, literal))
            self._uses.setdefault(variable, VariableUse(self._source, where, subject, variable, installed))

    def pins(self) -> list[Pin]:
        """Return the pins of the constants that are used, but for those that other packages use too."""
        pins = []
        for name, use in self._uses.items():
            spans = self._constants.get(name, [])
            if spans and not foreign_users(self._source.masked, name, self._wanted.packages):
                pins += [make_pin(self._source, *span, name, Kind.VARIABLE, use.subject) for span in spans]
        return pins

    def unset(self) -> tuple[VariableUse, ...]:
        """Return the uses of names that no constant of the file has, or that other packages use too."""
        data, packages = self._source.masked, self._wanted.packages
        return tuple(
            use
            for name, use in self._uses.items()
            if name not in self._constants or foreign_users(data, name, packages)
        )
