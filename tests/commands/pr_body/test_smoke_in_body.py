"""Tests of the smoke report in a pull request's body."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fi_bump.report.smoke.output import render
from tests.commands.pr_body.conftest import section
from tests.conftest import NEW, OLD, Run
from tests.report.smoke.test_reports import GREEN, PROBES, RED


def test_a_smoke_report_beside_its_baseline(committed: Path, run: Run, tmp_path: Path) -> None:
    earlier = RED._replace(version=OLD, probes=(PROBES[0], PROBES[1]._replace(seconds=100.0)))
    (tmp_path / "smoke.json").write_text(render(RED, "json"))
    (tmp_path / "earlier.json").write_text(render(earlier, "json"))
    run(committed, "set", NEW)
    arguments = ["--smoke", str(tmp_path / "smoke.json"), "--baseline", str(tmp_path / "earlier.json")]
    body = run(committed, "pr-body", *arguments).out
    assert body.split("\n")[2].endswith("; smoke not ok")
    smoke = section(body, "Smoke")
    assert smoke[:23] == [
        f"#### flashinfer {NEW}: not ok",
        "",
        "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3",
        "",
        "- fp4-scale-contract is required but did not run: no &lt;torch> \\| \\`x\\`",
        "",
        "| probe | outcome | time | reason |",
        "| --- | --- | --- | --- |",
        "| environment | pass | 2.5 s |  |",
        "| mxfp4-sm90-interleave | fail | 192.2 s | the worst token's error is 1.41, more than 0.01 |",
        "| cutedsl-masked-moe | compiled | 4 s | for sm\\_100a, which is not here |",
        "| fp4-scale-contract | not-run | 0 s | no &lt;torch> \\| \\`x\\` |",
        "",
        "| probe | metric | value |",
        "| --- | --- | --- |",
        "| mxfp4-sm90-interleave | layout | legacy |",
        "| mxfp4-sm90-interleave | error | 1.406 |",
        "| mxfp4-sm90-interleave | tokens | 64 |",
        "| cutedsl-masked-moe | compile time | 3.9 s |",
        "",
        f"compared with the baseline of {OLD}:",
        "",
        "- mxfp4-sm90-interleave fails, as in the baseline",
    ]
    assert smoke[23] == "- mxfp4-sm90-interleave seconds: 100 -> 192.2 (+92%)"
    assert section(body, "Not run")[1:] == [
        "- `cutedsl-masked-moe`: only compiled: for sm\\_100a, which is not here",
        "- `fp4-scale-contract`: not run: no &lt;torch> \\| \\`x\\`",
    ]


def test_failures_of_the_baseline_alone_leave_the_report_green(committed: Path, run: Run, tmp_path: Path) -> None:
    failed = RED._replace(probes=PROBES[:2], problems=RED.problems[:1])
    (tmp_path / "smoke.json").write_text(render(failed, "json"))
    (tmp_path / "earlier.json").write_text(render(failed._replace(version=OLD), "json"))
    run(committed, "set", NEW)
    alone = run(committed, "pr-body", "--smoke", str(tmp_path / "smoke.json")).out
    assert alone.split("\n")[2].endswith("; smoke not ok")
    both = ["--smoke", str(tmp_path / "smoke.json"), "--baseline", str(tmp_path / "earlier.json")]
    assert run(committed, "pr-body", *both).out.split("\n")[2].endswith("; smoke ok")


def test_a_green_report_leaves_only_the_indexes(committed: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "smoke.json").write_text(render(GREEN, "json"))
    run(committed, "set", NEW)
    body = run(committed, "pr-body", "--smoke", str(tmp_path / "smoke.json")).out
    assert section(body, "Smoke")[0] == f"#### flashinfer {NEW}: ok"
    assert section(body, "Not run") == [
        "- audit and release dates: offline, no package index was asked; run `fi-bump audit`"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": OLD}, f"this report is about flashinfer {OLD}, but the lock says {NEW}"),
        ({"group": "torch"}, "this report is about the group 'torch', which the lock does not have"),
        ({"schema": 3}, "this report has schema 3, not 2"),
        ({"target": None}, "this file is not a smoke report"),
        ({"probes": [{"name": 1}]}, "this file is not a smoke report"),
    ],
)
def test_a_report_that_says_nothing_of_the_change(
    committed: Path, run: Run, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    run(committed, "set", NEW)
    file = tmp_path / "smoke.json"
    file.write_text(json.dumps({**json.loads(render(GREEN, "json"))["result"], "schema": 1, **change}))
    result = run(committed, "pr-body", "--smoke", str(file))
    assert (result.code, result.out) == (3, "")
    assert result.err.split("\n")[0] == f"{file}: {message}"
