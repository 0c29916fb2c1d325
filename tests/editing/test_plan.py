"""Every rule with its whole finding, the plan's edits, and the proof that a lying finder is caught."""

from __future__ import annotations

import pytest

from fi_bump.editing.plan import Plan, make_plan, verify
from fi_bump.errors import InternalError, ParseError
from fi_bump.findings import Finding, Rule, compare, interrupted
from fi_bump.formats import bake, dockerfile, requirements
from fi_bump.lock import Group, Lock, Member
from fi_bump.ownership import agrees, assign
from fi_bump.pins import Found, Pin, Source, Span, Unpinned
from fi_bump.scanning.scan import Scan, wanted_by

REQUIREMENTS, DOCKERFILE, JSON = "requirements.txt", "Dockerfile", "x.json"
KIT = Group("kit", "1.1", (Member("kit"), Member("kit-cubin")), ("KIT_VERSION",), ("github.com/o/kit",))
OTHER = Group("other", "3.0", (Member("other"),))
FINDERS = {REQUIREMENTS: requirements.find, DOCKERFILE: dockerfile.find, JSON: bake.find}


def looked(lock: Lock, tree: dict[str, bytes], *below: str) -> Scan:
    """What the finders say about these files."""
    wanted = wanted_by(lock.groups)
    found = [FINDERS[path.rpartition("/")[2]](Source(path, data), wanted) for path, data in sorted(tree.items())]
    return Scan(
        tuple(pin for each in found for pin in each.pins),
        tuple(place for each in found for place in each.unpinned),
        tuple(floor for each in found for floor in each.floors),
        (),
        below,
    )


def one(*sites: str) -> Lock:
    """A lock of `kit` alone, with these sites."""
    return Lock((KIT._replace(sites=sites),))


def said(lock: Lock, tree: dict[str, bytes], *below: str) -> list[Finding]:
    """The findings about these files."""
    return compare(lock, looked(lock, tree, *below))


def test_in_step() -> None:
    assert said(one("requirements.txt#kit"), {REQUIREMENTS: b"kit==1.1\n"}) == []


def test_drift() -> None:
    assert said(one("requirements.txt#kit"), {REQUIREMENTS: b"\xef\xbb\xbf# \xc3\xa9\nkit==1.0.post1 # x\n"}) == [
        Finding(
            *(Rule.DRIFT, REQUIREMENTS, 2, 6, 15, "kit", "kit", "kit", "kit", "1.0.post1", "1.1"),
            "kit is 1.0.post1, the lock says 1.1",
            True,
        )
    ]


def test_drift_of_a_variable_names_no_package() -> None:
    assert said(one(), {DOCKERFILE: b"FROM x\nARG KIT_VERSION=1.0\n"}) == [
        Finding(
            *(Rule.DRIFT, DOCKERFILE, 2, 17, 20, "ARG KIT_VERSION", "KIT_VERSION", None, "kit", "1.0", "1.1"),
            "KIT_VERSION is 1.0, the lock says 1.1",
            True,
        )
    ]


def test_missing_site() -> None:
    assert said(one("a/requirements.txt#kit (2)"), {}) == [
        Finding(
            *(Rule.MISSING_SITE, "a/requirements.txt", 1, 1, 1, "kit (2)", None, None, "kit", None, "1.1"),
            "the lock records 'kit (2)' here, and there is no such pin",
            False,
        )
    ]


def test_a_site_outside_the_named_paths_is_not_missed() -> None:
    assert said(one("a/requirements.txt#kit"), {}, "b") == []


def test_new_site() -> None:
    assert said(one(), {REQUIREMENTS: b"kit==1.1.0\n"}) == [
        Finding(
            *(Rule.NEW_SITE, REQUIREMENTS, 1, 6, 11, "kit", "kit", "kit", "kit", "1.1.0", "1.1"),
            "kit is pinned here, and the lock does not record it",
            True,
        )
    ]


def sharing(*sites: tuple[str, ...]) -> Lock:
    """Two groups that share a package, each with its sites."""
    return Lock((KIT._replace(name="new", sites=sites[0]), KIT._replace(name="old", version="0.9", sites=sites[1])))


def test_unassigned() -> None:
    lock = sharing(("a/requirements.txt#kit",), ("b/requirements.txt#kit",))
    tree = {
        "a/requirements.txt": b"kit==1.1\n",
        "b/requirements.txt": b"kit==0.9\n",
        "c/requirements.txt": b"kit==1.1\n",
    }
    assert said(lock, tree) == [
        Finding(
            *(Rule.UNASSIGNED, "c/requirements.txt", 1, 6, 9, "kit", "kit", "kit", None, "1.1", None),
            "kit 1.1 could belong to new, old; assign it with: fi-bump site add --group new 'c/requirements.txt#kit'",
            False,
        )
    ]


def test_a_site_recorded_for_another_subject_is_missing() -> None:
    lock = Lock((KIT, OTHER._replace(sites=("requirements.txt#kit",))))
    assert [finding.rule for finding in said(lock, {REQUIREMENTS: b"kit==1.1\n"})] == [Rule.MISSING_SITE, Rule.NEW_SITE]


def unpinned(version: str | None, lock: Lock) -> list[Finding]:
    """The findings about one place that cannot be moved."""
    source = Source(REQUIREMENTS, b"kit==1.0\n")
    place = Unpinned(source, Span(5, 8), "kit", "has --hash lines", version)
    return compare(lock, Scan((), (place,), (), (), ()))


def test_unpinned() -> None:
    names = (None, "kit", None, "kit")
    assert unpinned(None, one()) == [
        Finding(Rule.UNPINNED, REQUIREMENTS, 1, 6, 9, *names, None, "1.1", "kit: has --hash lines", False)
    ]
    assert unpinned("1.1.0", one()) == [
        Finding(Rule.UNPINNED, REQUIREMENTS, 1, 6, 9, *names, "1.1.0", "1.1", "kit: has --hash lines", False)
    ]


def test_an_unpinned_place_at_another_version_is_drift() -> None:
    message = "kit is 1.0, the lock says 1.1; has --hash lines"
    names = (None, "kit", "kit", "kit")
    assert unpinned("1.0", one()) == [Finding(Rule.DRIFT, REQUIREMENTS, 1, 6, 9, *names, "1.0", "1.1", message, False)]
    message = "kit is 1.0, the lock says 1.1 or 0.9; has --hash lines"
    assert unpinned("1.0", sharing((), ())) == [
        Finding(Rule.DRIFT, REQUIREMENTS, 1, 6, 9, None, "kit", "kit", None, "1.0", None, message, False)
    ]
    assert [finding.rule for finding in unpinned("0.9", sharing((), ()))] == [Rule.UNPINNED]


def test_floor_violated() -> None:
    assert said(one(), {REQUIREMENTS: b"kit>=1.2,<2\nkit-cubin>=1.0\n"}) == [
        Finding(
            *(Rule.FLOOR_VIOLATED, REQUIREMENTS, 1, 4, 12, None, "kit", "kit", "kit", ">=1.2,<2", "1.1"),
            "kit>=1.2,<2 does not admit 1.1, which the lock says",
            False,
        )
    ]


def test_an_unparsed_file() -> None:
    error = ParseError("not JSON: expected a value here", place="x.json:1:2")
    assert compare(one(), Scan((), (), (), ((JSON, error),), ())) == [
        Finding(
            *(Rule.UNPINNED, JSON, 1, 1, 1, None, None, None, None, None, None),
            "names a package of the lock but cannot be parsed: not JSON: expected a value here",
            False,
        )
    ]


@pytest.mark.parametrize(("paths", "names"), [([], "nothing written yet"), (["a", "b/c"], "a, b/c")])
def test_interrupted(paths: list[str], names: str) -> None:
    assert interrupted(paths) == Finding(
        *(Rule.INTERRUPTED, "versions.lock.json", 1, 1, 1, None, None, None, None, None, None),
        f"an interrupted fi-bump left its journal ({names})",
        True,
    )


def test_only_a_note_does_not_fail() -> None:
    assert {rule for rule in Rule if rule.severity == "note"} == {Rule.UNPINNED}
    assert {rule.severity for rule in Rule} == {"note", "error"}


def test_findings_are_sorted() -> None:
    lock = one("z/requirements.txt#kit", "b/requirements.txt#gone")
    tree = {"b/requirements.txt": b"kit>=2\nkit==1.0\nkit==0.9\n", "a/Dockerfile": b"FROM x\nARG KIT_VERSION=1.0\n"}
    assert [(finding.path, finding.line, finding.rule.value) for finding in said(lock, tree)] == [
        ("a/Dockerfile", 2, "drift"),
        ("b/requirements.txt", 1, "missing-site"),
        ("b/requirements.txt", 1, "floor-violated"),
        ("b/requirements.txt", 2, "drift"),
        ("b/requirements.txt", 3, "drift"),
        ("z/requirements.txt", 1, "missing-site"),
    ]


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
    """The files a plan changes, as it would leave them."""
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
    """Lies about these pins."""
    first = pins[0]
    moved = first._replace(span=Span(first.span.start, first.span.end - 1))
    others = [first._replace(anchor="x"), first._replace(subject="x"), moved]
    return [(), pins[1:], (*pins, first), pins[::-1], *((other, *pins[1:]) for other in others)]


@pytest.mark.parametrize("number", range(7))
def test_verify_catches_a_lying_finder(number: int) -> None:
    plan = make_plan(BOTH, looked(BOTH, {REQUIREMENTS: TREE[REQUIREMENTS]}))
    wanted = wanted_by(plan.lock.groups)

    def lie(source: Source) -> Found:
        return Found(changed(requirements.find(source, wanted).pins)[number])

    with pytest.raises(InternalError) as caught:
        verify(plan, lie)
    message = "requirements.txt: the planned edit does not read back as planned, so nothing was written"
    assert (str(caught.value), caught.value.hint) == (
        message,
        "this is a bug in fi-bump: please report it with the file",
    )
