"""Tests of `--pytest` by test case: what is worse than in the baseline, and which named tests did not run."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from fi_bump.compare.cases import CaseResult
from fi_bump.report.json.smoke import smoke_json
from fi_bump.report.smoke.junit import junit_text
from fi_bump.report.smoke_text import comparison_lines
from fi_bump.smoke.baseline import Baseline, compare, load
from fi_bump.smoke.case_changes import case_changes, skipped, worse
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.interpreter import Interpreter
from fi_bump.smoke.model import BaselineComparison, ProbeReport, Problem, SmokeReport
from fi_bump.smoke.report_file import beside
from fi_bump.smoke.report_file import load as load_report
from fi_bump.smoke.runner import run_jobs
from fi_bump.smoke.verdict import problems
from tests.report.smoke.test_reports import GREEN, VALIDATOR
from tests.smoke.fakes import Remembered

PASS, FAIL = CaseResult("pass", 1.0), CaseResult("fail", 1.0, "assert 1 == 2", failed=1)
OTHER, SKIP = CaseResult("fail", 1.0, "KeyError: 'w1'", failed=1), CaseResult("skip", 0.0, "needs sm_100")
KILLED = CaseResult("fail", 1.0, "exited with 137", "killed", failed=1)


def suite(outcome: str = "fail", why: str = "so", /, **cases: CaseResult) -> ProbeReport:
    """The probe `pytest` with these cases of one file."""
    reason = None if outcome == "pass" else why
    named = {f"t::{name}": case for name, case in cases.items()}
    return ProbeReport(name="pytest", outcome=outcome, reason=reason, seconds=9.0, metrics={}, cases=named)


def many(failing: int, total: int = 500) -> dict[str, CaseResult]:
    return {f"test_{number}": FAIL if number < failing else PASS for number in range(total)}


def verdict(before: ProbeReport, now: ProbeReport) -> tuple[BaselineComparison, list[str]]:
    compared = compare(Baseline("0.6.8", {"pytest": before}), [now], 0.25)
    return compared, [problem.message for problem in problems([now], ["pytest"], [], compared)]


def test_one_old_failure_does_not_let_forty_new_ones_pass() -> None:
    compared, messages = verdict(suite(**many(1)), suite(**many(41)))
    assert (compared.new_failures, compared.standing_failures) == (("pytest",), ())
    assert messages == [
        "40 tests are worse than in the baseline, of 500 in this run; first t::test_1 passed in the baseline run: assert 1 == 2"
    ]
    assert [change.kind.value for change in compared.cases] == [*["new-failure"] * 40, "known-failure"]


@pytest.mark.parametrize(
    ("before", "now", "standing", "message"),
    [
        # The same failures: known.
        (suite(**many(3)), suite(**many(3)), ("pytest",), None),
        (suite(**many(3)), suite(**many(1)), ("pytest",), None),
        # Another message.
        (
            suite(a=FAIL, b=PASS),
            suite(a=OTHER, b=PASS),
            (),
            "1 test is worse than in the baseline, of 2 in this run; first t::a failed in the baseline run: KeyError: 'w1'",
        ),
        # A test that passed and is skipped now, in a run that passes.
        (
            suite("pass", a=PASS, b=PASS),
            suite("pass", a=PASS, b=SKIP),
            (),
            "1 test is worse than in the baseline, of 2 in this run; first t::b is skipped now: needs sm_100",
        ),
        # A test that is gone.
        (
            suite("pass", a=PASS, b=PASS),
            suite("pass", a=PASS),
            (),
            "1 test is worse than in the baseline, of 1 in this run; first t::b is not in the run",
        ),
        # What the infrastructure kept from being judged was required.
        (
            suite("pass", a=PASS, b=PASS),
            suite(a=PASS, b=KILLED),
            (),
            "1 test is worse than in the baseline, of 2 in this run; first t::b not judged: the process was killed, as the kernel "
            "does when memory runs out: exited with 137",
        ),
        # A baseline of an earlier version has no cases: nothing in it excuses a failure.
        (suite(), suite(a=FAIL), (), "pytest failed: so"),
        # pytest itself broke: that is known if it broke in the same way.
        (suite("fail", "killed by SIGSEGV"), suite("fail", "killed by SIGSEGV"), ("pytest",), None),
        (suite("fail", "ran past 10 s"), suite("fail", "ran past 3600 s"), ("pytest",), None),
        (
            suite("fail", "killed by SIGSEGV"),
            suite("fail", "killed by SIGKILL"),
            (),
            "pytest failed: killed by SIGKILL",
        ),
        (suite(a=FAIL), suite("fail", "killed by SIGSEGV"), (), "pytest failed: killed by SIGSEGV"),
        (suite("fail", "killed by SIGSEGV"), suite(a=FAIL), (), "pytest failed: so"),
        (
            suite(a=FAIL),
            suite("not-run", "all 1 tests were skipped: x", a=SKIP),
            (),
            "pytest is required but did not run: all 1 tests were skipped: x",
        ),
    ],
)
def test_what_a_baseline_excuses(
    before: ProbeReport, now: ProbeReport, standing: tuple[str, ...], message: str | None
) -> None:
    compared, messages = verdict(before, now)
    assert compared.standing_failures == standing
    assert messages == ([] if message is None else [message])


def test_without_a_baseline_any_failure_counts() -> None:
    assert problems([suite(a=FAIL, b=PASS)], ["pytest"], []) == (Problem("pytest", "pytest failed: so"),)


CASES = {
    "tests.kernels.test_a::test_x[1]": SKIP,
    "tests.kernels.test_a::test_x[2]": SKIP._replace(message="another reason"),
    "tests.kernels.test_a::test_xy": PASS,
    "tests.kernels.test_a.TestB::test_y": SKIP,
    "tests.kernels.test_a.TestB::test_z": PASS,
    "tests.kernels.test_a.TestC::test_y": SKIP,
    "tests.kernels.test_ab::test_x": SKIP,
    "tests.other.test_c": FAIL,
}


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("tests/kernels/test_a.py::test_x", "needs sm_100"),
        ("tests/kernels/test_a.py::test_x[1]", "needs sm_100"),
        ("./tests/kernels/test_a.py::test_x[2]", "another reason"),
        ("tests/kernels/test_a.py::test_xy", None),
        ("tests/kernels/test_a.py::TestB", None),
        ("tests/kernels/test_a.py::TestB::test_y", "needs sm_100"),
        ("tests/kernels/test_a.py::TestC", "needs sm_100"),
        ("tests/kernels/test_a.py", None),
        ("tests/kernels/test_ab.py", "needs sm_100"),
        ("tests/kernels", None),
        ("tests/kernels/", None),
        ("tests/other/test_c.py", None),
        ("tests/none.py", None),
    ],
)
def test_a_named_test_that_was_skipped(test: str, reason: str | None) -> None:
    expected = [] if reason is None else [f"{test} is required but was skipped: {reason}"]
    assert skipped([test, test], CASES) == expected


def test_a_named_test_that_was_skipped_is_a_problem_whatever_else_passed() -> None:
    probe = suite("pass")._replace(cases=CASES)
    named = ["tests/kernels/test_ab.py", "tests/kernels/test_a.py"]
    assert problems([probe], ["pytest"], [], None, named) == (
        Problem("pytest", "tests/kernels/test_ab.py is required but was skipped: needs sm_100"),
    )
    # All of them: one problem says so already.
    nothing = probe._replace(outcome="not-run", reason="all 8 tests were skipped: needs sm_100")
    assert [each.message for each in problems([nothing], ["pytest"], [], None, named)] == [
        "pytest is required but did not run: all 8 tests were skipped: needs sm_100"
    ]


ENGINE = """
import pytest
@pytest.mark.parametrize("x", [1, 2])
def test_numbers(x): assert x == 1
@pytest.mark.skip(reason="needs sm_100")
def test_skipped(): pass
class TestMore:
    def test_good(self): pass
"""


@pytest.mark.slow
def test_every_case_of_a_real_run_is_in_the_report_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests" / "test_engine.py").write_text(ENGINE)
    named = [
        "tests/test_engine.py::test_numbers",
        "tests/test_engine.py::test_skipped",
        "tests/test_engine.py::TestMore",
    ]
    job = pytest_job(named, str(tmp_path), Interpreter(sys.executable, str(tmp_path)), 60.0)
    (probe,) = run_jobs([job], (), Remembered())
    # Named from the repository's folder, although pytest finds its settings in another.
    assert {key: (case.outcome, case.message) for key, case in probe.cases.items()} == {
        "tests.test_engine::test_numbers[1]": ("pass", ""),
        "tests.test_engine::test_numbers[2]": ("fail", "assert 2 == 1"),
        "tests.test_engine::test_skipped": ("skip", "needs sm_100"),
        "tests.test_engine.TestMore::test_good": ("pass", ""),
    }
    assert [each.message for each in problems([probe], ["pytest"], [], None, named)] == [
        "pytest failed: 1 of 4 tests failed, first tests.test_engine::test_numbers[2]: assert 2 == 1",
        "tests/test_engine.py::test_skipped is required but was skipped: needs sm_100",
    ]
    report = GREEN._replace(probes=(*GREEN.probes, probe))
    path = tmp_path / "smoke.json"
    path.write_text(smoke_json(report))
    VALIDATOR.validate(json.loads(path.read_text()))
    known = {key: case._replace(file=None, line=None) for key, case in probe.cases.items()}
    assert load_report(str(path)).probes[-1].cases == known
    assert load(str(path), "flashinfer").probes["pytest"].cases == known


def report(now: ProbeReport) -> SmokeReport:
    found = problems([now], ["pytest"], [])
    return GREEN._replace(ok=not found, problems=found, probes=(now,))


def test_a_report_beside_a_baseline_afterwards() -> None:
    now = suite(**many(41))
    earlier = Baseline("0.6.8", {"pytest": suite(**many(1))})
    compared = beside(report(now), earlier, 0.25)
    assert [problem.message for problem in compared.problems] == [
        "40 tests are worse than in the baseline, of 500 in this run; first t::test_1 passed in the baseline run: assert 1 == 2"
    ]
    same = beside(report(now), Baseline("0.6.8", {"pytest": now}), 0.25)
    assert (same.ok, same.problems) == (True, ())
    vanished = beside(report(suite("pass", a=PASS)), Baseline("0.6.8", {"pytest": suite("pass", a=PASS, b=PASS)}), 0.25)
    assert [problem.message for problem in vanished.problems] == [
        "1 test is worse than in the baseline, of 1 in this run; first t::b is not in the run"
    ]


def test_the_cases_in_words() -> None:
    before = suite(a=PASS, b=FAIL, c=FAIL, **many(0, 25))
    now = suite(a=FAIL, b=PASS, c=FAIL, **many(25, 25))
    compared = compare(Baseline("0.6.8", {"pytest": before}), [now], 0.25)
    lines = list(comparison_lines(compared))
    assert lines[:3] == [
        "compared with the baseline of 0.6.8:",
        "pytest fails now and did not before",
        "new failures: t::a: passed in the baseline run; now: assert 1 == 2",
    ]
    assert lines[-3:] == [
        "new failures: and 6 more",
        "failing as in the baseline: t::c: failed in the baseline run with the same message; now: assert 1 == 2",
        "fixed: t::b: failed in the baseline run",
    ]
    assert worse(case_changes({}, {}), 0) is None


def test_junit_has_every_case_and_is_red_where_it_blocks() -> None:
    before = suite(a=PASS, b=FAIL, c=PASS, d=PASS)
    now = suite(a=FAIL, b=FAIL, c=PASS, d=SKIP)

    def cases(report: SmokeReport) -> dict[str, list[tuple[str, str | None]]]:
        root = ElementTree.fromstring(junit_text(report))
        return {
            f"{case.get('classname')}::{case.get('name')}": [(child.tag, child.get("message")) for child in case]
            for case in root.iter("testcase")
            if case.get("classname") == "t"
        }

    assert cases(report(now)) == {
        "t::a": [("failure", "assert 1 == 2")],
        "t::b": [("failure", "assert 1 == 2")],
        "t::c": [],
        "t::d": [("skipped", "needs sm_100")],
    }
    compared = beside(report(now), Baseline("0.6.8", {"pytest": before}), 0.25)
    assert cases(compared) == {
        "t::a": [("failure", "assert 1 == 2")],
        "t::b": [("skipped", "fails in the baseline too: assert 1 == 2")],
        "t::c": [],
        "t::d": [("failure", "is skipped now: needs sm_100")],
    }
    known = beside(report(now), Baseline("0.6.8", {"pytest": now}), 0.25)
    assert cases(known)["t::a"] == [("skipped", "fails in the baseline too: assert 1 == 2")]


def test_several_problems_of_one_probe_are_one_case_in_junit() -> None:
    problems_ = (Problem("pytest", "first"), Problem("pytest", "second"))
    text = junit_text(GREEN._replace(ok=False, problems=problems_, probes=(suite(a=FAIL),)))
    assert '<failure message="first; second" />' in text
