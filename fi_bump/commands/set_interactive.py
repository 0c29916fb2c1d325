"""`fi-bump set -i`: choose a release from a list with dates, look at the plan, and say whether to write it."""

from __future__ import annotations

from fi_bump.audit.breakages import known_failures
from fi_bump.commands import set as command
from fi_bump.commands.set import SetOptions
from fi_bump.errors import Exit, NoReleaseError, UsageError
from fi_bump.lock.records import Group
from fi_bump.releases.asking import Online, asking
from fi_bump.releases.choices import ReleaseChoice, choices
from fi_bump.releases.counting import count_members
from fi_bump.report.tables import print_choices
from fi_bump.repository import Repository, open_repository
from fi_bump.request import named_group
from fi_bump.terminal.output import say
from fi_bump.terminal.questions import agrees, ask, refuse_without_terminal
from fi_bump.versions import canonical_version


def run(options: SetOptions) -> int:
    """Ask for a release of the named group, show the plan, and move the group if the answer is yes.

    Returns 1 if nothing was chosen. Raises UsageError without a terminal, and with options that leave nothing to ask.
    """
    refuse_without_terminal("name the version: fi-bump set VERSION")
    if options.online is None:
        raise UsageError("-i asks the package indexes which releases there are", hint="leave out --offline")
    if options.dry_run:
        raise UsageError("-i shows the plan before it writes, so --dry-run adds nothing", hint="leave out --dry-run")
    repository = open_repository(options.root)
    group = _group(repository, options.targets)
    version = _version(repository, group, options.online) if group else None
    if group is None or version is None:
        say(["nothing was changed"])
        return int(Exit.FINDINGS)
    asked = options._replace(targets=(f"{group.name}=={version}",))
    return command.run(asked, lambda: agrees(f"move {group.name} to {version}?"))


def _group(repository: Repository, names: tuple[str, ...]) -> Group | None:
    """Return the group that is named or the only one; else ask which one, and return None without an answer."""
    groups = repository.lock.groups
    if len(names) > 1:
        raise UsageError("-i moves one group", hint=f"name one group: fi-bump set -i {names[0]}")
    if names or len(groups) == 1:
        return named_group(repository.lock, names[0]) if names else groups[0]
    say([f"{number}  {group.name} {group.version}" for number, group in enumerate(groups, 1)])
    answer = ask("which group? a number or a name; nothing stops:")
    if not answer:
        return None
    number = int(answer) if answer.isascii() and answer.isdigit() else 0
    return groups[number - 1] if 0 < number <= len(groups) else named_group(repository.lock, answer)


def _version(repository: Repository, group: Group, online: Online) -> str | None:
    """Show the releases and return the one that is chosen by its number or typed; None without an answer."""
    with asking(repository.root, repository.lock, online, repository.quick_scan()) as known:
        counted = count_members(known, group)
        found = [_with_faults(group, each) for each in choices(known, counted.asked, group)]
    if not found:
        hint = f"run fi-bump latest {group.name} to see which versions each member has"
        raise NoReleaseError(f"there is no version that all packages of {group.name} have", hint=hint)
    print_choices(group, found)
    say(f"note: {note}" for note in counted.notes)
    answer = ask("which release? a number or a version; nothing stops:")
    if not answer:
        return None
    number = int(answer) if answer.isascii() and answer.isdigit() else 0
    return str(found[number - 1].version) if 0 < number <= len(found) else canonical_version(answer)


def _with_faults(group: Group, choice: ReleaseChoice) -> ReleaseChoice:
    faults = [each for name in group.package_names for each in known_failures(name, choice.version)]
    known = tuple(f"known fault{f' on {each.gpus[0]}' if each.gpus else ''}: {each.reason}" for each in faults)
    return choice._replace(remarks=(*choice.remarks, *known))
