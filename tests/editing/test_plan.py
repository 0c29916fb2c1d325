"""The plan's edits, and that `verify` catches a wrong finder."""

from __future__ import annotations

import pytest

from fi_bump.editing.plan import Move, Plan, PlannedChange, Reading, make_plan, verify
from fi_bump.errors import InternalError
from fi_bump.findings.of_check import compare
from fi_bump.formats import requirements
from fi_bump.lock.records import Lock, Member
from fi_bump.ownership import agrees, assign
from fi_bump.pins import Edit, Found, Pin, Source, Span
from fi_bump.scanning.asked import wanted_by
from tests.kit import DOCKERFILE, FINDERS, JSON, KIT, OTHER, REQUIREMENTS, looked, sharing


@pytest.mark.parametrize(
    ("text", "version", "same"),
    [("1.1", "1.1", True), ("1.1.0", "1.1", True), ("1.1-1", "1.1.post1", True), ("1.1.RC1", "1.1rc1", True)]
    + [("1.10", "1.1", False), ("1.1.post1", "1.1", False), ("1!1.1", "1.1", False)],
)
def test_agrees(text: str, version: str, same: bool) -> None:
    assert agrees(text, version) is same


TREE = {
    REQUIREMENTS: b"kit==1.0\r\nother==2.0  # \xff\nkit-cubin == 1.1.0\n",
    DOCKERFILE: b"FROM x\nARG KIT_VERSION=1.0\n",
    JSON: b'{"variable": {"KIT_VERSION": {"default": "1.1"}}}',
}
BOTH = Lock((KIT._replace(sites=("Dockerfile#ARG KIT_VERSION",)), OTHER))


def written(plan: Plan) -> dict[str, bytes]:
    """Return the files that a plan changes, with their new bytes."""
    return {change.source.path: change.new for change in plan.changes}


def test_make_plan_brings_every_group_in_step() -> None:
    plan = make_plan(BOTH, looked(BOTH, TREE))
    assert written(plan) == {
        DOCKERFILE: b"FROM x\nARG KIT_VERSION=1.1\n",
        REQUIREMENTS: b"kit==1.1\r\nother==3.0  # \xff\nkit-cubin == 1.1.0\n",
    }
    assert plan.moved == 3
    kit = [DOCKERFILE + "#ARG KIT_VERSION", "requirements.txt#kit", "requirements.txt#kit-cubin"]
    assert [group.sites for group in plan.lock.groups] == [
        (*kit, "x.json#variable.KIT_VERSION.default"),
        ("requirements.txt#other",),
    ]
    after = {**TREE, **written(plan)}
    assert compare(plan.lock, looked(plan.lock, after)) == []
    assert make_plan(plan.lock, looked(plan.lock, after)) == Plan(plan.lock, ())


def test_make_plan_moves_only_the_named_groups() -> None:
    plan = make_plan(BOTH, looked(BOTH, TREE), {"other": "4.0rc1"})
    assert written(plan) == {REQUIREMENTS: b"kit==1.0\r\nother==4.0rc1  # \xff\nkit-cubin == 1.1.0\n"}
    assert plan.lock == Lock((BOTH.groups[0], OTHER._replace(version="4.0rc1", sites=("requirements.txt#other",))))


def test_make_plan_refuses_an_unknown_group() -> None:
    with pytest.raises(InternalError) as caught:
        make_plan(BOTH, looked(BOTH, TREE), {"gone": "1"})
    assert str(caught.value) == "the plan names an unknown group 'gone'"


def test_sites_keep_groups_apart() -> None:
    lock = sharing(("a/requirements.txt#kit",), ("b/requirements.txt#kit",))
    tree = {f"{folder}/requirements.txt": b"kit==1.0\n" for folder in "abc"}
    scan = looked(lock, tree)
    assert [(each.group and each.group.name, each.recorded) for each in assign(lock, scan.pins)] == [
        ("new", True),
        ("old", True),
        (None, False),
    ]
    plan = make_plan(lock, scan)
    assert written(plan) == {"a/requirements.txt": b"kit==1.1\n", "b/requirements.txt": b"kit==0.9\n"}
    assert plan.lock == lock


def test_verify() -> None:
    plan = make_plan(BOTH, looked(BOTH, TREE))
    wanted = wanted_by(plan.lock.groups)
    verify(plan, lambda source: FINDERS[source.path](source, wanted))


def changed(pins: tuple[Pin, ...]) -> list[tuple[Pin, ...]]:
    """Return wrong results for these pins."""
    first = pins[0]
    moved = first._replace(span=Span(first.span.start, first.span.end - 1))
    others = [first._replace(anchor="x"), first._replace(subject="x"), moved]
    return [(), pins[1:], (*pins, first), pins[::-1], *((other, *pins[1:]) for other in others)]


@pytest.mark.parametrize("number", range(7))
def test_verify_catches_a_wrong_finder(number: int) -> None:
    plan = make_plan(BOTH, looked(BOTH, {REQUIREMENTS: TREE[REQUIREMENTS]}))
    wanted = wanted_by(plan.lock.groups)

    def lie(source: Source) -> Found:
        return Found(changed(requirements.find(source, wanted).pins)[number])

    with pytest.raises(InternalError) as caught:
        verify(plan, lie)
    message = (
        "requirements.txt: after the planned edit the file would have other pins than planned, so nothing was written"
    )
    assert (str(caught.value), caught.value.hint) == (
        message,
        "this is a bug in fi-bump: please report it with the file",
    )


OLD_FILES, NEW_FILES = ("1", "2"), ("3", "4", "5")


def hashed(version: str, digits: tuple[str, ...]) -> bytes:
    """Return a requirement with one checksum per digit."""
    return (
        f"kit=={version}".encode()
        + b"".join(b" \\\n    --hash=sha256:" + each.encode() * 64 for each in digits)
        + b"\n"
    )


def with_files(*releases: tuple[str, tuple[str, ...]]) -> Lock:
    """Return a lock that knows the files of these releases of `kit`: one wheel per digit."""
    files = [
        (f"kit-{version}-{digit}-py3-none-any.whl", f"sha256:{digit * 64}")
        for version, digits in releases
        for digit in digits
    ]
    return Lock((KIT._replace(packages=(Member("kit", files=tuple(files)), Member("kit-cubin"))),))


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param(Lock((KIT,)), id="no files"),
        pytest.param(with_files(("1.0", OLD_FILES)), id="those of the old release"),
        pytest.param(with_files(("1.1.post1", NEW_FILES)), id="those of another release"),
    ],
)
def test_a_pin_with_hashes_stays_when_the_lock_does_not_know_the_files_of_its_release(lock: Lock) -> None:
    tree = {REQUIREMENTS: hashed("1.0", OLD_FILES) + b"kit-cubin==1.0\n"}
    plan = make_plan(lock, looked(lock, tree))
    assert written(plan) == {REQUIREMENTS: hashed("1.0", OLD_FILES) + b"kit-cubin==1.1\n"}
    assert [reading.hashes for reading in plan.changes[0].expected] == [
        tuple(f"sha256:{digit * 64}" for digit in OLD_FILES),
        (),
    ]
    assert make_plan(lock, looked(lock, {REQUIREMENTS: hashed("1.0", OLD_FILES)})).changes == ()


@pytest.mark.parametrize("digits", [NEW_FILES, ("3",), ("1", "2"), ("1",)])
def test_a_pin_with_hashes_moves_with_those_of_its_release(digits: tuple[str, ...]) -> None:
    lock = with_files(("1.1", digits), ("1.0", OLD_FILES))
    plan = make_plan(lock, looked(lock, {REQUIREMENTS: hashed("1.0", OLD_FILES)}))
    assert written(plan) == {REQUIREMENTS: hashed("1.1", digits)}
    wanted = wanted_by(lock.groups)
    verify(plan, lambda source: requirements.find(source, wanted))


def rewritten(lock: Lock, new: bytes) -> Plan:
    """Return a plan that makes `new` of a requirement with the checksums of the old release, and expects that."""
    old = hashed("1.0", OLD_FILES)
    wanted = wanted_by(lock.groups)
    (pin,) = requirements.find(Source(REQUIREMENTS, old), wanted).pins
    (after,) = requirements.find(Source(REQUIREMENTS, new), wanted).pins
    source, span = pin.source, Span(pin.span.start, len(old))
    edit = Edit(span, old[span.start :], new[span.start :])
    reading = Reading(
        anchor=pin.anchor,
        kind=pin.kind,
        subject=pin.subject,
        version=after.version,
        hashes=tuple(map(after.source.text, after.hashes)),
        repeats=(),
    )
    return Plan(lock, (PlannedChange(source, (Move(pin, "1.1", (edit,)),), (reading,)),))


@pytest.mark.parametrize(
    ("known", "new", "counts"),
    [
        pytest.param((), b"kit==1.1\n", "0 of the 0", id="all are lost, and the lock knows none"),
        pytest.param((), hashed("1.1", ()).rstrip() + b" --hash=\n", "0 of the 0", id="an empty one is left"),
        pytest.param((), hashed("1.1", OLD_FILES), "2 of the 0", id="those of the old release stay"),
        pytest.param(NEW_FILES, b"kit==1.1\n", "0 of the 3", id="all are lost"),
        pytest.param(NEW_FILES, hashed("1.1", NEW_FILES[:2]), "2 of the 3", id="one is lost"),
        pytest.param(NEW_FILES, hashed("1.1", ("3", "4", "6")), "3 of the 3", id="one is another"),
        pytest.param(NEW_FILES, hashed("1.1", (*NEW_FILES, "6")), "4 of the 3", id="one is added"),
    ],
)
def test_verify_refuses_other_checksums_than_those_of_the_release(
    known: tuple[str, ...], new: bytes, counts: str
) -> None:
    lock = with_files(("1.1", known))
    wanted = wanted_by(lock.groups)
    with pytest.raises(InternalError) as caught:
        verify(rewritten(lock, new), lambda source: requirements.find(source, wanted))
    message = (
        f"after the planned edit kit 1.1 would have {counts} checksums that the lock has for it, so nothing was written"
    )
    assert (str(caught.value), caught.value.hint) == (
        f"requirements.txt: {message}",
        "this is a bug in fi-bump: please report it with the file",
    )
