"""A comparison in every format: whole texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import RunComparison
from fi_bump.compare.runs import Damaged, SuiteRun
from fi_bump.compare.times import Limits
from fi_bump.report.compare.output import render
from fi_bump.report.findings.formats import render as render_findings
from fi_bump.report.findings.from_compare import compare_report
from fi_bump.report.formats import ReportFormat

PASS = CaseResult("pass", 2.0)


def failed(message: str, file: str | None = None, infrastructure: str | None = None) -> CaseResult:
    return CaseResult("fail", 1.0, message, infrastructure, failed=1, file=file)


BEFORE = {
    "tests.test_a::test_new": PASS,
    "tests.test_a::test_other": failed("ValueError: 1 | `x`"),
    "tests.test_a::test_flaky": failed("Timeout: 3 s"),
    "tests.test_a::test_known": failed("ValueError: 1"),
    "tests.test_a::test_fixed": failed("ValueError: 1"),
    "tests.test_a::test_slow": PASS,
    "tests.test_a::test_fast": PASS,
    "tests.test_a::test_killed": PASS,
    "tests.test_a::test_skipped": PASS,
    **{f"tests.test_gone::test_{number}": PASS for number in range(5)},
    "tests.test_a::test_same": PASS,
}
AFTER = {
    "tests.test_a::test_new": failed("AssertionError: @team\nsecond line", file="tests/test_a.py"),
    "tests.test_a::test_other": failed("RuntimeError: <b>"),
    "tests.test_a::test_flaky": failed("Timeout: 4 s"),
    "tests.test_a::test_known": failed("ValueError: 2"),
    "tests.test_a::test_fixed": PASS,
    "tests.test_a::test_slow": CaseResult("pass", 9.0),
    "tests.test_a::test_fast": CaseResult("pass", 0.5),
    "tests.test_a::test_killed": failed("exited with 137", infrastructure="killed"),
    "tests.test_a::test_skipped": CaseResult("skip", 0.0, "needs sm_100"),
    "tests.test_a::test_same": PASS,
    "tests.test_b::test_added": PASS,
}


def runs(*columns: dict[str, CaseResult], damaged: tuple[Damaged, ...] = ()) -> list[SuiteRun]:
    return [SuiteRun(f"run {number}", (f"{number}.xml",), column, damaged) for number, column in enumerate(columns)]


def compared() -> RunComparison:
    second = {**BEFORE, "tests.test_a::test_flaky": PASS}
    return compare(runs(BEFORE, second), runs(AFTER), Limits(), known().meaning)


TEXT = """\
1 run (1 file, 11 cases) beside 2 baseline runs (2 files, 15 cases)
new failures: 1
  tests.test_a::test_new
    passed in all 2 baseline runs
    now: AssertionError: @team second line
failing with another message: 1
  tests.test_a::test_other
    failed in all 2 baseline runs
    now: RuntimeError: <b>
    before: ValueError: 1 | `x`
no longer run: 6
  tests.test_a::test_skipped
    is skipped now: needs sm_100
  tests.test_gone: 5 cases
    is not in the run
slower: 1
  tests.test_a::test_slow
    2.00 s before, 9.00 s now: 4.49 times as long, which noise may explain
not judged (infrastructure): 1
  tests.test_a::test_killed
    not judged: the process was killed, as the kernel does when memory runs out
    now: exited with 137
flaky: 1
  tests.test_a::test_flaky
    failed in 1 of 2 baseline runs and in 1 of 1 now (probability 0.5 under that rate)
    now: Timeout: 4 s
failing as in the baseline: 1
  tests.test_a::test_known
    failed in all 2 baseline runs with the same message
    now: ValueError: 2
fixed: 1
  tests.test_a::test_fixed
    failed in all 2 baseline runs
faster: 1
  tests.test_a::test_fast
    2.00 s before, 0.50 s now: 3.97 times as fast, which noise may explain
new cases: 1
  tests.test_b::test_added
    not in the baseline
what this can show:
  failures: a test that passed in all 2 baseline runs may still fail in up to 78% of runs (95 % confidence)
  times: no claim with 2 and 1 runs, 3 and 3 would allow one; ratios are stated and do not block
1 new failure, 1 failing with another message, 6 no longer run, 1 slower, 1 not judged (infrastructure), 1 flaky, \
1 failing as in the baseline, 1 fixed, 1 faster, 1 new case, 1 as before
not ok: 1 new failure, 1 failing with another message, 6 no longer run
"""
MARKDOWN = """\
### Tests: not ok: 1 new failure, 1 failing with another message, 6 no longer run

1 run (1 file, 11 cases) beside 2 baseline runs (2 files, 15 cases): 1 new failure, 1 failing with another message, \
6 no longer run, 1 slower, 1 not judged (infrastructure), 1 flaky, 1 failing as in the baseline, 1 fixed, 1 faster, \
1 new case, 1 as before.

**New failures: 1**

| case | what was seen | message |
| --- | --- | --- |
| `tests.test_a::test_new` | passed in all 2 baseline runs | `AssertionError: @team second line` |

**Failing with another message: 1**

| case | what was seen | message |
| --- | --- | --- |
| `tests.test_a::test_other` | failed in all 2 baseline runs | `RuntimeError: <b>`, before `` ValueError: 1 \\| `x` `` |
"""
GITHUB = """\
::error file=tests/test_a.py,line=1,endLine=1,title=fi-bump new-failure::tests.test_a::test_new: passed in all 2 \
baseline runs%0Anow: AssertionError: @team second line
"""


def test_text(tmp_path: Path) -> None:
    assert render(compared(), "text", str(tmp_path)) == TEXT


def test_markdown(tmp_path: Path) -> None:
    text = render(compared(), "markdown", str(tmp_path))
    assert text.startswith(MARKDOWN)
    # What asks for no decision is folded away.
    assert "<details><summary>Failing as in the baseline: 1</summary>\n\n| case | what was seen | message |\n" in text
    assert "**Flaky: 1**\n" in text
    assert text.endswith("ratios are stated and do not block\n\n")


def test_github(tmp_path: Path) -> None:
    text = render(compared(), "github", str(tmp_path))
    assert text.startswith(GITHUB)
    lines = text.split("\n")
    assert [line.split(" ")[0] for line in lines if line.startswith("::")] == ["::error"] * 8 + ["::notice"] * 4
    assert lines[-2] == "not ok: 1 new failure, 1 failing with another message, 6 no longer run"


@pytest.mark.parametrize("form", ["gitlab", "junit", "sarif", "json"])
def test_other_formats_hold_every_case(form: ReportFormat, tmp_path: Path) -> None:
    text = render(compared(), form, str(tmp_path))
    named = {entry.case for entry in compared().entries}
    told = {case for case in named if case in text}
    better = {"tests.test_a::test_fixed", "tests.test_a::test_fast", "tests.test_b::test_added"}
    assert told == (named - better if form in ("gitlab", "sarif") else named)


def test_sarif_has_the_rules_of_the_command(tmp_path: Path) -> None:
    document = json.loads(render(compared(), "sarif", str(tmp_path)))
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [
        "new-failure",
        "other-message",
        "vanished",
        "slower",
        "test-runs",
        "maybe-slower",
        "infrastructure",
        "flaky",
        "known-failure",
    ]


def test_a_test_is_placed_in_its_file_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("")
    report = compare_report(compared(), str(tmp_path))
    assert {result.place.path for result in report.results} == {"tests/test_a.py", "tests/test_gone"}
    # A class in a file, as pytest names it, and a suite before it.
    case = {"h100 tests.test_a.TestB::test_c": PASS}
    found = compare(runs(case), runs({}), Limits(), str)
    assert compare_report(found, str(tmp_path)).results[0].place.path == "tests/test_a.py"


def test_a_damaged_file_makes_it_red(tmp_path: Path) -> None:
    damage = Damaged("pr/1.xml", "line 3, column 1: no element found")
    same = compare(runs(BEFORE), runs(BEFORE, damaged=(damage,)), Limits(), str)
    text = render(same, "text", str(tmp_path))
    assert "problem: pr/1.xml ends early: line 3, column 1: no element found\n" in text
    assert text.endswith("\nnot ok: 1 file cut off\n")
    report = compare_report(same, str(tmp_path))
    assert [result.message for result in report.results if result.severity == "error"] == [
        "pr/1.xml ends early: line 3, column 1: no element found"
    ]
    assert not report.ok
    assert "\n::error file=.,line=1" in "\n" + render_findings(report, "github")


def test_a_damaged_baseline_is_a_note(tmp_path: Path) -> None:
    damage = Damaged("nightly/1.xml", "is empty")
    same = compare(runs(BEFORE, damaged=(damage,)), runs(BEFORE), Limits(), str)
    assert same.ok
    assert "note: a baseline file ends early: nightly/1.xml: is empty\n" in render(same, "text", str(tmp_path))


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    names = [f"tests.test_{number}::test" for number in range(30)]
    before = dict.fromkeys(names, PASS)
    after = dict.fromkeys(names, failed("x"))
    text = render(compare(runs(before), runs(after), Limits(), str), "text", str(tmp_path))
    assert text.count("    passed in the baseline run\n") == 20
    assert "  and 10 more: --format json has all of them\n" in text
    fixed = render(compare(runs(after), runs(before), Limits(), str), "text", str(tmp_path))
    assert fixed.count("    failed in the baseline run\n") == 5
    assert "  and 25 more: --format json has all of them\n" in fixed


def test_cases_of_a_file_that_was_not_collected_say_so() -> None:
    after = {"tests.test_gone": failed("collection failure")}
    before = {name: PASS for name in BEFORE if name.startswith("tests.test_gone")}
    found = compare(runs(before), runs(after), Limits(), str)
    assert [(entry.kind.value, entry.case, entry.detail) for entry in found.entries] == [
        ("new-failure", "tests.test_gone", "a new case that fails"),
        *(
            ("vanished", f"tests.test_gone::test_{number}", "is not in the run: tests.test_gone was not collected")
            for number in range(5)
        ),
    ]
