"""`fi-bump compare` as a user runs it: exit codes, files, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fi_bump.compare.cases import CaseResult
from tests.compare.simulated import planted, write, xml
from tests.compare.test_report_file import VALIDATOR
from tests.conftest import Run

PASS = CaseResult("pass", 1.0)
FAIL = CaseResult("fail", 1.0, "ValueError: x", failed=1)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, without a lock and without a repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, **cases: CaseResult) -> None:
    Path(name).write_bytes(xml({f"t::{case}": result for case, result in cases.items()}))


def test_two_equal_runs(run: Run) -> None:
    put("a.xml", one=PASS, two=FAIL)
    put("b.xml", one=PASS, two=FAIL)
    result = run(Path("."), "compare", "--baseline", "a.xml", "--run", "b.xml")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "1 run (1 file, 2 cases) beside 1 baseline run (1 file, 2 cases)\n"
        "failing as in the baseline: 1\n"
        "  t::two\n"
        "    failed in the baseline run with the same message\n"
        "    now: ValueError: x\n"
        "what this can show:\n"
        "  failures: with one baseline run a flaky test cannot be told from a new failure\n"
        "  times: no claim with 1 and 1 runs, 3 and 3 would allow one; ratios are stated and do not block\n"
        "1 failing as in the baseline, 1 as before\n"
        "ok\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "options", "code"),
    [
        ({"a": PASS}, {"a": FAIL}, [], 1),
        ({"a": FAIL}, {"a": FAIL._replace(message="KeyError: y")}, [], 1),
        ({"a": PASS, "b": PASS}, {"b": PASS}, [], 1),
        ({"a": PASS}, {"a": CaseResult("skip", 0.0, "why")}, [], 1),
        ({"a": FAIL}, {"a": PASS}, [], 0),
        ({"a": PASS}, {"a": PASS, "b": PASS}, [], 0),
        ({"a": PASS}, {"a": PASS._replace(seconds=9.0)}, [], 0),
        ({"a": PASS}, {"a": PASS._replace(seconds=9.0)}, ["--slower", "2"], 1),
        ({"a": PASS}, {"a": PASS._replace(seconds=9.0)}, ["--slower", "10"], 0),
        ({"a": PASS}, {"a": PASS._replace(seconds=9.0)}, ["--slower", "2", "--min-seconds", "10"], 0),
        ({"a": PASS}, {"a": FAIL._replace(message="exited with code 137")}, [], 0),
        ({"a": PASS}, {"a": FAIL._replace(message="exited with code 137")}, ["--strict"], 1),
    ],
)
def test_what_makes_it_red(
    run: Run, before: dict[str, CaseResult], after: dict[str, CaseResult], options: list[str], code: int
) -> None:
    put("a.xml", **before)
    put("b.xml", **after)
    result = run(Path("."), "compare", "--baseline", "a.xml", "--run", "b.xml", *options)
    assert (result.code, result.err) == (code, "")


def test_everything_slower_is_red_with_enough_runs(run: Run) -> None:
    names = [f"case{number}" for number in range(30)]
    for number in range(3):
        put(f"a{number}.xml", **{name: CaseResult("pass", 1.0 + number / 100) for name in names})
        put(f"b{number}.xml", **{name: CaseResult("pass", 4.0 + number / 100) for name in names})
    result = run(Path("."), "compare", "--baseline", "a{run}.xml", "--run", "b{run}.xml")
    assert result.code == 1
    assert result.out.endswith("30 as before\nnot ok: all tests together took 3.96 times as long\n")
    one = run(Path("."), "compare", "--baseline", "a0.xml", "--run", "b0.xml")
    assert one.code == 0
    assert "as a whole the tests took 3.99 times as long\n" in one.out


@pytest.mark.slow
def test_files_beside_the_output(run: Run, tmp_path: Path) -> None:
    given = planted(3)
    for side, runs in (("nightly", given.baseline), ("pr", given.runs)):
        for number, each in enumerate(runs):
            write(each, tmp_path / side / f"{number}.xml")
    patterns = ["--baseline", "nightly/{run}.xml", "--run", "pr/{run}.xml"]
    names = ["a.json", "a.md", "a.xml", "a.sarif", "a.txt", "gitlab=quality.json"]
    result = run(Path("."), "compare", *patterns, *(f"--output={name}" for name in names))
    assert (result.code, result.err) == (1, "")
    assert Path("a.txt").read_text() == result.out
    document = json.loads(Path("a.json").read_bytes())
    VALIDATOR.validate(document)
    assert document["result"]["ok"] is False
    assert document["result"]["counts"]["new-failure"] == 15
    assert json.loads(Path("quality.json").read_bytes())[0]["check_name"] == "fi-bump/new-failure"
    again = run(Path("."), "compare", *patterns, "--format", "json")
    assert json.loads(again.out) == document


def test_a_summary_for_github(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put("a.xml", one=PASS)
    put("b.xml", one=FAIL)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    result = run(Path("."), "compare", "--baseline", "a.xml", "--run", "b.xml", "--format", "github")
    assert result.code == 1
    assert (tmp_path / "summary").read_text().startswith("### Tests: not ok: 1 new failure\n")


def test_own_patterns_of_infrastructure(run: Run) -> None:
    put("a.xml", one=PASS)
    put("b.xml", one=FAIL._replace(message="no license was free"))
    Path("own.json").write_text('[{"name": "license", "meaning": "no license was free", "pattern": "license"}]')
    result = run(Path("."), "compare", "--baseline", "a.xml", "--run", "b.xml", "--infrastructure", "own.json")
    assert result.code == 0
    assert "    not judged: no license was free\n" in result.out


@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (
            ["--baseline", "a.xml", "--run", "a.xml"],
            2,
            "a.xml: is on both sides of the comparison\n"
            "help: name the files of each run once, under --baseline or under --run\n",
        ),
        (
            ["--baseline", "no/*.xml", "--run", "a.xml"],
            2,
            "no/*.xml: no file is there for this pattern\n"
            "help: name the JUnit files of one run: --baseline 'FOLDER/*.xml'\n",
        ),
        (
            ["--baseline", "a.xml", "--run", "page.html"],
            3,
            "page.html: is no JUnit XML\nhelp: name the JUnit files of one run: --run 'FOLDER/*.xml'\n",
        ),
        (
            ["--baseline", "a.xml", "--run", "b.xml", "--output", "a.pdf"],
            2,
            "fi-bump: 'a.pdf' does not name a format\n"
            "help: end the name with .txt, .json, .xml, .md, .sarif, or write FORMAT=a.pdf with one of text, json, github, "
            "gitlab, junit, markdown, sarif\n",
        ),
    ],
)
def test_what_is_refused(run: Run, arguments: list[str], code: int, err: str) -> None:
    put("a.xml", one=PASS)
    put("b.xml", one=PASS)
    Path("page.html").write_text("<html></html>")
    result = run(Path("."), "compare", *arguments)
    assert (result.code, result.out, result.err) == (code, "", err)
