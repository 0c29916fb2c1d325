"""Compute the values of the templates' placeholders (listed in docs/ci.md) from a lock."""

from __future__ import annotations

import json
from typing import NamedTuple

from fi_bump.installs.model import Installed
from fi_bump.installs.tree import installed
from fi_bump.lock.records import LOCK_NAME, Group, Lock, Member
from fi_bump.lock.writing import dump
from fi_bump.repository import Repository
from fi_bump.request import named_group
from fi_bump.smoke.registry import PROBES, Capability, group_of, judged
from fi_bump.template.catalog import Template
from fi_bump.template.fill import Rows, Values
from fi_bump.template.install import install, pre_commit_entry
from fi_bump.template.origin import Origin

# The Python that runs fi-bump in CI. The pinned packages are not installed there.
PYTHON = "3.12"
# The interpreter that installs fi-bump, by placeholder: that of the job, and those of environments that the job makes.
INTERPRETERS = {
    "install": "python",
    "install-venv": ".venv-fi-bump/bin/python",
    "install-runner": '"$RUNNER_TEMP/fi-bump/bin/python"',
}
# The GPU architectures with different probes: name, an example of a runner's label, compute capability.
ARCHITECTURES: tuple[tuple[str, str, Capability], ...] = (("sm90", "h200", (9, 0)), ("sm100", "b200", (10, 0)))


class Filling(NamedTuple):
    """The values for the whole template, and the values of each row of its blocks."""

    values: Values
    rows: Rows


def filling(template: Template, repository: Repository, name: str | None, source: Origin | None) -> Filling:
    """Return the values for one group of the lock, or for all groups. `source` is for templates that install fi-bump.

    Raises UsageError for an unknown group, or if a template that runs probes does not find exactly one group for them.
    """
    lock = repository.lock
    groups = lock.groups if name is None else (named_group(lock, name),)
    smoke = _smoke_group(template, lock, name)
    here = installed(repository.root, lock, repository.scan())
    values = {
        "lock": LOCK_NAME,
        "python": PYTHON,
        "groups": _strings([group.name for group in groups]),
        "all-packages": _strings(sorted({member.name for group in groups for member in group.packages})),
    }
    if source is not None:
        values |= {name: install(source, python) for name, python in INTERPRETERS.items()}
        values["hook"] = pre_commit_entry(source)
        # The slim image has no git, which pip runs to fetch a commit.
        values["image"] = f"python:{PYTHON}" if "git+" in source.requirement else f"python:{PYTHON}-slim"
    if smoke is not None:
        values |= {"smoke-group": smoke.name, "smoke-version": smoke.version, "smoke-lock": _small_lock(smoke)}
    rows: dict[str, list[Values]] = {
        "group": [_group(group, _counted(group, here)) for group in groups],
        "smoke": [{}] if smoke else [],
        "architecture": [_architecture(*each) for each in ARCHITECTURES] if smoke else [],
    }
    return Filling(values, rows)


def _smoke_group(template: Template, lock: Lock, name: str | None) -> Group | None:
    """Return the group that the probes test; None for a template that does not need one."""
    if template.smoke == "none" or (template.smoke == "part" and not judged(lock, name)):
        return None
    return group_of(lock, name)


def _counted(group: Group, here: Installed) -> list[str]:
    """Return the members that must have a new version: those that count for `set` too, if an index can be asked.

    If none counts by itself, `set` asks the indexes which ones have the version. A template cannot ask an index, so it
    has all of them.
    """
    counted = [member.name for member in group.packages if here.counts(member) and _can_be_asked(member, here)]
    return sorted(counted or [member.name for member in group.packages])


def _can_be_asked(member: Member, here: Installed) -> bool:
    """Whether the lock or some installation of a member says where its releases are, or leaves it to the defaults."""
    options = [each.options for each in here.of(member.name)]
    return bool(
        member.index_urls
        or not options
        or any(not each.elsewhere and all(address.url for address in each.addresses) for each in options)
    )


def _group(group: Group, counted: list[str]) -> Values:
    rows = []
    for member in sorted(group.packages):
        indexes = ", ".join(member.index_urls) or "the configured one"
        rows.append(f"| {member.name}{f' (+{member.label})' if member.label else ''} | {group.version} | {indexes} |")
    return {
        "group": group.name,
        "version": group.version,
        "packages": _strings(counted),
        "count": str(len(counted)),
        "members": "\n".join(rows),
    }


def _architecture(name: str, label: str, capability: Capability) -> Values:
    # A runner of a template has one GPU.
    probes = [probe.name for probe in PROBES.values() if probe.runs_on(capability) and probe.devices == 1]
    return {
        "architecture": name,
        "label": label,
        "major": str(capability[0]),
        "minor": str(capability[1]),
        "probes": " ".join(probes),
        "require": " ".join(f"--require {probe}" for probe in probes),
        "require-items": "\n".join(f"- --require={probe}" for probe in probes),
    }


def _small_lock(group: Group) -> str:
    """Return a lock with only what `smoke` reads: one group, without sites and release files."""
    members = tuple(member._replace(files=()) for member in group.packages)
    alone = group._replace(packages=members, variables=(), repositories=(), sites=())
    return dump(Lock((alone,))).decode("utf-8").rstrip("\n")


def _strings(names: list[str]) -> str:
    """Return names as the items of a JSON list, without its brackets."""
    return json.dumps(names)[1:-1]
