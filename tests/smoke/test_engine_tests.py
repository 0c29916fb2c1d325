"""Tests of running an engine's own tests: reading pytest's report, and failing without one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fi_bump.errors import UsageError
from fi_bump.smoke.engine_tests import pytest_job
from fi_bump.smoke.interpreter import Interpreter
from fi_bump.smoke.model import ProbeReport
from fi_bump.smoke.probes.protocol import ProbeResult
from fi_bump.smoke.runner import run_jobs
from tests.smoke.fakes import HANGS, Remembered, fake_python


def outcome(tmp_path: Path, python: str, *tests: str, seconds: float | None = 60.0) -> ProbeReport:
    """Run these tests and return the probe's report."""
    job = pytest_job(tests, str(tmp_path), Interpreter(python, str(tmp_path)), seconds)
    (report,) = run_jobs([job], (), Remembered())
    assert report.name == "pytest"
    return report


def counts(tests: int, passed: int, failed: int, skipped: int) -> dict[str, int]:
    return {"tests": tests, "passed": passed, "failed": failed, "skipped": skipped}


ENGINE = """
import os, pytest
def test_good(): assert os.path.exists("test_engine.py")
def test_bad(): assert 1 == 2
def test_error(missing): pass
@pytest.mark.skip(reason="needs sm_100")
def test_skipped(): pass
class TestMore:
    def test_bad(self): raise ValueError("odd\\nand more")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        (["::test_good"], ProbeResult("pass", None, counts(1, 1, 0, 0))),
        (["::test_good", "::test_skipped"], ProbeResult("pass", None, counts(2, 1, 0, 1))),
        (["::test_skipped"], ProbeResult("not-run", "all 1 tests were skipped: needs sm_100", counts(1, 0, 0, 1))),
        (
            ["::test_good", "::test_bad"],
            ProbeResult(
                "fail",
                "1 of 2 tests failed, first test_engine::test_bad: assert 1 == 2",
                counts(2, 1, 1, 0),
            ),
        ),
        (
            ["::TestMore::test_bad", "::test_skipped"],
            ProbeResult(
                "fail",
                "1 of 2 tests failed, first test_engine.TestMore::test_bad: ValueError: odd and more",
                counts(2, 0, 1, 1),
            ),
        ),
    ],
)
def test_real_tests(tmp_path: Path, tests: list[str], expected: ProbeResult) -> None:
    (tmp_path / "test_engine.py").write_text(ENGINE)
    report = outcome(tmp_path, sys.executable, *(f"test_engine.py{test}" for test in tests))
    assert (report.outcome, report.reason, report.metrics) == (expected.outcome, expected.reason, expected.metrics)


@pytest.mark.slow
def test_a_file_without_tests_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_engine.py").write_text("x = 1\n")
    report = outcome(tmp_path, sys.executable, "test_engine.py")
    assert (report.outcome, report.reason) == ("not-run", "pytest collected no test")


@pytest.mark.slow
def test_a_name_that_is_not_there_fails(tmp_path: Path) -> None:
    (tmp_path / "test_engine.py").write_text("x = 1\n")
    report = outcome(tmp_path, sys.executable, "test_engine.py::test_none")
    assert report.outcome == "fail"
    assert str(report.reason).startswith("exited with 4: ")


REPORT = (
    "path = [a for a in sys.argv if a.startswith('--junitxml=')][0].partition('=')[2]; open(path, 'w').write({!r})\n"
)
SUITE = "<testsuites><testsuite>{}</testsuite></testsuites>"
ONE = '<testcase classname="a" name="b"/>'


@pytest.mark.parametrize(
    ("source", "expected", "reason"),
    [
        (REPORT.format(SUITE.format(ONE)), "pass", None),
        (REPORT.format("<odd") + "print('bye')", "fail", "pytest wrote no report: exited with 0: bye"),
        ("sys.exit('No module named pytest')", "fail", "pytest wrote no report: exited with 1: No module named pytest"),
        (
            REPORT.format(SUITE.format(ONE)) + "sys.exit(1)",
            "fail",
            "pytest exited with 1, and its report names no failure",
        ),
        (REPORT.format(SUITE.format(ONE)) + "sys.exit(2)", "fail", "exited with 2"),
        (REPORT.format(SUITE.format(ONE)) + "os.kill(os.getpid(), 9)", "fail", "killed by SIGKILL"),
        (
            REPORT.format(SUITE.format('<testcase classname="a" name="b"><error/></testcase>')),
            "fail",
            "1 of 1 tests failed, first a::b: error",
        ),
    ],
)
def test_odd_ends(tmp_path: Path, source: str, expected: str, reason: str | None) -> None:
    (tmp_path / "test_engine.py").touch()
    report = outcome(tmp_path, fake_python(tmp_path / "bin", {"pytest": source}), "test_engine.py")
    assert (report.outcome, report.reason) == (expected, reason)


@pytest.mark.slow
def test_a_hang(tmp_path: Path) -> None:
    (tmp_path / "test_engine.py").touch()
    python = fake_python(tmp_path / "bin", {"pytest": HANGS})
    report = outcome(tmp_path, python, "test_engine.py", seconds=1.5)
    assert (report.outcome, report.reason) == ("fail", "exceeded its time limit of 1.5 s and was killed")


def test_tests_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        pytest_job(["tests/none.py::test_a"], str(tmp_path), Interpreter("python", str(tmp_path)), None)
    assert str(caught.value) == "tests/none.py: this path does not exist"
    assert caught.value.hint == "give --pytest a PATH or PATH::TEST relative to the folder of -C"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "outcome_", "reason"),
    [
        (
            "def test_a(): pass\ndef test_b(): pytest.exit('enough', returncode=0)\ndef test_c(): assert False\n",
            "fail",
            "2 of 3 collected tests did not run: pytest was ended before them",
        ),
        (
            "def test_a(): pass\ndef test_b(request): request.session.shouldstop = 'x'\ndef test_c(): assert False\n",
            "fail",
            "exited with 2: ",
        ),
        (
            "def test_a(): pass\n@pytest.mark.skip(reason='no')\n@pytest.mark.parametrize('n', range(9))\ndef test_b(n): pass",
            "pass",
            "only 1 of 10 tests ran, the others were skipped",
        ),
        ("def test_a(): pass\ndef test_b(): os._exit(0)\n", "fail", "pytest wrote no report: exited with 0"),
    ],
)
def test_green_only_for_tests_that_ran(tmp_path: Path, source: str, outcome_: str, reason: str) -> None:
    (tmp_path / "test_engine.py").write_text(f"import os, pytest\n{source}")
    report = outcome(tmp_path, sys.executable, "test_engine.py")
    assert (report.outcome, (report.reason or "")[: len(reason)]) == (outcome_, reason)


@pytest.mark.slow
def test_options_of_the_job_deselect_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_engine.py").write_text("def test_a(): pass\ndef test_b(): assert False\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--deselect test_engine.py::test_b")
    report = outcome(tmp_path, sys.executable, "test_engine.py")
    assert (report.outcome, report.metrics) == ("fail", counts(2, 1, 1, 0))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --deselect test_engine.py::test_b\n")
    report = outcome(tmp_path, sys.executable, "test_engine.py")
    assert (report.outcome, report.metrics) == ("pass", {**counts(1, 1, 0, 0), "deselected": 1})
