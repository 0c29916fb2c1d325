"""Text of others in every field of every report: the format's own parser reads it back, and no runner obeys it.

The texts come from file names, anchors, hooks, indexes, and what a probe or a test printed.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fi_bump.compare.cases import CaseResult
from fi_bump.compare.comparison import compare
from fi_bump.compare.infrastructure import known
from fi_bump.compare.model import RunComparison
from fi_bump.compare.times import Limits
from fi_bump.findings.rules import Rule
from fi_bump.pins import Place
from fi_bump.report.compare.output import render as render_comparison
from fi_bump.report.findings.formats import render as render_findings
from fi_bump.report.findings.model import Passed, Related, Report, Result
from fi_bump.report.formats import ReportFormat, SmokeFormat
from fi_bump.report.smoke.output import render as render_smoke
from fi_bump.smoke.model import BaselineComparison, Device, MetricChange, ProbeReport, Problem, SmokeReport
from fi_bump.untrusted import encodable, shapes
from tests.report.compare.test_compare_reports import PASS, runs
from tests.report.findings.test_github import read
from tests.smoke.fakes import TARGET
from tests.test_untrusted import HOSTILE, is_command

MARKUP = st.sampled_from(
    [
        "\n::error::x",
        "\r::error::x",
        "##[group]x",
        "##vso[task.x]y",
        "%0A::error::x",
        "`x` ``y``",
        "<img src=x onerror=y>",
        "<details>",
        "</summary>",
        "@team #1 [a](b) ![c](d) |e|",
        "]]></failure><failure>",
        "&lt;&#10;",
        "{0} {x}",
        "\n\n# heading\n- item\n> quote\n```\ncode",
        "\x1b[31m\x9b2J\x07",
        "\udcff\ud800",
        "[red]x[/red][/]",
        "a" * 1200,
    ]
)
TEXT = st.lists(st.one_of(MARKUP, HOSTILE), max_size=3).map("".join)
COMMONMARK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What a terminal obeys. A tab and a line end are in documents of several lines.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def texts(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({name: TEXT.map(f"{name}{{}}".format) for name in names})


FIELDS = texts("path", "line", "key", "message", "help", "related", "there", "passed", "summary", "closing")


def report_of(said: dict[str, str]) -> Report:
    """Return a report with another text in each field that can have one."""
    place = Place(said["path"], 2, 1, len(said["line"]) + 1, said["line"])
    related = (Related(Place(said["there"], 3), said["related"]),)
    result = Result(
        rule=Rule.DRIFT,
        place=place,
        key=said["key"],
        message=said["message"],
        help=(said["help"],),
        fix="1.0",
        related=related,
    )
    note = result._replace(rule=Rule.UNPINNED, fix=None, place=Place(said["path"], 4))
    return Report(
        command="check",
        ok=False,
        results=(result, note),
        passed=(Passed(said["passed"], said["key"]),),
        summary=(said["summary"],),
        help=(said["closing"],),
        rules=(Rule.DRIFT, Rule.UNPINNED),
    )


def plain_texts(said: dict[str, str]) -> dict[str, str]:
    """Return the same fields with texts that need no escape."""
    return {name: name for name in said}


def harmless(document: str, *, commands: int = 0) -> None:
    """Fail if a terminal obeys a part of a document, or if a runner reads more commands in it than fi-bump wrote."""
    document.encode("utf-8")
    assert CONTROL.search(document) is None
    # A runner's log has a line end here too.
    assert "\r" not in document
    assert [is_command(line) for line in document.split("\n")].count(True) == commands


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_sarif(said: dict[str, str]) -> None:
    text = render_findings(report_of(said), "sarif")
    harmless(text)
    (run,) = json.loads(text)["runs"]
    results = run["results"]
    assert [each["ruleId"] for each in results] == ["drift", "unpinned"]
    literal = f"{said['message']}\nhelp: {said['help']}".replace("{", "{{").replace("}", "}}").replace("](", "\\](")
    assert {each["message"]["text"] for each in results} == {encodable(literal)}
    assert results[0]["locations"][0]["physicalLocation"]["region"]["snippet"] == {"text": encodable(said["line"])}


@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_gitlab(said: dict[str, str]) -> None:
    text = render_findings(report_of(said), "gitlab")
    harmless(text)
    first, second = json.loads(text)
    there = encodable(f"{said['there']}:3: {said['related']}")
    assert first["description"] == encodable(f"{said['message']}\n{there}\nhelp: {said['help']}")
    assert first["location"] == {"path": encodable(said["path"]), "lines": {"begin": 2}}
    assert second["location"] == {"path": encodable(said["path"]), "lines": {"begin": 4}}


@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_junit(said: dict[str, str]) -> None:
    text = render_findings(report_of(said), "junit")
    harmless(text)
    suite = ElementTree.fromstring(text)
    assert [(each.tag, len(each)) for each in suite] == [
        ("testcase", 1),
        ("testcase", 1),
        ("testcase", 0),
        ("system-out", 0),
    ]
    first, _, passed, _ = suite
    assert first.get("classname") == xml(said["path"])
    assert first[0].get("message") == xml(said["message"])
    assert passed.get("classname") == xml(said["passed"])
    assert lines_of(suite[3].text) == lines_of(xml(f"{said['summary']}\nhelp: {said['closing']}"))


def xml(text: str) -> str:
    """Return a text as XML can hold it, without what a terminal obeys."""
    return re.sub("[\ufffe\uffff]", "\ufffd", shapes(text))


def lines_of(text: str | None) -> list[str]:
    """Return the lines of a text as a parser of XML reads them: it makes one line end of each kind."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_github(said: dict[str, str]) -> None:
    text = render_findings(report_of(said), "github")
    harmless(text, commands=2)
    first, second, summary, closing = text.split("\n")
    for line, name, number in ((first, "error", "2"), (second, "notice", "4")):
        command = read(line)
        assert command is not None
        assert (command.name, command.properties["file"], command.properties["line"]) == (
            name,
            shapes(said["path"]),
            number,
        )
        there = f"{said['there']}:3: {said['related']}"
        assert command.data == shapes(f"{said['message']}\n{there}\nhelp: {said['help']}")
    assert (read(summary), read(closing)) == (None, None)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_markdown(said: dict[str, str]) -> None:
    text = render_findings(report_of(said), "markdown")
    harmless(text)
    shape = render_findings(report_of(plain_texts(said)), "markdown")
    assert structure(text) == structure(shape)


def structure(markdown: str) -> list[str]:
    """Return the kinds of a document's elements: text of others adds none, and takes none away.

    A line end in a cell of a table is `<br>`, which is the only element that a text can add.
    """
    found = []
    for token in COMMONMARK.parse(markdown):
        found.append(f"{token.type} {token.tag}")
        inline = [child for child in token.children or () if child.type not in ("text", "text_special")]
        found += [each.type for each in inline if (each.type, each.content) != ("html_inline", "<br>")]
    return found


SMOKE = texts("group", "reason", "metric", "value", "problem", "device", "driver", "case", "test", "other")


def smoke_of(said: dict[str, str]) -> SmokeReport:
    """Return a smoke report with another text in each field that can have one."""
    target = TARGET._replace(devices=(Device(0, said["device"], (9, 0), said["device"]),), driver=said["driver"])
    case = CaseResult("fail", 1.0, said["test"], None, failed=1, file=said["other"])
    probes = (
        ProbeReport(
            "environment", "fail", said["reason"], 1.0, {said["metric"]: said["value"], "n": {"m": said["value"]}}
        ),
        ProbeReport(
            name="pytest",
            outcome="fail",
            reason=said["reason"],
            seconds=1.0,
            metrics={},
            cases={f"a::{said['case']}": case},
        ),
    )
    change = MetricChange("environment", said["metric"], 1.0, 2.0)
    return SmokeReport(
        ok=False,
        group="flashinfer",
        version="0.6.8",
        target=target,
        required=("environment",),
        problems=(Problem("environment", said["problem"]), Problem(None, said["problem"])),
        probes=probes,
        comparison=BaselineComparison("0.6.7", (said["other"],), (), (), (change,)),
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(SMOKE)
@pytest.mark.parametrize("form", ["table", "json", "junit", "markdown", "sarif", "gitlab", "github", "svg"])
def test_smoke(form: SmokeFormat, said: dict[str, str]) -> None:
    text = render_smoke(smoke_of(said), form)
    plain = render_smoke(smoke_of(plain_texts(said)), form)
    harmless(text, commands=sum(map(is_command, plain.split("\n"))))
    assert outline(form, text) == outline(form, plain)


def outline(form: str, text: str) -> object:
    """Return what a parser of the format makes of a document, without the texts of others."""
    if form in ("json", "sarif", "gitlab"):
        return skeleton(json.loads(text))
    if form in ("junit", "svg"):
        return [(each.tag, sorted(each.keys())) for each in ElementTree.fromstring(text).iter()]
    if form == "markdown":
        # A block of code has the metrics as JSON; everything else is text.
        blocks = [token for token in COMMONMARK.parse(text) if token.type == "fence"]
        return structure(text), [skeleton(json.loads(block.content)) for block in blocks]
    if form == "github":
        return [command and (command.name, sorted(command.properties)) for command in map(read, text.split("\n"))]
    return text.count("\n")


def skeleton(value: Any) -> Any:
    """Return a document without its texts and names."""
    if isinstance(value, dict):
        return sorted(map(repr, map(skeleton, value.values())))
    return [skeleton(each) for each in value] if isinstance(value, list) else type(value).__name__


COMPARE = texts("owner", "name", "message", "file")


def compared(said: dict[str, str]) -> RunComparison:
    """Return a comparison of test runs with another text in each field that can have one."""
    key = f"{said['owner']}::{said['name']}"
    failed = CaseResult("fail", 1.0, said["message"], None, failed=1, file=said["file"])
    return compare(runs({key: PASS, "gone": PASS}), runs({key: failed}), Limits(), known().meaning)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(COMPARE)
@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "gitlab", "junit", "sarif"])
def test_compare(form: ReportFormat, said: dict[str, str]) -> None:
    text = render_comparison(compared(said), form, "/nowhere")
    plain = render_comparison(compared(plain_texts(said)), form, "/nowhere")
    harmless(text, commands=sum(map(is_command, plain.split("\n"))))
    assert outline(form, text) == outline(form, plain)
