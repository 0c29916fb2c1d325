"""Text of others in every field of the tables of `fleet` and `latest`, and of the body of a pull request."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given, settings
from packaging.version import Version

from fi_bump.change.model import Asked, Description, GroupChange, MovedPin
from fi_bump.fit.model import Fit
from fi_bump.fleet.model import Against, Checkout, Fleet, FleetMember, GroupStatus, Held, Newest, State
from fi_bump.lock.records import Group, Member
from fi_bump.releases.age import Young
from fi_bump.releases.counting import Counted
from fi_bump.releases.latest import GroupLatest, MemberLatest
from fi_bump.releases.on_the_way import Release
from fi_bump.report.change.commit_message import message_text
from fi_bump.report.change.pull_request import body_text
from fi_bump.report.fleet_table import print_fleet
from fi_bump.report.json.fleet import fleet_json
from fi_bump.report.json.latest import latest_json
from fi_bump.report.json.text import json_text
from fi_bump.report.latest import shown_latest
from fi_bump.report.tables import print_latest
from fi_bump.scanning.mentions import Mention
from fi_bump.untrusted import encodable, visible
from tests.report.test_injection import compared, harmless, plain_texts, smoke_of, structure, texts

# The texts of a table are short: a person reads one line for each row.
FLEET = texts(
    "name", "path", "error", "commit", "date", "group", "version", "package", "hold", "leader", "newest", "engine"
)
LATEST = texts("group", "version", "package", "index", "date", "failure", "note", "unknown", "idle")
# Those of the release's page are in an address; the lock gives a repository and a version its grammar.
BODY_FIELDS = """path subject old new group date yanked mention kind text note removed finding audit member package
pinned skipped remark"""
BODY = texts(*BODY_FIELDS.split())
TESTS = texts("owner", "name", "message", "file")
SMOKE = texts("group", "reason", "metric", "value", "problem", "device", "driver", "case", "test", "other")


def marked(said: dict[str, str]) -> dict[str, str]:
    """Return the same fields with their names and two brackets, which no other word of a report has."""
    return {name: f"{name}{{}}" for name in said}


def group_of(said: dict[str, str]) -> Group:
    return Group(said["group"], said["version"], (Member(said["package"]),), hold=said.get("hold"))


def fleet_of(said: dict[str, str]) -> Fleet:
    """Return a fleet with each state of a checkout, and another text in each field."""
    held = Held(group_of(said), 2, 0)
    status = GroupStatus(
        held=held,
        fleet=said["newest"],
        leader=said["leader"],
        behind_fleet=True,
        newest=Newest(said["newest"]),
        behind_newest=True,
        engine=(Against(said["group"], said["version"], (said["package"],), False),),
    )
    free = status._replace(held=held._replace(group=held.group._replace(hold=None), findings=1))
    failed = status._replace(newest=Newest(None, said["error"]))
    checkout = Checkout(said["name"], said["path"], State.IN_STEP, (held,), 3, commit=said["commit"], date=said["date"])
    broken = checkout._replace(state=State.UNREADABLE, groups=(), error=said["error"])
    members = (
        FleetMember(checkout, (status, free)),
        FleetMember(checkout._replace(name=said["engine"]), (failed,)),
        FleetMember(broken, ()),
    )
    return Fleet(members, said["engine"], True)


def latest_of(said: dict[str, str]) -> GroupLatest:
    member = Member(said["package"])
    counted = Counted((member,), (Member(said["idle"]),), (Member(said["unknown"]),), (said["note"],))
    # A group whose locked version is none cannot be behind.
    group = group_of(said)._replace(version="1.0")
    return GroupLatest(
        group=group,
        members=(MemberLatest(member, said["index"], Version("2.0"), said["date"]),),
        common=Version("2.0"),
        conflicts=1,
        notes=1,
        counted=counted,
        young=Young(Version("3.0"), 1, 2, None),
        failures=(said["failure"],),
    )


def body_of(said: dict[str, str], tests: dict[str, str], smoke: dict[str, str]) -> Description:
    """Return a change with every section of a body."""
    group = GroupChange(
        name=said["group"],
        old=said["old"],
        new=said["new"],
        places=(MovedPin(said["path"], 1, said["subject"], said["old"], said["new"]),),
        repository="github.com/owner/name",
        releases=(Release("2.0", said["date"], said["yanked"]),),
        mentions=(Mention(said["mention"], 1, said["kind"], said["new"], said["text"]),),
        notes=(said["note"],),
        probed=True,
    )
    fit = Fit(said["package"], said["pinned"], None, skipped=(said["skipped"],), remarks=(said["remark"],))
    asked = Asked((said["audit"], f"{said['path']}: {said['audit']}"), 1, 1, {}, (said["member"],), fits=(fit,))
    description = Description((group,), (said["removed"],), (said["finding"],), asked)
    return description._replace(report=smoke_of(smoke), tests=compared(tests))


def printed(write: Callable[[Any], None], data: object) -> str:
    """Return what a function prints on a standard output that is no terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(stream):
        write(data)
    return stream.buffer.getvalue().decode("utf-8")


def same_rows(text: str, plain: str, said: dict[str, str]) -> None:
    """Fail unless a table has the rows of the table with plain texts, and each text where its name is there."""
    harmless(text)
    rows, plain_rows = text.split("\n"), plain.split("\n")
    assert len(rows) == len(plain_rows)
    for row, plain_row in zip(rows, plain_rows, strict=True):
        for name, value in said.items():
            if re.search(rf"\b{name}\{{\}}", plain_row) and name not in CUT:
                assert visible(value).replace("\t", "\\t").rstrip() in row


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a document of JSON, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def same_document(text: str, plain: str, said: dict[str, str]) -> None:
    """Fail unless a document has the shape of the one with plain texts, and each text in the place of its name."""
    harmless(text)
    # The texts with the names of their fields are those names and two brackets.
    by_name = {f"{name}{{}}": value for name, value in said.items()}
    expected = [encodable(by_name.get(each, each)) for each in strings(json.loads(plain))]
    assert list(strings(json.loads(text))) == expected
    assert set(by_name) & set(strings(json.loads(plain)))


# The first characters of a commit and of a date are shown, and line ends of an error are blanks.
CUT = ("commit", "date", "error")


@settings(deadline=None, max_examples=15)
@given(FLEET)
def test_the_table_of_fleet(said: dict[str, str]) -> None:
    text, plain = (printed(print_fleet, fleet_of(each)) for each in (said, marked(said)))
    same_rows(text, plain, said)
    assert len(plain.splitlines()) == 10


@settings(deadline=None, max_examples=15)
@given(FLEET)
def test_the_document_of_fleet(said: dict[str, str]) -> None:
    same_document(json_text(fleet_json(fleet_of(said))), json_text(fleet_json(fleet_of(marked(said)))), said)


@settings(deadline=None, max_examples=15)
@given(LATEST)
def test_the_table_of_latest(said: dict[str, str]) -> None:
    text, plain = (printed(print_latest, [shown_latest(latest_of(each))]) for each in (said, marked(said)))
    same_rows(text, plain, said)


@settings(deadline=None, max_examples=15)
@given(LATEST)
def test_the_document_of_latest(said: dict[str, str]) -> None:
    same_document(json_text(latest_json([latest_of(said)])), json_text(latest_json([latest_of(marked(said))])), said)


@settings(deadline=None, max_examples=15)
@given(BODY, TESTS, SMOKE)
def test_the_body_of_a_pull_request(said: dict[str, str], tests: dict[str, str], smoke: dict[str, str]) -> None:
    text = body_text(body_of(said, tests, smoke))
    harmless(text)
    plain = body_text(body_of(*map(plain_texts, (said, tests, smoke))))
    assert structure(text) == structure(plain)


@settings(deadline=None, max_examples=15)
@given(BODY, TESTS, SMOKE)
def test_the_message_of_a_commit(said: dict[str, str], tests: dict[str, str], smoke: dict[str, str]) -> None:
    lines = message_text(body_of(said, tests, smoke)).split("\n")
    plain = message_text(body_of(*map(plain_texts, (said, tests, smoke)))).split("\n")
    assert len(lines) == len(plain)
    # A section's heading is the only line that begins at the margin.
    assert [line[:2] == "  " for line in lines] == [line[:2] == "  " for line in plain]
