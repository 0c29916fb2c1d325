"""Tests of every format of the smoke report: whole texts, and the JSON against its schema."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fi_bump.errors import UsageError
from fi_bump.report.formats import SmokeFormat
from fi_bump.report.outputs import Output
from fi_bump.report.smoke.output import parse_output, render
from fi_bump.smoke.model import (
    BaselineComparison,
    MetricChange,
    ProbeReport,
    Problem,
    RepositoryPin,
    SmokeReport,
    Sweep,
    SweptRelease,
)
from tests.smoke.fakes import ONE, TARGET, TWO

SCHEMA = json.loads(files("fi_bump").joinpath("schemas", "smoke.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA)

PROBES = (
    ProbeReport("environment", "pass", None, 2.5, {}),
    ProbeReport(
        "mxfp4-sm90-interleave",
        "fail",
        "the worst token's error is 1.41, more than 0.01",
        192.25,
        {"layout": "legacy", "error": 1.40625, "tokens": 64, "shapes": [{"tokens": 1, "kernel_us": 337.0}]},
    ),
    ProbeReport("cutedsl-masked-moe", "compiled", "for sm_100a, which is not here", 4.0, {"compile_seconds": 3.9}),
    ProbeReport("fp4-scale-contract", "not-run", "no <torch> | `x`", 0.0, {}),
)
RED = SmokeReport(
    ok=False,
    group="flashinfer",
    version="0.6.11.post2",
    target=TARGET,
    required=("environment", "mxfp4-sm90-interleave", "fp4-scale-contract"),
    problems=(
        Problem(
            "mxfp4-sm90-interleave", "mxfp4-sm90-interleave failed: the worst token's error is 1.41, more than 0.01"
        ),
        Problem("fp4-scale-contract", "fp4-scale-contract is required but did not run: no <torch> | `x`"),
    ),
    probes=PROBES,
)
GREEN = SmokeReport(
    ok=True,
    group="flashinfer",
    version="0.6.11.post2",
    target=TARGET,
    required=("environment",),
    problems=(),
    probes=PROBES[:1],
)
COMPARED = GREEN._replace(
    probes=(PROBES[0], PROBES[1]),
    comparison=BaselineComparison(
        "0.6.8.post1",
        (),
        ("mxfp4-sm90-interleave",),
        ("environment",),
        (
            MetricChange("environment", "seconds", 1.0, 2.5),
            MetricChange("mxfp4-sm90-interleave", "error", 0.0, 1.40625),
        ),
    ),
)
BESIDE = GREEN._replace(
    probes=PROBES[:2], against=RED._replace(version="0.6.8.post1", probes=(PROBES[0],), target=TARGET)
)
SWEPT = SmokeReport(
    ok=False,
    group="flashinfer",
    version="0.6.11.post2",
    target=TARGET._replace(devices=(), driver=None, cuda=None),
    required=(),
    problems=(
        Problem(None, "requirements.txt:3:21: nvidia-cutlass-dsl 4.8.1 is not in nvidia-cutlass-dsl>=4.5.0,<4.6"),
    ),
    probes=(),
    sweep=Sweep(
        "nvidia-cutlass-dsl",
        ">=4.5.0",
        (SweptRelease("4.5.0", "compiled", "for sm_100a"), SweptRelease("4.8.1", "fail", "no make_fragment")),
        "nvidia-cutlass-dsl>=4.5.0,<4.6",
        (RepositoryPin("requirements.txt:3:21", "4.8.1", False), RepositoryPin("a.txt:1:1", "4.5.0", True)),
    ),
)
ALL = {"red": RED, "green": GREEN, "compared": COMPARED, "beside": BESIDE, "swept": SWEPT}
HEAD = "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3\n"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ALL)
def test_the_json_keeps_to_its_schema(name: str) -> None:
    VALIDATOR.validate(json.loads(render(ALL[name], "json")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 1),
        (("ok",), True),
        (("ok",), None),
        (("problems",), []),
        (("probes", 0, "outcome"), "green"),
        (("probes", 1, "reason"), None),
        (("probes", 1, "reason"), ""),
        (("probes", 0, "seconds"), -1),
        (("target", "devices", 0, "capability"), "9"),
        (("target", "colour"), "green"),
        (("sweep",), {}),
    ],
)
def test_the_schema_refuses_what_no_report_says(path: tuple[Any, ...], value: Any) -> None:
    document = json.loads(render(RED, "json"))
    place = document if path == ("schema",) else document["result"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(document)


def test_json() -> None:
    assert json.loads(render(RED._replace(probes=PROBES[:2], against=None), "json"))["result"] == {
        "ok": False,
        "group": "flashinfer",
        "version": "0.6.11.post2",
        "target": {
            "python": "3.12.3",
            "torch": "2.11.0+cu130",
            "cuda": "13.0",
            "driver": "580.95.05",
            "devices": [{"index": 0, "name": "NVIDIA H200", "capability": "9.0", "uuid": "GPU-0000"}],
            "packages": {"flashinfer-python": "0.6.11.post2", "torch": "2.11.0+cu130"},
        },
        "required": ["environment", "mxfp4-sm90-interleave", "fp4-scale-contract"],
        "problems": [
            {
                "probe": "mxfp4-sm90-interleave",
                "message": "mxfp4-sm90-interleave failed: the worst token's error is 1.41, more than 0.01",
            },
            {
                "probe": "fp4-scale-contract",
                "message": "fp4-scale-contract is required but did not run: no <torch> | `x`",
            },
        ],
        "probes": [
            {"name": "environment", "outcome": "pass", "reason": None, "seconds": 2.5, "metrics": {}, "cases": []},
            {
                "name": "mxfp4-sm90-interleave",
                "outcome": "fail",
                "reason": "the worst token's error is 1.41, more than 0.01",
                "seconds": 192.25,
                "metrics": {
                    "layout": "legacy",
                    "error": 1.40625,
                    "tokens": 64,
                    "shapes": [{"tokens": 1, "kernel_us": 337.0}],
                },
                "cases": [],
            },
        ],
        "comparison": None,
        "against": None,
        "sweep": None,
        "ab": None,
        "part": None,
    }


def test_json_of_the_further_parts() -> None:
    comparison = json.loads(render(COMPARED, "json"))["result"]["comparison"]
    assert comparison == {
        "version": "0.6.8.post1",
        "new_failures": [],
        "standing_failures": ["mxfp4-sm90-interleave"],
        "fixed": ["environment"],
        "changes": [
            {"probe": "environment", "metric": "seconds", "before": 1.0, "after": 2.5, "share": 1.5},
            {"probe": "mxfp4-sm90-interleave", "metric": "error", "before": 0.0, "after": 1.40625, "share": None},
        ],
        "cases": [],
        "new_notes": [],
    }
    assert json.loads(render(BESIDE, "json"))["result"]["against"]["version"] == "0.6.8.post1"
    assert json.loads(render(SWEPT, "json"))["result"]["sweep"] == {
        "package": "nvidia-cutlass-dsl",
        "admitted": ">=4.5.0",
        "releases": [
            {"version": "4.5.0", "outcome": "compiled", "reason": "for sm_100a", "survives": True},
            {"version": "4.8.1", "outcome": "fail", "reason": "no make_fragment", "survives": False},
        ],
        "range": "nvidia-cutlass-dsl>=4.5.0,<4.6",
        "pins": [
            {"place": "requirements.txt:3:21", "version": "4.8.1", "inside": False},
            {"place": "a.txt:1:1", "version": "4.5.0", "inside": True},
        ],
    }


METRICS = """\
probe                  metric  value
mxfp4-sm90-interleave  layout  legacy
mxfp4-sm90-interleave  error   1.406
mxfp4-sm90-interleave  tokens  64
"""
BOTH = """\
probe                  outcome  time     reason
environment            pass     2.5 s
mxfp4-sm90-interleave  fail     192.2 s  the worst token's error is 1.41, more than 0.01
"""
TABLES = {
    "green": HEAD + "probe        outcome  time   reason\nenvironment  pass     2.5 s\nflashinfer 0.6.11.post2: ok\n",
    "red": HEAD
    + """\
probe                  outcome   time     reason
environment            pass      2.5 s
mxfp4-sm90-interleave  fail      192.2 s  the worst token's error is 1.41, more than 0.01
cutedsl-masked-moe     compiled  4 s      for sm_100a, which is not here
fp4-scale-contract     not-run   0 s      no <torch> | `x`
probe                  metric        value
mxfp4-sm90-interleave  layout        legacy
mxfp4-sm90-interleave  error         1.406
mxfp4-sm90-interleave  tokens        64
cutedsl-masked-moe     compile time  3.9 s
flashinfer 0.6.11.post2: not ok
  mxfp4-sm90-interleave failed: the worst token's error is 1.41, more than 0.01
  fp4-scale-contract is required but did not run: no <torch> | `x`
""",
    "compared": HEAD
    + BOTH
    + METRICS
    + """\
compared with the baseline of 0.6.8.post1:
mxfp4-sm90-interleave fails, as in the baseline
environment no longer fails
environment seconds: 1 -> 2.5 (+150%)
mxfp4-sm90-interleave error: 0 -> 1.406
flashinfer 0.6.11.post2: ok
""",
    "beside": HEAD
    + BOTH
    + METRICS
    + """\
probe                                      0.6.11.post2  0.6.8.post1
environment            outcome             pass          pass
environment            seconds             2.5           2.5
mxfp4-sm90-interleave  outcome             fail          -
mxfp4-sm90-interleave  seconds             192.2         -
mxfp4-sm90-interleave  layout              legacy        -
mxfp4-sm90-interleave  error               1.406         -
mxfp4-sm90-interleave  tokens              64            -
mxfp4-sm90-interleave  shapes.0.kernel_us  337           -
flashinfer 0.6.11.post2: ok
""",
    "swept": """\
no GPU, torch 2.11.0+cu130, Python 3.12.3
release                   outcome
nvidia-cutlass-dsl 4.5.0  compiled  for sm_100a
nvidia-cutlass-dsl 4.8.1  fail      no make_fragment
the wheel's metadata allows nvidia-cutlass-dsl>=4.5.0
pin nvidia-cutlass-dsl>=4.5.0,<4.6
requirements.txt:3:21: 4.8.1 is not in this range
a.txt:1:1: 4.5.0 is in this range
flashinfer 0.6.11.post2: not ok
  requirements.txt:3:21: nvidia-cutlass-dsl 4.8.1 is not in nvidia-cutlass-dsl>=4.5.0,<4.6
""",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    assert render(ALL[name], "table") == TABLES[name]


MARKDOWN_RED = """\
### flashinfer 0.6.11.post2: not ok

NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3

- mxfp4-sm90-interleave failed: the worst token's error is 1.41, more than 0.01
- fp4-scale-contract is required but did not run: no &lt;torch> \\| \\`x\\`

| probe | outcome | time | reason |
| --- | --- | --- | --- |
| environment | pass | 2.5 s |  |
| mxfp4-sm90-interleave | fail | 192.2 s | the worst token's error is 1.41, more than 0.01 |
| cutedsl-masked-moe | compiled | 4 s | for sm\\_100a, which is not here |
| fp4-scale-contract | not-run | 0 s | no &lt;torch> \\| \\`x\\` |

| probe | metric | value |
| --- | --- | --- |
| mxfp4-sm90-interleave | layout | legacy |
| mxfp4-sm90-interleave | error | 1.406 |
| mxfp4-sm90-interleave | tokens | 64 |
| cutedsl-masked-moe | compile time | 3.9 s |

<details><summary>All metrics</summary>

```json
{
  "cutedsl-masked-moe": {
    "compile_seconds": 3.9
  },
  "mxfp4-sm90-interleave": {
    "error": 1.40625,
    "layout": "legacy",
    "shapes": [
      {
        "kernel_us": 337.0,
        "tokens": 1
      }
    ],
    "tokens": 64
  }
}
```

</details>
"""


def test_markdown() -> None:
    assert render(RED, "markdown") == MARKDOWN_RED


def test_markdown_of_the_further_parts() -> None:
    compared = render(COMPARED, "markdown")
    assert (
        "compared with the baseline of 0.6.8.post1:\n\n- mxfp4-sm90-interleave fails, as in the baseline\n" in compared
    )
    beside = render(BESIDE, "markdown")
    assert (
        "| probe | value | 0.6.11.post2 | 0.6.8.post1 |\n| --- | --- | --- | --- |\n| environment | outcome |" in beside
    )
    assert render(SWEPT, "markdown") == (
        "### flashinfer 0.6.11.post2: not ok\n\nno GPU, torch 2.11.0+cu130, Python 3.12.3\n\n"
        "- requirements.txt:3:21: nvidia-cutlass-dsl 4.8.1 is not in nvidia-cutlass-dsl>=4.5.0,&lt;4.6\n\n"
        "| release | outcome | reason |\n| --- | --- | --- |\n"
        "| nvidia-cutlass-dsl 4.5.0 | compiled | for sm\\_100a |\n"
        "| nvidia-cutlass-dsl 4.8.1 | fail | no make\\_fragment |\n\n"
        "- the wheel's metadata allows nvidia-cutlass-dsl>=4.5.0\n- pin nvidia-cutlass-dsl>=4.5.0,&lt;4.6\n"
        "- requirements.txt:3:21: 4.8.1 is not in this range\n- a.txt:1:1: 4.5.0 is in this range\n\n"
    )


def test_markdown_cannot_be_broken_out_of() -> None:
    odd = ProbeReport("environment", "fail", "a|b <img> *x* @team #1 ````", 1.0, {"text": "```` </details>"})
    text = render(RED._replace(probes=(odd,), problems=(Problem(None, "a"),)), "markdown")
    assert "a\\|b &lt;img> \\*x\\* @&#8203;team \\#&#8203;1 \\`\\`\\`\\`" in text
    assert '`````json\n{\n  "environment": {\n    "text": "```` </details>"\n  }\n}\n`````\n' in text


JUNIT_RED = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuite name="fi-bump smoke flashinfer 0.6.11.post2" tests="4" failures="1" errors="1" skipped="0" time="198.750">
  <properties>
    <property name="target" value="NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3" />
  </properties>
  <testcase classname="fi-bump.smoke.flashinfer" name="environment" time="2.500" />
  <testcase classname="fi-bump.smoke.flashinfer" name="mxfp4-sm90-interleave" time="192.250">
    <failure message="mxfp4-sm90-interleave failed: the worst token's error is 1.41, more than 0.01" />
    <system-out>{"error": 1.40625, "layout": "legacy", "shapes": [{"kernel_us": 337.0, "tokens": 1}], "tokens": 64}</system-out>
  </testcase>
  <testcase classname="fi-bump.smoke.flashinfer" name="cutedsl-masked-moe" time="4.000">
    <system-out>{"compile_seconds": 3.9}</system-out>
  </testcase>
  <testcase classname="fi-bump.smoke.flashinfer" name="fp4-scale-contract" time="0.000">
    <error message="fp4-scale-contract is required but did not run: no &lt;torch&gt; | `x`" />
  </testcase>
</testsuite>
"""


def test_junit() -> None:
    assert render(RED, "junit") == JUNIT_RED


def cases(report: SmokeReport) -> dict[str, list[tuple[str, str | None]]]:
    """Return the content of each case of the JUnit report."""
    suite = ElementTree.fromstring(render(report, "junit").encode())
    return {
        str(case.get("name")): [(child.tag, child.get("message")) for child in case if child.tag != "system-out"]
        for case in suite.iter("testcase")
    }


def test_junit_is_red_only_where_it_blocks() -> None:
    assert cases(COMPARED) == {
        "environment": [],
        "mxfp4-sm90-interleave": [
            ("skipped", "fails in the baseline too: the worst token's error is 1.41, more than 0.01")
        ],
    }
    optional = GREEN._replace(probes=PROBES[3:])
    assert cases(optional) == {"fp4-scale-contract": [("skipped", "no <torch> | `x`")]}
    unchosen = RED._replace(probes=(), problems=(Problem("a", "a is required but was not chosen"), Problem(None, "b")))
    assert cases(unchosen) == {"a": [("error", "a is required but was not chosen")], "verdict": [("error", "b")]}
    assert cases(SWEPT) == {
        "nvidia-cutlass-dsl 4.5.0": [],
        "nvidia-cutlass-dsl 4.8.1": [("skipped", "no make_fragment")],
        "verdict": [
            ("error", "requirements.txt:3:21: nvidia-cutlass-dsl 4.8.1 is not in nvidia-cutlass-dsl>=4.5.0,<4.6")
        ],
    }


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        ((ONE, ONE._replace(number=1)), "2 x NVIDIA H200 (9.0), driver"),
        ((ONE, TWO), "NVIDIA H200 (9.0), NVIDIA B200 (10.0), driver"),
        ((), "no GPU, driver"),
    ],
)
def test_the_devices_in_words(devices: tuple[Any, ...], words: str) -> None:
    text = render(GREEN._replace(target=TARGET._replace(devices=devices)), "table")
    assert text.startswith(words)


def test_a_sweep_that_found_nothing() -> None:
    assert SWEPT.sweep is not None
    nothing = SWEPT._replace(sweep=SWEPT.sweep._replace(admitted="", range=None, pins=()))
    assert render(nothing, "table").split("\n")[4:6] == [
        "the wheel's metadata does not mention nvidia-cutlass-dsl",
        "the repository does not pin nvidia-cutlass-dsl",
    ]


def test_a_baseline_that_agrees() -> None:
    same = GREEN._replace(comparison=BaselineComparison("0.6.8", (), (), (), ()))
    lines = render(same, "table").split("\n")
    assert lines[3:5] == ["compared with the baseline of 0.6.8:", "nothing changed"]
    new = GREEN._replace(comparison=BaselineComparison("0.6.8", ("environment",), (), (), ()))
    assert "environment fails now and did not before\n" in render(new, "table")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/report.json", Output("json", "a/report.json")),
        ("junit.XML", Output("junit", "junit.XML")),
        ("a.md", Output("markdown", "a.md")),
        ("a.txt", Output("table", "a.txt")),
        ("a.svg", Output("svg", "a.svg")),
        ("markdown=a.json", Output("markdown", "a.json")),
        ("odd=a.json", Output("json", "odd=a.json")),
        ("table=a=b", Output("table", "a=b")),
    ],
)
def test_where_a_report_goes(text: str, expected: Output[SmokeFormat]) -> None:
    assert parse_output(text) == expected


@pytest.mark.parametrize("text", ["", "report", "json=", "a.yaml"])
def test_a_file_without_a_format(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_output(text)
    assert str(caught.value) == f"'{text}' does not name a format"
    assert caught.value.hint == (
        "end the name with .txt, .json, .xml, .md, .sarif, .svg, or write "
        f"FORMAT={text} with one of table, json, github, gitlab, junit, markdown, sarif, svg"
    )
