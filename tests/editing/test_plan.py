"""The plan's edits, and that `verify` catches a wrong finder."""

from __future__ import annotations

import pytest

from fi_bump.editing.plan import Plan, make_plan, verify
from fi_bump.errors import InternalError
from fi_bump.findings.compare import compare
from fi_bump.formats import requirements
from fi_bump.lock import Lock
from fi_bump.ownership import agrees, assign
from fi_bump.pins import Found, Pin, Source, Span
from fi_bump.scanning.scan import wanted_by
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
