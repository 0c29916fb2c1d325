"""What `init` does about pins that have several versions: show the groups of --split, propose commands, ask with -i."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from fi_bump.grouping import split, unmovable, votes
from fi_bump.lock.records import Group
from fi_bump.pins import Pin
from fi_bump.report.finding_lines import count
from fi_bump.scanning.scan import Scan
from fi_bump.terminal.output import say
from fi_bump.terminal.questions import ask
from fi_bump.versions import same_version

# More files than these are not named one by one in a command.
_MOST_FILES = 4


class SeveralVersions(NamedTuple):
    """A group with the version that most of its pins have, and the groups that --split would make of it."""

    group: Group
    parts: tuple[Group, ...]
    pins: tuple[Pin, ...]

    @property
    def shares(self) -> list[tuple[str, int]]:
        """The versions and the number of pins that have them; the most frequent first, then the newest."""
        return votes(pin.version for pin in self.pins)

    def moving(self, version: str) -> int:
        """Return how many pins a move of all to one version would change."""
        return sum(not same_version(pin.version, version) for pin in self.pins)


def differing(group: Group, found: Scan) -> SeveralVersions | None:
    """Return the group as one whose pins differ, or None if they do not."""
    parts = split(group, found, everywhere=True)
    sites = set(group.sites)
    return (
        SeveralVersions(group, tuple(parts), tuple(p for p in found.pins if p.site in sites))
        if len(parts) > 1
        else None
    )


def say_tie(each: SeveralVersions) -> None:
    """Print which versions the pins have if none of them has more than half."""
    total = len(each.pins)
    shares = ", ".join(f"{version} ({number} of {total})" for version, number in each.shares)
    say([f"the pins of {each.group.name} disagree, and no version has more than half of them: {shares}"])


def say_parts(each: SeveralVersions) -> None:
    """Print the groups that --split would make."""
    say(["--split would make these groups:"])
    for part in each.parts:
        paths = dict.fromkeys(site.partition("#")[0] for site in part.sites)
        more = len(paths) - _MOST_FILES
        names = [*list(paths)[:_MOST_FILES], *([f"{count(more, 'more file')}"] if more > 0 else [])]
        say([f"  {part.name} {part.version}: {', '.join(names)}"])


def help_lines(each: SeveralVersions, command: str) -> list[str]:
    """Return the commands that decide: one for each way. `command` is the `init` that they add an option to."""
    other = next(version for version, _ in each.shares if not same_version(version, each.group.version))
    tie = each.shares[0][1] * 2 <= len(each.pins)
    version = each.group.version if tie else other
    what = "lock one version and move the other pins" if tie else "lock another version"
    return [
        f"help: to keep the versions apart, run {command} --split",
        f"help: to {what}, run {command} --version {version}",
        f"help: to leave out the files with other versions, run {command} {_excluding(each)}",
    ]


def _excluding(each: SeveralVersions) -> str:
    """Return the options that exclude the files without the group's version; with PATTERN if there are none or many."""
    kept = {pin.source.path for pin in each.pins if same_version(pin.version, each.group.version)}
    paths = sorted({pin.source.path for pin in each.pins} - kept)
    mixed = any(pin.source.path in kept and not same_version(pin.version, each.group.version) for pin in each.pins)
    if mixed or not 0 < len(paths) <= _MOST_FILES:
        return "--exclude PATTERN"
    return " ".join(f"--exclude {shlex.quote(path)}" for path in paths)


def say_unmovable(groups: Sequence[Group], found: Scan, command: str, forced: str) -> bool:
    """Print what differs in groups without a pin, and what decides it; return whether a group has a tie.

    `command` is this `init`, and `forced` the one that replaces the lock.
    """
    ties = [group for group in groups if _is_unmovable_tie(group, found)]
    for group in groups:
        say(_unmovable_lines(group, found, group in ties, command if ties else forced))
    if ties:
        say(["no lock was written"])
    return bool(ties)


def _is_unmovable_tie(group: Group, found: Scan) -> bool:
    """Whether the places of a group that cannot be moved differ, and none of their versions has more than half."""
    places = unmovable(group, found)
    return bool(places) and 2 * votes(text for _, text in places)[0][1] <= len(places)


def _unmovable_lines(group: Group, found: Scan, tie: bool, command: str) -> list[str]:
    """Return which versions the places have that cannot be moved, and what decides; nothing if they agree.

    There is nothing to split and nothing to move: the lock can only have another version, or leave out files.
    """
    places = unmovable(group, found)
    shares = votes(text for _, text in places)
    if len(shares) < 2:
        return []
    (version, _), (other, _), *_ = shares
    listed = ", ".join(f"{text} ({number} of {len(places)})" for text, number in shares)
    others = [(place, text) for place, text in places if not same_version(text, version)]
    kept = {place.source.path for place, text in places if same_version(text, version)}
    if tie:
        lines = [f"the places of {group.name} disagree, and no version has more than half of them: {listed}"]
        lines += [f"  {place.place}: {text}" for place, text in places]
        lines += [f"help: to lock one version, run {command} --version {version}"]
    else:
        lines = [f"the places of {group.name} disagree; the lock uses {version}, the version of most: {listed}"]
        lines += [f"  {place.place}: {text}" for place, text in others]
        lines += [f"help: to lock another version, run {command} --version {other}"]
    paths = sorted({place.source.path for place, _ in others})
    if kept.isdisjoint(paths) and len(paths) <= _MOST_FILES:
        options = " ".join(f"--exclude {shlex.quote(path)}" for path in paths)
        lines.append(f"help: to leave out the files with other versions, run {command} {options}")
    return lines


def choose(each: SeveralVersions) -> Sequence[Group] | None:
    """Ask which groups to make; return them, or None if the answer is to stop."""
    versions = [version for version, _ in each.shares]
    lines = [f"1  keep the versions apart, as {', '.join(part.name for part in each.parts)}"]
    for number, version in enumerate(versions, 2):
        lines.append(f"{number}  lock {version}; fi-bump check --fix then moves {count(each.moving(version), 'pin')}")
    say(lines)
    answer = ask(f"what should the lock have for {each.group.name}? a number; nothing stops:")
    number = int(answer) if answer.isascii() and answer.isdigit() else 0
    if number == 1:
        return each.parts
    return [each.group._replace(version=versions[number - 2])] if 1 < number <= len(versions) + 1 else None
