"""`fi-bump init`: find the pins of known families, or of a group that the command line describes; write the lock."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from fi_bump import families
from fi_bump.commands.differing import (
    SeveralVersions,
    choose,
    differing,
    help_lines,
    say_parts,
    say_tie,
    say_unmovable,
)
from fi_bump.commands.locked import locked_folder
from fi_bump.commands.recording import with_checks, with_included, with_indexes, with_tags, with_variables
from fi_bump.editing import write
from fi_bump.errors import ConflictError, Exit, FiBumpError, LockError, UsageError
from fi_bump.findings.of_check import by_hand, in_step
from fi_bump.grammar import canonical_name, canonical_repository
from fi_bump.grouping import (
    filled,
    has_majority,
    split,
    without_pins,
)
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME, Group, Lock, Member
from fi_bump.lock.writing import dump
from fi_bump.ownership import Assigned, agrees, assign
from fi_bump.pins import IF_IT_FOLLOWS
from fi_bump.report.finding_lines import count
from fi_bump.report.json.answer import groups_of
from fi_bump.repository import conflict_places
from fi_bump.scanning import files
from fi_bump.scanning.scan import Scan, scan
from fi_bump.terminal.facts import tell
from fi_bump.terminal.output import say, say_next
from fi_bump.terminal.questions import refuse_without_terminal
from fi_bump.versions import canonical_version

RIPEN = (
    '# releases are often replaced within days: "minimum-age": "10 days" in a group of versions.lock.json passes over '
    "younger ones"
)


class InitOptions(NamedTuple):
    """The options of `init`. Without `groups` it looks for the families that are proposed by default."""

    root: str
    groups: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    version: str | None = None
    force: bool = False
    split: bool = False
    minimum_age: int | None = None
    ask: bool = False


def run(options: InitOptions) -> int:
    """Write versions.lock.json and return 0; return 1 if pins disagree and nothing decides which version counts.

    Raises FiBumpError when the file exists or no pin is found.
    """
    if options.ask:
        refuse_without_terminal("leave out -i; --split, --version and --exclude decide without a question")
    root = files.find_root(options.root)
    version = None if options.version is None else canonical_version(options.version)
    proposed = _proposed(options)
    _valid(Lock(tuple(proposed), options.exclude))
    with locked_folder(root):
        old = files.read_optional(root, LOCK_NAME)
        if old is not None and not options.force:
            hint = "run fi-bump init --force to replace it; only its excludes are kept"
            raise UsageError("this file already exists", place=LOCK_NAME, hint=hint)
        if old is not None and (places := conflict_places(old.data)):
            raise ConflictError(str(places[0]), old.data)
        exclude = (*options.exclude, *_kept_exclude(old.data if old else None))
        blank = Lock(tuple(proposed), tuple(sorted(set(exclude))), _schema_address())
        found = scan(root, blank)
        if found.conflicts:
            place = str(found.conflicts[0])
            hint = "resolve it, then run fi-bump init again"
            raise FiBumpError("this file has a merge conflict, so nothing was recorded", place=place, hint=hint)
        blank, found, variable_notes = with_variables(root, blank, found)
        found, include_notes = with_included(root, blank, found)
        proposed = list(blank.groups)
        groups = [group for group in (filled(group, blank, found, version) for group in proposed) if group]
        decided = groups if version is not None else _decided(groups, found, options)
        if decided is None:
            return int(Exit.FINDINGS)
        groups = decided or [group for each in proposed if (group := without_pins(each, found, version))]
        if not groups:
            raise _nothing_found(proposed, found)
        if not decided and version is None:
            forced = _command(options._replace(force=True))
            if say_unmovable(groups, found, _command(options), forced):
                return int(Exit.FINDINGS)
        groups = [group._replace(minimum_age=options.minimum_age) for group in groups]
        lock, found, check_notes = with_checks(blank._replace(groups=tuple(groups)), found)
        lock, index_notes = with_indexes(root, with_tags(lock, found), found)
        data = dump(lock)
        load(data)
        write.commit(root, [write.FileChange(LOCK_NAME, old.data if old else None, data)], "init")
    tell("groups", lambda: groups_of(lock))
    _report(lock, found, options)
    say(f"recorded how a version becomes a tag of {group.name}: {group.tags[0]}" for group in lock.groups if group.tags)
    say([*variable_notes, *include_notes, *check_notes, *index_notes])
    say(f"note: {folder} has a lock of its own, so its pins are not recorded here" for folder in found.borders)
    if options.minimum_age is None:
        say([RIPEN])
    if all(agrees(each.pin.version, each.group.version) for each in assign(lock, found.pins) if each.group):
        say_next("fi-bump check, which a pre-commit hook can do too: fi-bump template pre-commit --write")
    return int(Exit.OK)


def _decided(groups: list[Group], found: Scan, options: InitOptions) -> list[Group] | None:
    """Return the groups to write; None if pins disagree, no version has most of them, and nobody has decided.

    What is open is printed then, with the commands that decide it.
    """
    groups = [part for group in groups for part in split(group, found, everywhere=options.split)]
    if options.split:
        return groups
    chosen: list[Group] = []
    open_: list[SeveralVersions] = []
    for group in groups:
        each = differing(group, found)
        if each is not None and options.ask:
            _print_group(Lock(tuple(groups)), group, found)
            answer = choose(each)
            if answer is None:
                say(["no lock was written"])
                return None
            chosen += answer
        else:
            chosen.append(group)
            open_ += [each] if each is not None and not has_majority(group, found) else []
    for each in open_:
        _print_group(Lock(tuple(groups)), each.group, found)
        say_tie(each)
        say_parts(each)
    if open_:
        say(["no lock was written", *(line for each in open_ for line in help_lines(each, _command(options)))])
    return None if open_ else chosen


def _command(options: InitOptions) -> str:
    """Return the command line of this `init`, for a proposal that adds an option to it."""
    words = ["fi-bump", "init", *(["--force"] if options.force else [])]
    for option, values in (
        ("--group", options.groups),
        ("--package", options.packages),
        ("--variable", options.variables),
        ("--repository", options.repositories),
        ("--exclude", options.exclude),
    ):
        words += [word for value in values for word in (option, value)]
    if options.minimum_age is not None:
        words += ["--min-age", str(options.minimum_age)]
    return shlex.join(words)


def _print_group(lock: Lock, group: Group, found: Scan) -> None:
    from fi_bump.report.tables import print_pins

    print_pins([each for each in assign(lock, found.pins) if each.group == group])


def _nothing_found(proposed: list[Group], found: Scan) -> FiBumpError:
    say(_note_lines(found))
    names = ", ".join(group.name for group in proposed)
    hint = (
        "name another family with --group, or describe your own group with --group NAME --package PACKAGE; "
        "with --version VERSION the lock is written, and fi-bump site add records places in it"
    )
    return FiBumpError(f"found no pin of {names}, so no lock was written", hint=hint)


def _proposed(options: InitOptions) -> list[Group]:
    """Return the groups to look for, without versions and sites. Raises UsageError for an unknown family."""
    known = families.families()
    described = options.packages or options.variables or options.repositories
    if not options.groups:
        if described:
            message = "--package, --variable and --repository describe your own group, which needs a name"
            raise UsageError(message, hint="add --group NAME")
        return list(families.proposed())
    if not described:
        for name in options.groups:
            if name not in known:
                hint = f"name one of {', '.join(known)}, or add --package NAME to describe your own group"
                raise UsageError(f"there is no known family '{name}'", hint=hint)
        return [known[name] for name in dict.fromkeys(options.groups)]
    if len(options.groups) > 1:
        message = "--package, --variable and --repository describe one group, but --group names several"
        raise UsageError(message, hint="name one group with --group, and add the others to versions.lock.json by hand")
    name = options.groups[0]
    if not options.packages:
        raise UsageError(f"the group '{name}' has no package", hint="add --package NAME")
    return [
        Group(
            name,
            "0",
            tuple(Member(canonical_name(name)) for name in options.packages),
            tuple(name.upper() for name in options.variables),
            tuple(canonical_repository(name) for name in options.repositories),
        )
    ]


def _valid(asked: Lock) -> None:
    """Raise UsageError if the command line names something that is not valid in a lock."""
    try:
        load(dump(asked))
    except LockError as error:
        raise UsageError(error.message, hint=error.hint) from None


def _schema_address() -> str | None:
    """Return the address of the lock's JSON Schema, for editors; None if this copy's publisher names none.

    It is below the address with the label Schemas in the metadata of the package ([project.urls] of pyproject.toml).
    """
    from importlib import metadata

    try:
        named = metadata.metadata("fi-bump").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return None
    labels = dict(each.split(", ", 1) for each in named if ", " in each)
    folder = labels.get("Schemas")
    return None if folder is None else f"{folder.rstrip('/')}/{LOCK_NAME.removesuffix('.json')}.schema.json"


def _kept_exclude(old: bytes | None) -> tuple[str, ...]:
    """Return the excludes of the lock that --force replaces; empty if that lock cannot be read."""
    try:
        return load(old).exclude if old is not None else ()
    except LockError:
        return ()


def _report(lock: Lock, found: Scan, options: InitOptions) -> None:
    # Importing rich takes longer than a whole `check`, so only commands that print a table import it.
    from fi_bump.report.tables import print_pins

    for group in lock.groups:
        assigned = [each for each in assign(lock, found.pins) if each.group == group]
        if assigned:
            print_pins(assigned)
        _report_versions(group, assigned, found, options)
    say(_note_lines(found, lock))


def _note_lines(found: Scan, lock: Lock | None = None) -> Iterator[str]:
    """Yield a note for each version that fi-bump cannot move, and for each file that cannot be parsed.

    A resolver's lock file that agrees with the new lock gets none.
    """
    notes = [
        (
            place.source.path,
            place.span,
            place.place,
            place.subject,
            place.reason.removesuffix(IF_IT_FOLLOWS) if lock is None else by_hand(lock, place),
        )
        for place in found.unpinned
        if lock is None or not in_step(lock, place)
    ]
    notes += [(pin.source.path, pin.span, pin.place, pin.subject, pin.guard.reason) for pin in found.pins if pin.guard]
    for _, _, place, subject, reason in sorted(notes):
        yield f"{place}: note: {subject}: {reason}"
    for path, error in found.unparsed:
        yield f"{path}: note: this file names a package of the lock, but cannot be parsed: {error.message}"


def _report_versions(group: Group, assigned: list[Assigned], found: Scan, options: InitOptions) -> None:
    summary = f"{count(len(group.sites), 'site')} in {count(len({s.partition('#')[0] for s in group.sites}), 'file')}"
    say([f"wrote {LOCK_NAME}: {group.name} {group.version}, {summary if group.sites else 'no site'}"])
    if not group.sites:
        places = [place for place in found.unpinned if place.version and place.subject in group.subjects]
        whose = f"; another tool writes {places[0].place.at_line}" if places else ""
        say([f"fi-bump can move no version of {group.name} here{whose}"])
    moving = sum(not agrees(each.pin.version, group.version) for each in assigned)
    each = differing(group, found) if moving and options.version is None and not options.ask else None
    if each is not None:
        share = f"{len(assigned) - moving} of {len(assigned)} pins"
        say([f"the pins disagree; the lock uses {group.version}, the version of most of them ({share})"])
        say_parts(each)
    if moving:
        say([f"help: run fi-bump check --fix to move {count(moving, 'pin')} to {group.version}"])
    if each is not None:
        say(help_lines(each, _command(options._replace(force=True))))
