"""What is installed for each release of a bisection: the package at its version, and everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping

from fi_bump.bisection.model import Question
from fi_bump.lock.records import Group
from fi_bump.smoke.base_interpreter import Base
from fi_bump.smoke.environment import EnvironmentRequest, wanted_for
from fi_bump.smoke.ranges import name_of
from fi_bump.smoke.registry import PROBES


def requested(
    question: Question, group: Group, version: str, beside: tuple[str, ...], held: tuple[str, ...], base: Base | None
) -> EnvironmentRequest:
    """Return the environment with one release of the question's package.

    `beside` are the requirements of the repository's own pins, `held` those of the first environment. For a probe, the
    members of the group that it does not use are left out, since they can be gigabytes.
    """
    at = question.version if question.of_dependency else version
    wanted = wanted_for(group, at, question.wheelhouse, (*question.extra, *beside), base)
    unused = set() if question.probe is None else {each.name for each in group.packages} - _used(question)
    kept = [each for each in wanted.requirements if name_of(each) not in unused | {question.package}]
    kept += [each for each in wanted.requirements if name_of(each) == question.package and not question.of_dependency]
    if question.of_dependency:
        kept.append(f"{question.package}=={version}")
    named = {name_of(each) for each in kept}
    kept += [each for each in held if name_of(each) not in named]
    return wanted._replace(requirements=tuple(kept))


def to_hold(question: Question, group: Group, packages: Mapping[str, str], base: Base | None) -> tuple[str, ...]:
    """Return the requirements to hold from the first environment: the packages that the probes depend on."""
    members = {each.name for each in group.packages}
    taken = {question.package, *members, *map(name_of, question.extra), *(base.packages if base else ())}
    names = sorted(_used(question) - taken)
    # The local label (+cpu) is dropped: it does not name another release, and an index may not have it.
    return tuple(f"{name}=={packages[name].partition('+')[0]}" for name in names if name in packages)


def _used(question: Question) -> set[str]:
    """Return the packages that the question's probe depends on; of tests and commands nothing is known, so all."""
    probes = PROBES.values() if question.probe is None else [PROBES[question.probe]]
    return {question.main, *(name for probe in probes for name in probe.packages)}
