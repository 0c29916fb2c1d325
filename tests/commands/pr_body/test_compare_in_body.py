"""Tests of compared test runs in a pull request's body."""

from __future__ import annotations

from pathlib import Path

from fi_bump.report.json.compare import compare_json
from fi_bump.report.smoke.output import render
from tests.commands.pr_body.conftest import section
from tests.conftest import NEW, Run
from tests.report.compare.test_compare_reports import compared
from tests.report.smoke.test_reports import GREEN


def test_the_tests_come_before_smoke_with_the_new_failures_first(committed: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "compare.json").write_text(compare_json(compared()))
    (tmp_path / "smoke.json").write_text(render(GREEN, "json"))
    run(committed, "set", NEW)
    files = ["--compare", str(tmp_path / "compare.json"), "--smoke", str(tmp_path / "smoke.json")]
    result = run(committed, "pr-body", *files)
    assert (result.code, result.err) == (0, "")
    verdict = "not ok: 1 new failure, 1 failing with another message, 6 no longer run"
    assert result.out.split("\n")[2].endswith(f"; tests {verdict}; smoke ok")
    assert [line for line in result.out.split("\n") if line in ("### Tests", "### Smoke")] == ["### Tests", "### Smoke"]
    tests = section(result.out, "Tests")
    assert tests[0] == f"#### Tests: {verdict}"
    titles = [line for line in tests if line.startswith("**")]
    assert titles[:3] == ["**New failures: 1**", "**Failing with another message: 1**", "**No longer run: 6**"]


def test_a_file_that_is_no_comparison(committed: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "smoke.json").write_text(render(GREEN, "json"))
    run(committed, "set", NEW)
    result = run(committed, "pr-body", "--compare", str(tmp_path / "smoke.json"))
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"{tmp_path}/smoke.json: ")
    assert "--compare" in result.err
