"""Make groups from a scan: the version they take, the sites they record, and whether one becomes several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from fi_bump.grammar import VERSION, variable_of
from fi_bump.lock.records import Group, Lock
from fi_bump.ownership import assign, site_to_record
from fi_bump.pins import BY_HAND, Kind, Mark, Pin, Unpinned
from fi_bump.scanning.bound_names import is_general, is_specific, spelled
from fi_bump.scanning.scan import Scan
from fi_bump.versions import canonical_version, newest_first, same_version

# Tables, folders and files whose names are too common to name a group.
_GENERAL = frozenset(
    [
        "dependencies",
        "override-dependencies",
        "constraint-dependencies",
        "requires",
        "run",
        "script",
        "pip",
        "docker",
        "dockerfile",
        "dockerfiles",
        "containerfile",
        "requirements",
        "github",
        "workflows",
        "buildkite",
        "ci",
        "scripts",
        "deploy",
        "src",
        "tests",
        "images",
        "image",
        "build",
        "tools",
        "python",
        "pyproject",
        "setup",
        "versions",
        "version",
        "default",
        "arg",
        "args",
        "env",
        "export",
        "inputs",
        "variable",
        "variables",
    ]
)
_CUDA = re.compile(r"(?<![a-z0-9])cu(?:da)?[-_.]?([0-9]{2})[-_.]?([0-9])?(?![0-9])", re.IGNORECASE)
_IN_TEXT = re.compile(rb"(?<![0-9A-Za-z.])v?(" + VERSION + rb")(?![0-9A-Za-z])", re.IGNORECASE)


def filled(group: Group, lock: Lock, found: Scan, version: str | None) -> Group | None:
    """Return the group with the sites of its pins and one version, or None without pins.

    Without `version` it takes the version that most of its pins have. Every package of the family stays a member,
    pinned today or not, so that fi-bump finds a pin of it that is added later.
    """
    pins = [pin for pin, owner, _ in assign(lock, found.pins) if owner == group and not pin.is_linked]
    if not pins:
        return None
    sites = tuple(sorted(map(site_to_record, pins)))
    return group._replace(version=version or votes(pin.version for pin in pins)[0][0], sites=sites)


def without_pins(group: Group, found: Scan, version: str | None) -> Group | None:
    """Return the group without sites, if the tree has only places of it that fi-bump cannot move; else None.

    Without `version` it takes the version that most of these places have: entries of lock files, for example.
    """
    places = unmovable(group, found)
    if version is None and not places:
        return None
    return group._replace(version=version or votes(text for _, text in places)[0][0])


def unmovable(group: Group, found: Scan) -> list[tuple[Unpinned, str]]:
    """Return the places of a group that fi-bump cannot move, each with its version, where there is exactly one."""
    return [
        (place, text)
        for place in found.unpinned
        if place.subject in group.subjects and (text := _version_at(place)) is not None
    ]


def _version_at(place: Unpinned) -> str | None:
    """Return the version of a place that cannot be moved, if there is exactly one in it."""
    if place.version is not None or not place.reason.endswith(BY_HAND) or place.mark is Mark.IMAGE_TAG:
        return place.version
    texts = {match[1].decode() for match in _IN_TEXT.finditer(place.source.text(place.span).encode())}
    return texts.pop() if len(texts) == 1 else None


def votes(versions: Iterable[str]) -> list[tuple[str, int]]:
    """Count versions, those that PEP 440 calls equal as one; return the most frequent first, then the newest.

    Of several ways to write a version (2.7 and 2.7.0) it returns the most frequent one, or else the first.
    """
    texts = Counter(map(canonical_version, versions))
    found: Counter[str] = Counter()
    for text in sorted(texts, key=lambda text: -texts[text]):
        found[next((each for each in found if same_version(each, text)), text)] += texts[text]
    newest = newest_first(list(found))
    return sorted(found.items(), key=lambda item: (-item[1], newest.index(item[0])))


def has_majority(group: Group, found: Scan) -> bool:
    """Whether more than half of the group's pins have its version."""
    pins = [pin for pin in found.pins if pin.site in set(group.sites)]
    return 2 * sum(same_version(pin.version, group.version) for pin in pins) > len(pins)


def bound_variables(group: Group, found: Scan) -> dict[str, Pin | Unpinned]:
    """Return the variables that hold a version of the group and have other names, each with a place that shows it."""
    names: dict[str, Pin | Unpinned] = {}
    for pin in found.pins:
        if pin.kind is Kind.VARIABLE and pin.subject in group.subjects:
            names.setdefault(spelled(pin), pin)
    for place in found.unpinned:
        if place.variable is not None and place.subject in group.subjects:
            names.setdefault(place.variable.upper(), place)
    known = frozenset(group.variables)
    return {
        name: place
        for name, place in names.items()
        if re.fullmatch("[A-Z][A-Z0-9_]*", name) and is_specific(name) and variable_of(name, known) is None
    }


def build_arguments(group: Group, found: Scan) -> dict[str, Pin | Unpinned]:
    """Return the variables with names of one word (`FIV`) that a Dockerfile needs and does not set, with their uses.

    Elsewhere a short name may be anything, so only build arguments are looked for under it.
    """
    known = frozenset(group.variables)
    return {
        place.variable.upper(): place
        for place in reversed(found.unpinned)
        if place.variable is not None
        and place.subject in group.subjects
        and re.fullmatch("[A-Z][A-Z0-9]{2,}", place.variable)
        and not is_general(place.variable)
        and re.search(rb"^[ \t]*ARG[ \t]+" + place.variable.encode() + rb"[ \t]*$", place.source.data, re.MULTILINE)
        and variable_of(place.variable, known) is None
    }


def is_build_argument(pin: Pin) -> bool:
    """Whether a variable is set for a build: under `args` in a Compose or a bake file, or with `--build-arg`."""
    before = pin.source.data[max(pin.span.start - 100, 0) : pin.span.start]
    return ".args." in f".{pin.anchor}" or re.search(rb"--build-arg[ =][\"']?\w+=[\"']?v?\Z", before) is not None


def split(group: Group, found: Scan, *, everywhere: bool) -> list[Group]:
    """Return the group, or one group per version if the pins differ on purpose.

    They do if the tables of one file have several versions of a package, since no installer would accept them together.
    Elsewhere a second version is drift, unless `everywhere` (`--split`) says that it is not.
    """
    by_version: dict[str, list[Pin]] = {}
    for pin in found.pins:
        if pin.site in group.sites:
            text = canonical_version(pin.version)
            by_version.setdefault(next((each for each in by_version if same_version(each, text)), text), []).append(pin)
    versions_of: dict[tuple[str, str], set[str]] = {}
    for version, same in by_version.items():
        for pin in same:
            versions_of.setdefault((pin.source.path, pin.subject), set()).add(version)
    on_purpose = any(len(versions) > 1 and path.endswith(".toml") for (path, _), versions in versions_of.items())
    if len(by_version) < 2 or not (everywhere or on_purpose):
        return [group]
    taken: set[str] = set()
    groups = []
    for version, same in sorted(by_version.items(), key=lambda item: not same_version(item[0], group.version)):
        others = [pin for pins in by_version.values() if pins is not same for pin in pins]
        is_own = same_version(version, group.version)
        name = group.name if is_own else _scope_name(group, same, others, version)
        name = name if name not in taken else f"{name}-{version.replace('.', '-').replace('!', '-')}"
        taken.add(name)
        groups.append(group._replace(name=name, version=version, sites=tuple(sorted(pin.site for pin in same))))
    return groups


def _scope_name(group: Group, pins: list[Pin], others: list[Pin], version: str) -> str:
    """Name a second version of a family after what its pins have in common and the others have not.

    That is a table, a variable's prefix, a key, a CUDA version, a file or a folder; if there is no such thing, any
    scope of a pin, and last the version itself.
    """
    kinds: tuple[Callable[[Pin], str], ...] = (_scope, _key, _cuda, _file, _folder)
    for kind in kinds:
        own = {words for pin in pins if (words := _words(group, kind(pin)))}
        if len(own) == 1 and own.isdisjoint({_words(group, kind(pin)) for pin in others}):
            return f"{group.name}-{own.pop()}"
    for scope in (*map(_scope, pins), *map(_folder, pins)):
        if words := _words(group, scope):
            return f"{group.name}-{words}"
    return f"{group.name}-{re.sub('[^a-z0-9]+', '-', version)}"


def _words(group: Group, scope: str) -> str:
    """Return a scope as words of a group's name; empty for one that is too common or is the group's own name."""
    words = re.sub("[^a-z0-9]+", "-", scope.lower()).strip("-")
    return "" if words in _GENERAL or words == group.name else words


def _scope(pin: Pin) -> str:
    """Return what distinguishes a pin within its file: its table's last key, or the prefix of its variable's name."""
    if pin.kind is not Kind.VARIABLE:
        return pin.anchor.rpartition("/")[0].rpartition(".")[2]
    words = [word.upper().replace("-", "_") for word in re.split(r"[ ./]", pin.anchor)]
    return next((word.removesuffix(pin.subject) for word in words if word.endswith(pin.subject)), "")


def _key(pin: Pin) -> str:
    """Return the key above a variable in a document's path of keys, or an empty string."""
    words = re.split(r"[ ./]", pin.anchor)
    at = next((number for number, word in enumerate(words) if _ends_in(word, pin.subject)), 0)
    return words[at - 1] if pin.kind is Kind.VARIABLE and at else ""


def _ends_in(word: str, variable: str) -> bool:
    return word.upper().replace("-", "_").endswith(variable)


def _cuda(pin: Pin) -> str:
    """Return the CUDA version in a pin's path or anchor as `cu128`, or an empty string."""
    found = _CUDA.search(pin.source.path) or _CUDA.search(pin.anchor)
    return f"cu{found[1]}{found[2] or ''}" if found else ""


def _file(pin: Pin) -> str:
    """Return what tells a pin's file from its siblings: `rocm` of Dockerfile.rocm and of requirements-rocm.txt."""
    name = pin.source.path.rpartition("/")[2]
    stem, _, ending = name.partition(".")
    if stem.lower() in ("dockerfile", "containerfile"):
        return ending
    words = [word for word in re.split("[-_.]", name.rpartition(".")[0] or name) if word.lower() not in _GENERAL]
    return "-".join(words)


def _folder(pin: Pin) -> str:
    """Return the last folder of a pin's path whose name is not too common, or an empty string."""
    folders = pin.source.path.split("/")[:-1]
    return next((name for name in reversed(folders) if name.lower().strip(".") not in _GENERAL), "")
