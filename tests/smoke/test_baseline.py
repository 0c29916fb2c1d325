"""Tests of comparing a run with an earlier report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.smoke.baseline import Baseline, compare, load, numbers
from fi_bump.smoke.model import BaselineComparison, MetricChange, ProbeReport, Problem
from fi_bump.smoke.verdict import problems

HINT = "give --baseline a report that fi-bump smoke --format json wrote"
PROBE = {"name": "a", "outcome": "fail", "reason": "wrong", "seconds": 2, "metrics": {"error": 1.4}}
DOCUMENT = {"schema": 1, "ok": False, "group": "flashinfer", "version": "0.6.8", "target": {}, "probes": [PROBE]}


def test_a_baseline(tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    path.write_text(json.dumps(DOCUMENT))
    baseline = load(str(path), "flashinfer")
    assert baseline == Baseline("0.6.8", {"a": ProbeReport("a", "fail", "wrong", 2.0, {"error": 1.4})})
    assert baseline.failures == ("a",)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{", "this file is not JSON", HINT),
        ('{"schema": 1, "probes": NaN}', "this file is not JSON", HINT),
        ("\xff", "this file is not JSON", HINT),
        ("[" * 100_000, "this file is not JSON", HINT),
        ("[]", "this file is not a smoke report", HINT),
        ('{"schema": 1, "ok": true, "groups": [], "findings": []}', "this file is not a smoke report", HINT),
        ('{"schema": 1, "probes": []}', "this file is not a smoke report", HINT),
        (
            json.dumps({**DOCUMENT, "schema": 3}),
            "this report has schema 3, not 2",
            "make the report again with this version of fi-bump",
        ),
        (
            json.dumps({**DOCUMENT, "schema": True}),
            "this report has schema true, not 2",
            "make the report again with this version of fi-bump",
        ),
        (json.dumps({**DOCUMENT, "group": "torch"}), "this report is about the group 'torch', not 'flashinfer'", HINT),
        (json.dumps({**DOCUMENT, "probes": [1]}), "this file is not a smoke report", HINT),
        (json.dumps({**DOCUMENT, "probes": [{**PROBE, "outcome": "green"}]}), "this file is not a smoke report", HINT),
        (json.dumps({**DOCUMENT, "probes": [{**PROBE, "seconds": "x"}]}), "this file is not a smoke report", HINT),
        (json.dumps({**DOCUMENT, "probes": [{**PROBE, "metrics": []}]}), "this file is not a smoke report", HINT),
        (json.dumps({**DOCUMENT, "probes": [{**PROBE, "name": []}]}), "this file is not a smoke report", HINT),
    ],
)
def test_no_baseline(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "earlier.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FiBumpError) as caught:
        load(str(path), "flashinfer")
    assert (caught.value.message, caught.value.place, caught.value.hint) == (message, str(path), hint)


def test_a_baseline_that_is_not_there(tmp_path: Path) -> None:
    path = str(tmp_path / "none.json")
    with pytest.raises(FiBumpError) as caught:
        load(path, "flashinfer")
    assert (str(caught.value), caught.value.exit) == (f"{path}: cannot be read: no such file or directory", 3)


def report(name: str, outcome: str, seconds: float = 1.0, **metrics: Any) -> ProbeReport:
    return ProbeReport(name, outcome, None if outcome == "pass" else "so", seconds, metrics)


@pytest.mark.parametrize(
    ("before", "now", "new", "standing", "fixed"),
    [
        ("pass", "pass", (), (), ()),
        ("pass", "fail", ("a",), (), ()),
        ("not-run", "fail", ("a",), (), ()),
        (None, "fail", ("a",), (), ()),
        ("fail", "fail", (), ("a",), ()),
        ("fail", "pass", (), (), ("a",)),
        ("fail", "compiled", (), (), ("a",)),
        ("fail", "not-run", (), (), ()),
        ("pass", "not-run", (), (), ()),
    ],
)
def test_failures(
    before: str | None, now: str, new: tuple[str, ...], standing: tuple[str, ...], fixed: tuple[str, ...]
) -> None:
    earlier = Baseline("0.6.8", {} if before is None else {"a": report("a", before)})
    assert compare(earlier, [report("a", now)], 0.25) == BaselineComparison("0.6.8", new, standing, fixed, ())


@pytest.mark.parametrize(
    ("before", "after", "tolerance", "moved"),
    [
        (100.0, 125.0, 0.25, False),
        (100.0, 126.0, 0.25, True),
        (100.0, 74.0, 0.25, True),
        (100.0, 75.0, 0.25, False),
        (100.0, 100.1, 0.0, True),
        (0.0, 0.1, 0.25, True),
        (0.0, 0.0, 0.25, False),
        (1, 2, 0.25, True),
    ],
)
def test_numbers_beyond_the_tolerance(before: float, after: float, tolerance: float, moved: bool) -> None:
    earlier = Baseline("0.6.8", {"a": report("a", "pass", kernel_us=before)})
    found = compare(earlier, [report("a", "pass", kernel_us=after)], tolerance).changes
    assert found == ((MetricChange("a", "kernel_us", before, after),) if moved else ())


def test_what_was_not_run_is_not_compared() -> None:
    earlier = Baseline("0.6.8", {"a": report("a", "pass", 100.0)})
    assert compare(earlier, [report("a", "not-run", 0.0)], 0.25).changes == ()
    assert compare(Baseline("0.6.8", {}), [report("a", "pass", 9.0)], 0.25).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [(213.2, 0.04, False), (0.04, 213.2, False), (213.2, 100.0, True), (0.04, 0.9, True)],
)
def test_a_module_that_was_kept_is_no_change_of_time(before: float, after: float, moved: bool) -> None:
    def metrics(compiled: float) -> dict[str, Any]:
        return {"compile_seconds": compiled, "jit": {"seconds": compiled}, "overall": 0.004 + compiled / 1e3}

    earlier = Baseline("0.6.8", {"a": report("a", "pass", before, **metrics(before))})
    found = compare(earlier, [report("a", "pass", after, **metrics(after))], 0.01).changes
    times = ["seconds", "compile_seconds", "jit.seconds"] if moved else []
    assert [change.metric for change in found] == [*times, "overall"]


def test_which_metrics_are_measurements() -> None:
    metrics = {
        "error": {"all": 0.004, "token": 0.005},
        "worst_error": 1,
        "overall": 0.0043,
        "cases": {"16x512x512": {"worst_token": 0.0051, "worst_expert": 0.0044, "close": 1.0, "not_numbers": 0}},
        "compile_seconds": 180.5,
        "shapes": [{"tokens": 1, "kernel_us": 337.0}, {"tokens": 64, "kernel_us": 601}],
        "layout": "interleaved",
        "experts": 32,
        "error_seen": True,
        "errors": None,
    }
    assert list(numbers(metrics)) == [
        ("error.all", 0.004),
        ("error.token", 0.005),
        ("worst_error", 1.0),
        ("overall", 0.0043),
        ("cases.16x512x512.worst_token", 0.0051),
        ("cases.16x512x512.worst_expert", 0.0044),
        ("compile_seconds", 180.5),
        ("shapes.0.kernel_us", 337.0),
        ("shapes.1.kernel_us", 601.0),
    ]


NOTED = {"notes": ["replays are wrong while other kernels run"]}


@pytest.mark.parametrize(
    ("before", "noted"),
    [
        (ProbeReport("a", "pass", None, 1.0, {}), True),
        (ProbeReport("a", "pass", None, 1.0, NOTED), False),
        (ProbeReport("a", "fail", "wrong", 1.0, {}), False),
        (ProbeReport("a", "not-run", "no GPU", 0.0, {}), False),
        (None, False),
    ],
)
def test_a_note_counts_if_the_probe_passed_without_one(before: ProbeReport | None, noted: bool) -> None:
    now = ProbeReport("a", "pass", None, 1.0, NOTED)
    baseline = Baseline("0.6.8", {} if before is None else {"a": before})
    comparison = compare(baseline, [now], 0.25)
    assert comparison.new_notes == (("a",) if noted else ())
    message = "a has a note that the baseline does not have: replays are wrong while other kernels run"
    assert problems([now], ["a"], ["a"], comparison) == ((Problem("a", message),) if noted else ())
    # Without a baseline a note is no problem.
    assert problems([now], ["a"], ["a"]) == ()


def test_a_baseline_in_the_frame_and_one_of_before_are_the_same(tmp_path: Path) -> None:
    bare, framed = tmp_path / "bare.json", tmp_path / "framed.json"
    bare.write_text(json.dumps(DOCUMENT))
    result = {name: value for name, value in DOCUMENT.items() if name != "schema"}
    framed.write_text(json.dumps({"fi-bump": "9", "command": "smoke", "schema": 2, "exit": 1, "result": result}))
    assert load(str(bare), "flashinfer") == load(str(framed), "flashinfer")
    framed.write_text(json.dumps({"fi-bump": "9", "command": "smoke", "schema": 2, "exit": 3, "result": None}))
    with pytest.raises(FiBumpError, match="this file is not a smoke report"):
        load(str(framed), "flashinfer")
