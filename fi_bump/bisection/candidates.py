"""The releases of a bisection: those that an index, or a folder of wheels, has between the two ends."""

from __future__ import annotations

from packaging.version import Version

from fi_bump.bisection.model import Candidate, Question
from fi_bump.errors import NoReleaseError, UsageError
from fi_bump.lock.records import Member
from fi_bump.releases.known import Known
from fi_bump.releases.on_the_way import on_the_way
from fi_bump.smoke.ranges import wheel_version, wheels


def of_index(known: Known, question: Question, member: Member) -> tuple[Candidate, ...]:
    """Return the final releases between the two ends, and the ends, from the good one to the bad one.

    Yanked releases are among them: an engine may have pinned one. Raises NoReleaseError if an end is not on the index,
    and PackageIndexError if that cannot be told.
    """
    for version in (question.good, question.bad):
        if not known.files(member.name, Version(version)):
            absent = known.answer(member.name).absence(Version(version), member.label, True)
            raise NoReleaseError(f"{member.name} {absent}", hint="name releases that the index has")
    start = on_the_way(known, [member], None, question.good)
    between = on_the_way(known, [member], question.good, question.bad)
    return tuple(Candidate(each.version, each.date, each.yanked) for each in (*start, *between))


def of_wheelhouse(question: Question) -> tuple[Candidate, ...]:
    """Return the final releases in the question's folder of wheels, and the ends, from the good one to the bad one.

    Raises NoReleaseError if the folder lacks an end.
    """
    folder = question.wheelhouse or "."
    found = {Version(Version(wheel_version(name)).public) for name in wheels(folder, question.package)}
    good, bad = Version(question.good), Version(question.bad)
    for end in (good, bad):
        if end not in found:
            raise NoReleaseError(
                f"this folder has no wheel of {question.package} {end}", place=folder, hint="put that wheel there"
            )
    low, high = sorted((good, bad))
    chosen = sorted(
        (each for each in found if each in (good, bad) or (low < each < high and not each.is_prerelease)),
        reverse=good > bad,
    )
    return tuple(Candidate(str(each)) for each in chosen)


def refuse_equal_ends(question: Question) -> None:
    """Raise UsageError if both ends are the same release."""
    if Version(question.good) == Version(question.bad):
        message = f"--good and --bad name the same release, {question.good}"
        raise UsageError(message, hint="name two releases")
