"""Print the fleet as a table with rich."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.fleet.model import Against, Fleet, FleetMember, GroupStatus, State
from fi_bump.report.finding_lines import count
from fi_bump.report.tables import behind, console, print_rows, shown, state
from fi_bump.untrusted import printable

# What colours the cells of a column; the others have no colour.
_COLOURS = {"state": state, "engine": state, "newest in the fleet": behind, "newest of all members": behind}
# The characters of a commit that are shown, and those of a date's day.
_SHORT, _DAY = 9, 10


def print_fleet(fleet: Fleet) -> None:
    """Print a row for each group of each checkout, then the errors, then the summary line."""
    dated = _of_branches(fleet)
    header = ["branch", "commit", "date"] if dated else ["repository"]
    header += ["group", "locked", "state", "newest in the fleet"]
    header += ["newest of all members"] if fleet.online else []
    header += ["engine"] if fleet.engine else []
    rows = []
    for member in fleet.members:
        checkout = member.checkout
        about = ((checkout.commit or "")[:_SHORT], (checkout.date or "")[:_DAY]) if dated else ()
        for name, *cells in _rows(fleet, member):
            row = (name, *about, *cells)
            padded = [*row[: len(header)], *[""] * (len(header) - len(row))]
            named = zip(header, padded, strict=True)
            rows.append([_COLOURS.get(column, shown)(cell) for column, cell in named])
    out = console()
    print_rows(out, header, rows)
    for line in _errors(fleet):
        out.print(shown(line))
    out.print(shown(summary(fleet)))


def _of_branches(fleet: Fleet) -> bool:
    """Whether branches are compared, and not only checkouts."""
    return any(member.checkout.commit for member in fleet.members)


def summary(fleet: Fleet) -> str:
    """Return a line like `4 repositories: 1 behind, 1 with another version than vllm`, or `4 branches: …`."""
    counts = fleet.counted()
    words = {
        "behind": "behind",
        "disagree": f"with another version than {fleet.engine}",
        "findings": "with findings",
        "noLock": "without a lock",
        "unreadable": "cannot be read",
        "notAsked": "with an index that cannot be asked",
    }
    parts = [f"{counts[name]} {what}" for name, what in words.items() if counts[name]]
    parts += [f"none could be compared with {fleet.engine}"] if fleet.unanswered else []
    number = counts["repositories"]
    one, several = ("branch", "branches") if _of_branches(fleet) else ("repository", "repositories")
    return f"{number} {one if number == 1 else several}: {', '.join(parts) or 'all in step, none behind'}"


def _rows(fleet: Fleet, member: FleetMember) -> Iterator[tuple[str, ...]]:
    checkout = member.checkout
    for each in member.standings:
        cells = [checkout.name, each.held.group.name, each.held.group.version, _state(each, member), _fleet(each)]
        cells += [_newest(each)] if fleet.online else []
        cells += [_engine(fleet, member, each)]
        yield tuple(cells)
    if not member.standings:
        yield (checkout.name, "-", "-", checkout.state.value)
    elif more := checkout.findings - sum(each.held.findings for each in member.standings):
        yield (checkout.name, "-", "-", f"{count(more, 'finding')} outside the groups")


def _errors(fleet: Fleet) -> Iterator[str]:
    """Yield why a checkout cannot be read or an index cannot be asked; each reason once per checkout."""
    for member in fleet.members:
        reasons = [member.checkout.error, *(each.newest.error for each in member.standings if each.newest)]
        for reason in dict.fromkeys(reason for reason in reasons if reason):
            # A folder that was named as it is has its name as the place of the error.
            name = f"{member.checkout.name}: "
            yield f"{name}{printable(reason.removeprefix(name))}"


def _state(each: GroupStatus, member: FleetMember) -> str:
    if member.checkout.state is State.UNREADABLE:
        return State.UNREADABLE.value
    return count(each.held.findings, "finding") if each.held.findings else State.IN_STEP.value


def _fleet(each: GroupStatus) -> str:
    if each.hold is not None:
        return f"held: {each.hold}"
    return f"{each.fleet} in {each.leader}" if each.behind_fleet else ""


def _newest(each: GroupStatus) -> str:
    if each.newest is None or each.newest.error:
        return "not known" if each.newest else ""
    if each.newest.version is None:
        return "no common version"
    return each.newest.version if each.behind_newest else ""


def _engine(fleet: Fleet, member: FleetMember, each: GroupStatus) -> str:
    if member.checkout.name == fleet.engine:
        return "is the engine"
    return "; ".join(_against(fleet, against) for against in each.engine)


def _against(fleet: Fleet, against: Against) -> str:
    if against.agrees:
        return "as the engine"
    through = f" ({', '.join(against.through)} in {against.group})" if against.through else ""
    return f"{fleet.engine} has {against.version}{through}"
