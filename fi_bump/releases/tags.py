"""How a version becomes the tag of a git repository: `v{version}`, `nightly-v{base}-{date}`, `v` only from 1.0 on.

A rule is a template, or a condition before it: `>=1.0: v{version}`, `dev: nightly-v{base}-{date}`. The first rule whose
condition holds says the tag. `{version}` is the version, `{base}` what comes before its first suffix (0.6.15 of
0.6.15.dev20260724), and `{date}` the number after `dev`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from packaging.version import Version

from fi_bump import families
from fi_bump.lock.records import DEFAULT_TAG, Group
from fi_bump.pins import Kind, Pin
from fi_bump.versions import admits

_WORD = re.compile(rb"[A-Za-z][A-Za-z-]*\Z")
_LONGEST = 40
_LONGEST_ADDRESS = 200
# The part of an address that is a tag, up to the version.
_IN_ADDRESS = re.compile(
    rb"/(?:archive(?:/refs/tags)?|releases/(?:download|tag|expanded_assets)|tarball|zipball)/(?P<before>[A-Za-z-]*)\Z"
)
# What says that a version is a tag: the command or the address in its anchor, or the key on its line.
_GIT = re.compile(r"(?:^|[ /])git [a-z]|git\+|git\.version")
_KEY = re.compile(
    rb"(?:^|[^\w-])(?:git_tag|tag|ref|rev|branch)[\"']?[ \t]*(?:[:=][ \t]*)?[\"']?[A-Za-z-]*\Z", re.IGNORECASE
)
# A reference that is used as a tag: `--branch v${NAME}`, `git checkout $NAME`, `@v${NAME}`, `/download/v${NAME}/`.
_USE = (
    rb"(?:--branch(?:=|[ \t]+)|(?<!\S)-b[ \t]*|\b(?:checkout|switch)[ \t]+(?:-\S+[ \t]+)*"
    rb"|\btags/|/download/|/archive/|@)"
    rb"[\"']?(?:tags/)?(?P<before>[A-Za-z-]*)\$[{(]?%s(?![\w:-])"
)
# A name of a variable that holds a tag.
_IS_REF = re.compile(r"(?:ref|tag|branch)\Z", re.IGNORECASE)


class TagUse(NamedTuple):
    """A version that is used as a tag: the repository, and the text in the tag before the version."""

    repository: str
    before: str


def rules_of(group: Group) -> tuple[str, ...]:
    """Return the rules that the lock has for a group, else those of the family with its repository; () if none."""
    return group.tags or families.tags_of(group.repositories)


def tag_of(rules: Sequence[str], version: str) -> str | None:
    """Return the tag of a version by the rules, or None if none of their conditions holds."""
    parsed = Version(version)
    for rule in rules:
        condition, colon, template = rule.rpartition(": ")
        if colon and not _holds(condition, parsed):
            continue
        date = "" if parsed.dev is None else str(parsed.dev)
        if "{date}" in template and not date:
            continue
        return template.replace("{version}", version).replace("{base}", parsed.base_version).replace("{date}", date)
    return None


def _holds(condition: str, version: Version) -> bool:
    if condition in ("dev", "pre"):
        return version.is_devrelease if condition == "dev" else version.is_prerelease
    return admits(condition, str(version)) is True


def use_of(pin: Pin, group: Group) -> TagUse | None:
    """Return how a pin is used as a tag of one of the group's repositories, or None if it is not."""
    data = pin.source.masked
    before = data[max(pin.span.start - _LONGEST, 0) : pin.span.start]
    if pin.kind is Kind.GIT_REF and pin.subject in group.repositories:
        line = data[data.rfind(b"\n", 0, pin.span.start) + 1 : pin.span.start]
        if not (_GIT.search(pin.anchor) or _KEY.search(line)):
            return None  # The version of a package that is named after the repository.
        word = _WORD.search(before.removesuffix(b"-b") if before.endswith(b" -b") else before)
        return TagUse(pin.subject, word[0].decode("ascii") if word else "")
    if pin.kind is Kind.URL:
        for start, _ in (pin.span, *pin.repeats):
            found = _IN_ADDRESS.search(data, max(start - _LONGEST, 0), start)
            if found is None:
                continue
            address = data[max(found.start() - _LONGEST_ADDRESS, 0) : found.start()].lower()
            name = next((each for each in group.repositories if address.endswith(b"/" + each.encode("ascii"))), None)
            if name is not None:
                return TagUse(name, found["before"].decode("ascii"))
        return None
    return _of_variable(pin, group, before) if pin.kind is Kind.VARIABLE else None


def use_by_name(pin: Pin, group: Group) -> TagUse | None:
    """Return how a variable is used as a tag if its name says that it is one (`NIXL_REF`); None for other pins.

    Another file may use it with text before it, so this counts only where the present value is a tag by the rules.
    """
    if pin.kind is not Kind.VARIABLE or len(group.repositories) != 1 or not _IS_REF.search(_name_of(pin)):
        return None
    own = _WORD.search(pin.source.masked, max(pin.span.start - _LONGEST, 0), pin.span.start)
    return TagUse(group.repositories[0], own[0].decode("ascii") if own else "")


def _name_of(pin: Pin) -> str:
    return re.split(r"[ /.]", re.sub(r" \([0-9]+\)\Z", "", pin.anchor))[-1]


def _of_variable(pin: Pin, group: Group, before: bytes) -> TagUse | None:
    """Return how a variable is used as a tag in its own file; None if it is not, or in two ways."""
    name = re.escape(_name_of(pin).encode("ascii"))
    uses = {found["before"] for found in re.finditer(_USE % name, pin.source.masked)}
    near = [each for each in group.repositories if each.encode("ascii") in pin.source.lowered]
    if len(uses) != 1 or len(near) != 1:
        return None
    own = _WORD.search(before)
    return TagUse(near[0], (uses.pop() + (own[0] if own else b"")).decode("ascii"))


def rule_in_tree(group: Group, pins: Iterable[Pin]) -> str | None:
    """Return the template of the tags in a tree, if all places have the same and it is not what is known already."""
    used = {(use.before, pin.version) for pin in pins if (use := use_of(pin, group)) is not None}
    if len({before for before, _ in used}) != 1:
        return None
    rules = rules_of(group) or (DEFAULT_TAG,)
    if all(tag_of(rules, version) == before + version for before, version in used):
        return None
    return f"{next(iter(used))[0]}{{version}}"
