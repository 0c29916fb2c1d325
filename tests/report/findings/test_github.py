"""Tests of the workflow commands, read as GitHub's runner reads them, and of the job summary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fi_bump.errors import FileError
from fi_bump.findings.rules import Rule
from fi_bump.pins import Place
from fi_bump.report.findings import job_summary
from fi_bump.report.findings.formats import render
from fi_bump.report.findings.model import Related
from fi_bump.untrusted import shapes
from tests.conftest import Run
from tests.report.samples import golden, report, result
from tests.smoke.fakes import fake_python


class Command(NamedTuple):
    """A workflow command as the runner parses it."""

    name: str
    properties: dict[str, str]
    data: str


def read(line: str) -> Command | None:
    """Parse a line as the runner does (actions/runner, ActionCommand.TryParseV2); None if it is not a command."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, rest = line[2:end].partition(" ")
    pairs = [part.split("=", 1) for part in rest.strip().split(",") if part]
    properties = {pair[0]: unescaped(pair[1], ":,") for pair in pairs if len(pair) == 2 and pair[1]}
    return Command(name, properties, unescaped(line[end + 2 :]))


def unescaped(text: str, more: str = "") -> str:
    for character in f"\r\n{more}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


ODD = st.text(st.sampled_from("a:,%\r\n =;25ADü😀/\u2028\ud800")).map(lambda text: f"x{text}x")


@given(ODD, ODD, ODD)
def test_the_runner_reads_what_was_meant(path: str, message: str, remedy: str) -> None:
    text = render(report(result(path, message, help=(remedy,))), "github")
    annotation, closing = text.split("\n")
    assert "\r" not in text
    assert read(annotation) == Command(
        "error",
        {
            "file": shapes(path),
            "line": "2",
            "endLine": "2",
            "col": "6",
            "endColumn": "9",
            "title": "fi-bump drift",
        },
        shapes(f"{message}\nhelp: {remedy}"),
    )
    assert (closing, read(closing)) == ("kit 1.0: 1 pin in 1 file", None)


def test_a_note_a_whole_line_and_another_place() -> None:
    related = (Related(Place("b:c.txt", 3), "kit is pinned here"),)
    note = result(rule=Rule.UNPINNED, place=Place("a.txt", 2, text="kit"), related=related)
    assert render(report(note), "github") == (
        "::notice file=a.txt,line=2,endLine=2,title=fi-bump unpinned::"
        "kit is 0.9, the lock says 1.0%0Ab:c.txt:3: kit is pinned here\nkit 1.0: 1 pin in 1 file"
    )


def test_no_closing_line_is_a_command() -> None:
    lines = ("::set-env name=A::b", " ::debug::x", "x ##[command]y\r\nz", "kit ::error::x")
    assert render(report()._replace(summary=lines, help=("::x",)), "github").split("\n") == [
        "\\::set-env name=A::b",
        " \\::debug::x",
        "x #\\#[command]y\\r\\nz",
        "kit ::error::x",
        "help: ::x",
    ]


def test_the_summary_is_appended(broken: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv(job_summary.VARIABLE, str(summary))
    for form in ("text", "json", "markdown", "sarif"):
        run(broken, "check", "--format", form)
    assert not summary.exists()
    assert run(broken, "check", "--format", "github") == (1, golden("check.github.txt"), "")
    run(broken, "check", "--format", "github", "requirements/cuda.txt")
    step = "### fi-bump check: ok\n\n- flashinfer 0.6.8.post1: 2 pins in 1 file, in step\n"
    assert summary.read_text() == golden("check.md") + step


def test_the_summary_of_a_smoke_run_has_every_number(
    broken: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv(job_summary.VARIABLE, str(summary))
    fails = {"environment": "answer('fail', 'two wheels differ', wheels=2)"}
    asked = ("--python", fake_python(tmp_path / "bin", fails), "--cache", str(tmp_path / "cache"))
    result_ = run(broken, "smoke", *asked, "--only", "environment", "--format", "github")
    assert (result_.code, result_.out) == (
        1,
        "::error file=versions.lock.json,line=5,endLine=5,col=19,endColumn=30,title=fi-bump probe-failed::"
        "environment failed: two wheels differ\n"
        "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3\n"
        "flashinfer 0.6.8.post1: not ok\n",
    )
    lines = summary.read_text().split("\n")
    assert (lines[0], lines[-8:]) == (
        "### flashinfer 0.6.8.post1: not ok",
        ["{", '  "environment": {', '    "wheels": 2', "  }", "}", "```", "", "</details>", ""][-8:],
    )


def test_a_summary_that_cannot_be_left(broken: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "no" / "summary.md"
    monkeypatch.setenv(job_summary.VARIABLE, str(path))
    error = f"{path}: the job summary cannot be written: no such file or directory\nhelp: set GITHUB_STEP_SUMMARY to a writable file\n"
    assert run(broken, "check", "--format", "github") == (3, golden("check.github.txt"), error)


@pytest.mark.parametrize(
    ("there", "room"), [(b"", 100), (b"x" * 30, 70), (b"x" * 60, 40), (b"x" * 100, 0), (b"x" * 120, 0)]
)
def test_a_long_summary_is_cut_at_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bytes, room: int
) -> None:
    monkeypatch.setattr(job_summary, "LIMIT", 100)
    summary = tmp_path / "summary.md"
    summary.write_bytes(there)
    monkeypatch.setenv(job_summary.VARIABLE, str(summary))
    job_summary.leave(lambda: "0123456789\n" * 20)
    added = summary.read_bytes().removeprefix(there)
    cut = b"\n\nThe rest is omitted: GitHub accepts at most 1 MiB.\n"
    lines = max(room - len(cut), 0) // 11
    expected = b"0123456789\n" * lines
    assert added == (expected.removesuffix(b"\n") + cut if lines else b"")
    assert len(added) <= room


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    monkeypatch.setenv(job_summary.VARIABLE, "/dev/full")
    with pytest.raises(FileError, match="no space left on device"):
        job_summary.leave(lambda: "x")


def test_the_summary_is_what_markdown_readers_show() -> None:
    odd = "a|b `c` <img src=x> *d* _e_ [f](g) @team #1 ~h~ & \\ \n{i}"
    made = report(result("a|b.txt", odd, help=("run *x*",)))._replace(summary=(odd,))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(render(made, "markdown"))
    shown = ["".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"]
    said = " ".join(odd.split()).replace("@", "@\u200b").replace("#1", "#\u200b1")
    assert shown == [
        "fi-bump check: 1 finding",
        said,
        "place",
        "rule",
        "message",
        "a|b.txt:2:6",
        "drift",
        said.replace(" {i}", "<br>{i}"),
        "run *x*",
    ]
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "softbreak", "html_inline"}
    html = [child.content for token in tokens for child in token.children or () if child.type == "html_inline"]
    assert html == ["<br>"]
