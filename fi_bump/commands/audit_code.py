"""`fi-bump audit --api`: which packages and releases the code is compared with."""

from __future__ import annotations

from collections import Counter

from fi_bump.audit.statements import installed_together
from fi_bump.errors import FiBumpError, NoReleaseError, UsageError
from fi_bump.fit.model import Compared, Fit
from fi_bump.fit.releases import is_released
from fi_bump.fit.tree_code import TreeCode, compared
from fi_bump.grammar import canonical_name
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.releases.known import Known
from fi_bump.repository import Repository
from fi_bump.request import Request
from fi_bump.versions import canonical_version


def compare_code(
    repository: Repository,
    request: Request,
    known: Known,
    packages: tuple[str, ...],
    against: str | None,
    tree: TreeCode,
    *,
    trace_notes: bool = False,
) -> tuple[list[Fit], FiBumpError | None]:
    """Compare the code with the releases of the members and of `packages` (`NAME[==VERSION]`).

    `against` is the release to compare with in place of the locked one. With `trace_notes` each note names the release
    in which it came up, however many releases are between the two.
    Returns what was found, and the first error of an index that does not answer. Raises UsageError for a package that
    the repository does not pin or a text that is no version, and NoReleaseError for a release that is named and not on
    the indexes.
    """
    lock, versions = request
    if against is not None:
        against = _against(request, against)
    asked = compared(lock, versions, against)
    if against is not None:
        for each in asked:
            if each.proposed is not None:
                _refuse_missing(known, each.package, against, "--against")
    for text in packages:
        each = _named(repository.root, lock, asked, text)
        if each.proposed is not None:
            _refuse_missing(known, each.package, each.proposed, "--package")
        asked = [other for other in asked if other.package != each.package] + [each]
    asked = [each._replace(trace_notes=trace_notes) for each in asked]
    return tree.fits(asked, known)


def _against(request: Request, text: str) -> str:
    """Return the version of `--against`, which needs another one to compare with it."""
    version = canonical_version(text)
    if not request.versions:
        group = request.lock.groups[0]
        hint = f"name the release too: fi-bump audit {group.name}=={group.version} --api --against {version}"
        raise UsageError("--against needs a release that is compared with it", hint=hint)
    return version


def _named(root: str, lock: Lock, asked: list[Compared], text: str) -> Compared:
    """Return the package of a `--package` with its pinned and its proposed release."""
    name, separator, version = text.partition("==")
    package = canonical_name(name)
    if not package or (separator and not version):
        raise UsageError(f"--package takes NAME or NAME==VERSION, not '{text}'", hint="write a package and its version")
    proposed = canonical_version(version) if version else None
    member = next((each for each in asked if each.package == package), None)
    if member is not None:
        return member._replace(proposed=proposed)
    pinned, *others = _pinned(root, lock, name)
    remark = f"other requirements here pin {package} to {' and '.join(others)}" if others else None
    return Compared(package, pinned, proposed, remark=remark)


def _pinned(root: str, lock: Lock, name: str) -> list[str]:
    """Return the versions that the repository pins a package to: the one of most requirements first, of those the
    newest. Raises UsageError where it pins none.
    """
    package = canonical_name(name)
    group = Group(package, "0", (Member(package),))
    sets = installed_together(root, lock._replace(groups=(group,)))
    stated = {each for one in sets for each in one.stated if each.package == package}
    pins = Counter(each.version for each in stated if each.version is not None)
    if not pins:
        raise UsageError(
            f"no requirement here pins {name} to one version", hint=f"pin it, or leave out --package {name}"
        )
    first, *others = sorted(pins, key=lambda each: (pins[each], each), reverse=True)
    return [str(first), *map(str, sorted(others))]


def _refuse_missing(known: Known, package: str, version: str, option: str) -> None:
    """Raise NoReleaseError for a release that a user names and no index has."""
    if not is_released(known, package, version):
        near = known.usable(package)
        hint = f"{option} can name {near[-1]}, its newest release" if near else "check the package's name and the index"
        raise NoReleaseError(f"{package} has no release {version}", hint=hint)
