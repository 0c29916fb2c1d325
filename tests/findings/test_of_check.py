"""Every rule of `check` with its whole finding."""

from __future__ import annotations

from typing import Any

import pytest

from fi_bump.errors import ParseError
from fi_bump.findings.of_check import Finding, compare, finding_line, interrupted, missing_rows, newly_excluded
from fi_bump.findings.rules import Rule
from fi_bump.lock.records import Lock
from fi_bump.pins import Guard, Kind, Mark, Place, Source, Span, Unpinned, make_pin
from fi_bump.scanning.scan import Scan
from tests.kit import DOCKERFILE, JSON, KIT, OTHER, REQUIREMENTS, looked, one, said, sharing


def test_in_step() -> None:
    assert said(one("requirements.txt#kit"), {REQUIREMENTS: b"kit==1.1\n"}) == []


def test_drift() -> None:
    tree = {REQUIREMENTS: b"\xef\xbb\xbf# \xc3\xa9\nkit==1.0.post1 # x\n"}
    (finding,) = said(one("requirements.txt#kit"), tree)
    assert finding == Finding(
        rule=Rule.DRIFT,
        place=Place(REQUIREMENTS, 2, 6, 15),
        message="kit is 1.0.post1, the lock says 1.1",
        fixable=True,
        anchor="kit",
        subject="kit",
        package="kit",
        group="kit",
        found="1.0.post1",
        expected="1.1",
    )
    assert finding_line(finding) == "requirements.txt:2:6: kit is 1.0.post1, the lock says 1.1 [drift]"


def test_drift_of_a_variable_names_no_package() -> None:
    assert said(one(), {DOCKERFILE: b"FROM x\nARG KIT_VERSION=1.0\n"}) == [
        Finding(
            rule=Rule.DRIFT,
            place=Place(DOCKERFILE, 2, 17, 20),
            message="KIT_VERSION is 1.0, the lock says 1.1",
            fixable=True,
            anchor="ARG KIT_VERSION",
            subject="KIT_VERSION",
            group="kit",
            found="1.0",
            expected="1.1",
        )
    ]


def test_missing_site() -> None:
    assert said(one("a/requirements.txt#kit (2)"), {}) == [
        Finding(
            rule=Rule.MISSING_SITE,
            place=Place("a/requirements.txt"),
            message="the lock records 'kit (2)' here, but there is no pin at this anchor",
            anchor="kit (2)",
            group="kit",
            expected="1.1",
        )
    ]


def test_a_site_outside_the_given_paths_is_not_reported_missing() -> None:
    assert said(one("a/requirements.txt#kit"), {}, "b") == []


def test_new_site() -> None:
    assert said(one(), {REQUIREMENTS: b"kit==1.1.0\n"}) == [
        Finding(
            rule=Rule.NEW_SITE,
            place=Place(REQUIREMENTS, 1, 6, 11),
            message="kit is pinned here, but the lock does not record it",
            fixable=True,
            anchor="kit",
            subject="kit",
            package="kit",
            group="kit",
            found="1.1.0",
            expected="1.1",
        )
    ]


def test_unassigned() -> None:
    lock = sharing(("a/requirements.txt#kit",), ("b/requirements.txt#kit",))
    tree = {
        "a/requirements.txt": b"kit==1.1\n",
        "b/requirements.txt": b"kit==0.9\n",
        "c/requirements.txt": b"kit==1.1\n",
    }
    assert said(lock, tree) == [
        Finding(
            rule=Rule.UNASSIGNED,
            place=Place("c/requirements.txt", 1, 6, 9),
            message="kit 1.1 could belong to new or old",
            anchor="kit",
            subject="kit",
            package="kit",
            found="1.1",
            own_remedy="say which group owns the pin: fi-bump site add --group new 'c/requirements.txt#kit'",
        )
    ]


def test_a_site_recorded_for_another_subject_is_missing() -> None:
    lock = Lock((KIT, OTHER._replace(sites=("requirements.txt#kit",))))
    assert [finding.rule for finding in said(lock, {REQUIREMENTS: b"kit==1.1\n"})] == [Rule.MISSING_SITE, Rule.NEW_SITE]


def unpinned(version: str | None, lock: Lock) -> list[Finding]:
    """Return the findings for one place that cannot be moved."""
    source = Source(REQUIREMENTS, b"kit==1.0\n")
    place = Unpinned(source, Span(5, 8), "kit", "has --hash lines", version)
    return compare(lock, Scan((), (place,), (), (), ()))


UNPINNED = Finding(
    rule=Rule.UNPINNED,
    place=Place(REQUIREMENTS, 1, 6, 9),
    message="kit: has --hash lines",
    subject="kit",
    group="kit",
    expected="1.1",
)


def test_unpinned() -> None:
    assert unpinned(None, one()) == [UNPINNED]
    assert unpinned("1.1.0", one()) == [UNPINNED._replace(found="1.1.0")]
    assert finding_line(UNPINNED) == "requirements.txt:1:6: note: kit: has --hash lines [unpinned]"


def test_an_unpinned_place_at_another_version_is_drift() -> None:
    message = "kit is 1.0, the lock says 1.1; has --hash lines"
    drift = UNPINNED._replace(rule=Rule.DRIFT, message=message, package="kit", found="1.0")
    assert unpinned("1.0", one()) == [drift]
    message = "kit is 1.0, the lock says 1.1 or 0.9; has --hash lines"
    assert unpinned("1.0", sharing((), ())) == [drift._replace(message=message, group=None, expected=None)]
    assert [finding.rule for finding in unpinned("0.9", sharing((), ()))] == [Rule.UNPINNED]


def test_floor_violated() -> None:
    assert said(one(), {REQUIREMENTS: b"kit>=1.2,<2\nkit-cubin>=1.0\n"}) == [
        Finding(
            rule=Rule.FLOOR_VIOLATED,
            place=Place(REQUIREMENTS, 1, 4, 12),
            message="kit>=1.2,<2 excludes 1.1, the version in the lock",
            subject="kit",
            package="kit",
            group="kit",
            found=">=1.2,<2",
            expected="1.1",
        )
    ]


def test_an_unparsed_file() -> None:
    error = ParseError("not JSON: expected a value here", place="x.json:1:2")
    assert compare(one(), Scan((), (), (), ((JSON, error),), ())) == [
        Finding(
            rule=Rule.UNPINNED,
            place=Place(JSON),
            message="this file names a package of the lock, but cannot be parsed: not JSON: expected a value here",
        )
    ]


@pytest.mark.parametrize(
    ("paths", "names"),
    [pytest.param([], "no file is written yet", id="no file"), pytest.param(["a", "b/c"], "a, b/c", id="two files")],
)
def test_interrupted(paths: list[str], names: str) -> None:
    message = f"an interrupted fi-bump left its journal ({names})"
    assert interrupted(paths) == Finding(Rule.INTERRUPTED, Place("versions.lock.json"), message, fixable=True)


def remedy(rule: Rule, **fields: Any) -> str:
    """What to do about a finding of a rule in requirements.txt."""
    return Finding(rule, Place(REQUIREMENTS, 1), "a message", **fields).remedy


def test_a_remedy_names_what_the_finding_is_about() -> None:
    anchor = "literal:GROUP '{version}' == VERSION"
    assert remedy(Rule.MISSING_SITE, anchor=anchor) == (
        "put the pin back, or forget its site: fi-bump site remove "
        "'requirements.txt#literal:GROUP '\"'\"'{version}'\"'\"' == VERSION'"
    )
    assert remedy(Rule.HASH_MISMATCH, group="kit", expected="1.1", found="1.1.0") == (
        "find out who changed the file before you install it; fi-bump set kit==1.1 records the index's hashes"
    )
    assert remedy(Rule.HASH_MISMATCH) == Rule.HASH_MISMATCH.remedy


def test_the_remedy_of_what_fix_repairs() -> None:
    assert remedy(Rule.DRIFT, fixable=True) == "run fi-bump check --fix"
    assert remedy(Rule.DRIFT) == Rule.DRIFT.remedy
    assert remedy(Rule.DRIFT, own_remedy="regenerate the file: make VERSION") == "regenerate the file: make VERSION"


def test_findings_are_sorted() -> None:
    lock = one("z/requirements.txt#kit", "b/requirements.txt#gone")
    tree = {"b/requirements.txt": b"kit>=2\nkit==1.0\nkit==0.9\n", "a/Dockerfile": b"FROM x\nARG KIT_VERSION=1.0\n"}
    assert [(finding.place.at_line, finding.rule.value) for finding in said(lock, tree)] == [
        ("a/Dockerfile:2", "drift"),
        ("b/requirements.txt:1", "missing-site"),
        ("b/requirements.txt:1", "floor-violated"),
        ("b/requirements.txt:2", "drift"),
        ("b/requirements.txt:3", "drift"),
        ("z/requirements.txt:1", "missing-site"),
    ]


def guarded(version: str, reason: str = "a hash") -> Scan:
    """Return a scan with one pin that must not move alone."""
    source = Source(REQUIREMENTS, f"kit=={version}\n".encode())
    pin = make_pin(source, 5, 5 + len(version), "kit", Kind.REQUIREMENT, "kit")
    return Scan((pin._replace(guard=Guard(reason)),), (), (), (), ())


def test_a_guarded_pin_at_the_lock_s_version_says_nothing() -> None:
    assert compare(one("requirements.txt#kit"), guarded("1.1.0")) == []
    assert [finding.rule for finding in compare(one(), guarded("1.1.0"))] == [Rule.NEW_SITE]


def test_a_guarded_pin_at_another_version_is_drift_that_fix_does_not_repair() -> None:
    assert compare(one("requirements.txt#kit"), guarded("1.0")) == [
        Finding(
            rule=Rule.DRIFT,
            place=Place(REQUIREMENTS, 1, 6, 9),
            message="kit is 1.0, the lock says 1.1; a hash",
            anchor="kit",
            subject="kit",
            package="kit",
            group="kit",
            found="1.0",
            expected="1.1",
        )
    ]


@pytest.mark.parametrize(
    ("rows", "found", "missing"),
    [
        pytest.param(("1.0", "1.1"), [], [], id="both"),
        pytest.param(("0.9", "1.1.0"), [], [], id="new"),
        pytest.param(("1.0.0", "0.9"), [Rule.UNPINNED], [Rule.MISSING_ROW], id="old"),
        pytest.param(("0.9",), [Rule.UNPINNED], [], id="neither"),
    ],
)
def test_a_table_of_checksums(rows: tuple[str, ...], found: list[Rule], missing: list[Rule]) -> None:
    source = Source(REQUIREMENTS, b"kit==1.0\n")
    table = Unpinned(source, Span(5, 8), "kit", "a table", mark=Mark.HASH_NEEDED, rows=rows)
    scan = Scan((), (table,), (), (), ())
    assert [finding.rule for finding in compare(one(), scan)] == found
    findings = missing_rows(KIT._replace(version="1.0"), KIT, scan)
    assert [finding.rule for finding in findings] == missing
    for finding in findings:
        assert finding_line(finding) == (
            "requirements.txt:1:6: kit: this table of versions and checksums has no row for 1.1 [missing-row]"
        )
        assert finding.remedy == "add a row for 1.1 with its checksum, then run again"


@pytest.mark.parametrize(("version", "rules"), [("1.1.0", []), ("1.0", [Rule.STALE_LOCK_FILE])])
def test_a_lock_file_in_step_says_nothing(version: str, rules: list[Rule]) -> None:
    source = Source("uv.lock", b"kit 1.0\n")
    place = Unpinned(
        source=source, span=Span(4, 7), subject="kit", reason="resolved by uv", version=version, mark=Mark.LOCK_FILE
    )
    assert [finding.rule for finding in compare(one(), Scan((), (place,), (), (), ()))] == rules


def test_what_to_do_about_a_guarded_pin_without_a_checksum() -> None:
    (finding,) = compare(one(), guarded("1.0", "another reason"))
    assert finding.remedy == "change it by hand to 1.1"


def test_a_range_of_two_groups_is_violated_once_and_only_if_neither_version_fits() -> None:
    lock = sharing((), ())
    assert said(lock, {REQUIREMENTS: b"kit>=1.0\n"}) == []
    assert [finding.rule for finding in said(lock, {REQUIREMENTS: b"kit>=2.0\n"})] == [Rule.FLOOR_VIOLATED]


@pytest.mark.parametrize(("text", "number"), [(b"kit<1.1\n", 1), (b"kit<0.5\n", 0), (b"kit>=1.0\n", 0)])
def test_a_range_that_a_move_leaves_behind(text: bytes, number: int) -> None:
    scan = looked(one(), {REQUIREMENTS: text})
    findings = newly_excluded(KIT._replace(version="1.0"), KIT, scan)
    assert [(finding.rule, finding.group) for finding in findings] == [(Rule.FLOOR_VIOLATED, "kit")] * number


@pytest.mark.parametrize(
    ("version", "rule", "message"),
    [
        ("1.1", Rule.UNPINNED, "kit: an exact gate: look"),
        ("v1.1+cu1", Rule.UNPINNED, "kit: an exact gate: look"),
        ("1.0", Rule.GATE_BEHIND, "kit is 1.0 here, the lock says 1.1; an exact gate: look"),
        ("${X}", Rule.UNPINNED, "kit: an exact gate: look"),
    ],
)
def test_a_gate_is_compared_at_every_check(version: str, rule: Rule, message: str) -> None:
    source = Source("a.py", f'x == "{version}"'.encode())
    span = Span(6, 6 + len(version))
    place = Unpinned(source=source, span=span, subject="kit", reason="an exact gate: look", mark=Mark.EXACT_GATE)
    scan = Scan((), (place,), (), (), ())
    assert [(each.rule, each.message) for each in compare(one(), scan) if each.rule is not Rule.MISSING_SITE] == [
        (rule, message)
    ]
