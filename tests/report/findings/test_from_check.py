"""Tests of `check` in every format as a user runs it: whole outputs, and the same exit code in all formats."""

from __future__ import annotations

import json
import typing
from pathlib import Path

import pytest

from fi_bump.commands import check
from fi_bump.report.findings.formats import folder_of
from fi_bump.report.findings.from_check import RULES
from fi_bump.report.formats import REPORT_FORMATS
from tests.conftest import Run, plant
from tests.report.samples import golden

FILES = {
    "github": "check.github.txt",
    "gitlab": "check.gitlab.json",
    "junit": "check.xml",
    "markdown": "check.md",
    "sarif": "check.sarif",
}


@pytest.mark.parametrize("form", FILES)
def test_the_whole_output(broken: Path, run: Run, form: str) -> None:
    made = run(broken, "check", "--format", form)
    expected = golden(FILES[form], made.out)
    assert made == (1, expected, "")
    assert run(broken, "check", f"--format={form}") == (1, expected, "")


STEP = {
    "github": "flashinfer 0.6.8.post1: 2 pins in 1 file, in step\n",
    "gitlab": "[]\n",
    "junit": (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuite name="fi-bump check" tests="2" failures="0" errors="0" skipped="0" time="0.000">\n'
        '  <testcase classname="requirements/cuda.txt" name="flashinfer-python" time="0.000" />\n'
        '  <testcase classname="requirements/cuda.txt" name="flashinfer-cubin" time="0.000" />\n'
        "  <system-out>flashinfer 0.6.8.post1: 2 pins in 1 file, in step</system-out>\n"
        "</testsuite>\n"
    ),
    "markdown": "### fi-bump check: ok\n\n- flashinfer 0.6.8.post1: 2 pins in 1 file, in step\n",
}


@pytest.mark.parametrize("form", STEP)
def test_in_step(broken: Path, run: Run, form: str) -> None:
    assert run(broken, "check", "--format", form, "requirements/cuda.txt") == (0, STEP[form], "")


def test_sarif_in_step_has_its_rules_and_no_result(broken: Path, run: Run) -> None:
    result = run(broken, "check", "--format", "sarif", "requirements/cuda.txt")
    (ran,) = json.loads(result.out)["runs"]
    assert (result.code, ran["results"], ran["invocations"]) == (0, [], [{"executionSuccessful": True, "exitCode": 0}])
    assert [rule["id"] for rule in ran["tool"]["driver"]["rules"]] == [rule.value for rule in RULES]


@pytest.mark.parametrize("form", [*FILES, "json", "text"])
def test_a_note_alone_fails_in_no_format(broken: Path, run: Run, form: str) -> None:
    assert run(broken, "check", "--format", form, "requirements/bare.txt", "requirements/cuda.txt").code == 0
    assert run(broken, "check", "--format", form).code == 1
    result = run(broken, "check", "--format", form, "nowhere")
    assert (result.code, result.err) == (2, "nowhere: there is no such file or folder\n")
    assert ("errors" in result.out) == (form == "json")


def test_the_full_parser_writes_the_same(broken: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [run(broken, "check", "--format", form) for form in REPORT_FORMATS]
    assert all(check.parse(["-C", "x", "check", "--format", form]) for form in REPORT_FORMATS)
    monkeypatch.setattr(check, "parse", lambda _: None)
    assert [run(broken, "check", "--format", form) for form in REPORT_FORMATS] == fast


def test_mentions_are_notes(engine: Path, run: Run) -> None:
    plant(engine, {"docs/a.md": "# Ü\nwith flashinfer-python 0.6.6, as it was\n".encode()})
    assert run(engine, "check", "--format", "github", "--mentions") == (
        0,
        "::notice file=docs/a.md,line=2,endLine=2,title=fi-bump mention::doc: with flashinfer-python 0.6.6, as it was\n"
        "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n1 mention of other versions\n",
        "",
    )
    (ran,) = json.loads(run(engine, "check", "--format", "sarif", "--mentions").out)["runs"]
    assert ran["tool"]["driver"]["rules"][ran["results"][0]["ruleIndex"]]["id"] == "mention"


def test_fix_and_diff_leave_only_the_report(broken: Path, run: Run) -> None:
    plain = run(broken, "check", "--format", "gitlab").out
    assert run(broken, "check", "--format", "gitlab", "--diff") == (1, plain, "")
    left = run(broken, "check", "--format", "gitlab", "--fix")
    assert [each["check_name"] for each in json.loads(left.out)] == [
        "fi-bump/unpinned",
        "fi-bump/missing-site",
        "fi-bump/drift",
        "fi-bump/floor-violated",
    ]


class Top(typing.NamedTuple):
    """CI's variables for the top of the checkout, and the path that the repository in `sub/engine` gets from them."""

    variables: dict[str, str]
    folder: str


@pytest.mark.parametrize(
    "top",
    [
        Top({}, ""),
        Top({"GITHUB_WORKSPACE": "."}, "sub/engine"),
        Top({"GITHUB_WORKSPACE": "sub"}, "engine"),
        Top({"CI_PROJECT_DIR": "."}, "sub/engine"),
        Top({"CI_PROJECT_DIR": "sub/engine"}, ""),
        Top({"GITHUB_WORKSPACE": "sub/other"}, ""),
        Top({"GITHUB_WORKSPACE": ""}, ""),
    ],
)
def test_paths_are_those_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: Top) -> None:
    root = tmp_path / "sub" / "engine"
    root.mkdir(parents=True)
    for name, value in top.variables.items():
        monkeypatch.setenv(name, str(tmp_path / value) if value else "")
    assert folder_of(str(root)) == top.folder


def test_a_repository_below_the_checkout(
    broken: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = run(broken, "check", "--format", "github").out.split("\n")[0]
    assert first.startswith("::error file=broken/docker/Dockerfile,line=2,")
    (result, *_) = json.loads(run(broken, "check", "--format", "sarif").out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "broken/docker/Dockerfile"
    assert result["fixes"][0]["artifactChanges"][0]["artifactLocation"]["uri"] == "broken/docker/Dockerfile"
    assert 'classname="broken/requirements/cuda.txt"' in run(broken, "check", "--format", "junit").out
    assert run(broken, "check").out.startswith("docker/Dockerfile:2:24: ")
