"""Keys of YAML files: which of them name something wanted, and which say what the value beside them is."""

from __future__ import annotations

from fi_bump.grammar import canonical_name, variable_of
from fi_bump.pins import Kind, Wanted
from fi_bump.records import NamedTuple

# The key of a value whose name is one key above it (workflow inputs, GitLab variables) or beside it (Kubernetes).
DEFAULTS = frozenset({"default", "value"})
# Keys whose text is for people and may name a version without pinning it.
PROSE = frozenset(
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
# Keys whose text describes what a file contains before it is changed, as in Ansible's lineinfile.
SEARCHES = frozenset({"regexp", "regex", "search", "search_string", "insertafter", "insertbefore", "pattern"})
REPOSITORY = frozenset({"repository", "repo", "url", "git"})
# Keys of lists of requirements.
LISTS = frozenset({"pip", "dependencies", "packages", "requirements", "pip_packages", "python_packages"})
REF = frozenset({"ref", "rev", "tag", "branch"})


class KeySubject(NamedTuple):
    """The wanted subject that a key names, and the kind of its pins."""

    kind: Kind
    name: str


def key_subject(key: str, wanted: Wanted) -> KeySubject | None:
    """Return the wanted variable or package that a key names, or None."""
    variable = variable_of(key.replace("-", "_"), wanted.variables)
    if variable is not None:
        return KeySubject(Kind.VARIABLE, variable)
    package = canonical_name(key)
    return KeySubject(Kind.REQUIREMENT, package) if package in wanted.packages else None


def named_subject(name: str, wanted: Wanted) -> KeySubject | None:
    """Return the wanted package of that name, or the wanted repository whose last part it is, or None."""
    package = canonical_name(name)
    if package in wanted.packages:
        return KeySubject(Kind.REQUIREMENT, package)
    found = next((each for each in sorted(wanted.repositories) if each.rpartition("/")[2] == package), None)
    return KeySubject(Kind.GIT_REF, found) if found else None
