"""Tests of `audit` and `smoke` in every format: whole outputs, and `audit` as a user runs it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from fi_bump.audit.audit import Audit
from fi_bump.pins import Place, Source
from fi_bump.report.findings.formats import render
from fi_bump.report.findings.from_audit import Closing, audit_report
from fi_bump.report.findings.from_smoke import smoke_report
from fi_bump.report.findings.model import Passed, Report
from fi_bump.report.findings.snippet import show
from fi_bump.report.formats import Written
from fi_bump.report.smoke.output import render as render_smoke
from fi_bump.smoke.model import Problem, SmokeReport
from tests.conftest import Run, plant
from tests.report.samples import AUDIT, KIT, LOCK, STATED, VERDICTS, golden
from tests.report.smoke.test_reports import ALL, COMPARED, GREEN, RED
from tests.smoke.fakes import fake_python

LOCKED = Source("versions.lock.json", LOCK)
SUMMARY = "dsl 4.5.2, kit 1.0: 1 conflict"


@pytest.fixture
def audited(tmp_path: Path) -> Report:
    """The report of an audit with a conflict, a note, a file that uv can resolve and one that it cannot."""
    plant(tmp_path, STATED)
    closing = Closing(SUMMARY, "help: run fi-bump set kit==1.0 dsl==4.5.2", False)
    return audit_report(str(tmp_path), KIT, AUDIT, VERDICTS, closing)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("github", "audit.github.txt"),
        ("gitlab", "audit.gitlab.json"),
        ("junit", "audit.xml"),
        ("markdown", "audit.md"),
        ("sarif", "audit.sarif"),
    ],
)
def test_an_audit(audited: Report, form: Written, name: str) -> None:
    made = f"{render(audited, form)}\n"
    assert made == golden(name, made)


def test_an_audit_on_a_terminal(audited: Report) -> None:
    stream = io.StringIO()
    show(audited.results, Console(file=stream, width=72))
    assert stream.getvalue() == golden("audit.terminal.txt", stream.getvalue())


def test_an_audit_without_a_conflict(tmp_path: Path) -> None:
    closing = Closing("dsl 4.5.2, kit 1.0: no conflicts", None, True)
    made = audit_report(str(tmp_path), KIT, Audit((), (), {}), (), closing)
    passed = (
        Passed("versions.lock.json", "dsl agrees with what is stated"),
        Passed("versions.lock.json", "kit agrees with what is stated"),
    )
    assert (made.ok, made.results, made.passed, made.summary, made.help) == (True, (), passed, (closing.summary,), ())


class Case(NamedTuple):
    """A smoke report, its format, and the file with the expected text."""

    report: SmokeReport
    form: Written
    name: str


@pytest.mark.parametrize(
    "case",
    [
        Case(RED, "github", "smoke.github.txt"),
        Case(RED, "gitlab", "smoke.gitlab.json"),
        Case(RED, "sarif", "smoke.sarif"),
        Case(COMPARED, "github", "compared.github.txt"),
        Case(ALL["swept"], "github", "swept.github.txt"),
    ],
)
def test_smoke(case: Case) -> None:
    made = f"{render(smoke_report(case.report, LOCKED), case.form)}\n"
    assert made == golden(case.name, made)


@pytest.mark.parametrize("lock", [None, Source("versions.lock.json", b"{"), Source("versions.lock.json", b"{}")])
def test_without_the_locks_line(lock: Source | None) -> None:
    (result, _) = smoke_report(RED, lock).results
    assert result.place == Place("versions.lock.json")
    assert render_smoke(RED, "github").startswith("::error file=versions.lock.json,line=1,endLine=1,title=")


def test_a_run_that_showed_nothing() -> None:
    nothing = GREEN._replace(ok=False, problems=(Problem(None, "no probe can run"), Problem("a", "a is required")))
    made = smoke_report(nothing, LOCKED)
    assert [(each.rule.value, each.key, each.message) for each in made.results] == [
        ("smoke-verdict", "verdict", "no probe can run"),
        ("probe-not-run", "a", "a is required"),
    ]
    assert made.passed == (Passed("versions.lock.json", "environment"),)


@pytest.mark.slow
def test_a_smoke_report_in_files(broken: Path, run: Run, tmp_path: Path) -> None:
    asked = ("--python", fake_python(tmp_path / "bin"), "--cache", str(tmp_path / "cache"), "--only", "environment")
    files = ("--output", str(tmp_path / "a.sarif"), "--output", f"gitlab={tmp_path / 'a.json'}")
    result = run(broken, "smoke", *asked, *files, "--format", "gitlab")
    assert (result.code, result.out) == (0, "[]\n")
    assert (tmp_path / "a.json").read_text() == "[]\n"
    assert '"id": "fi-bump/smoke/"' in (tmp_path / "a.sarif").read_text()
