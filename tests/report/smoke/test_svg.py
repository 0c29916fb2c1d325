"""The drawing of a smoke report: errors, kernel times with the card's peak, and two releases beside each other."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from fi_bump.report.smoke.svg import svg_text
from fi_bump.smoke.model import ProbeReport, SmokeReport
from tests.smoke.fakes import TARGET

NAMESPACE = "{http://www.w3.org/2000/svg}"
TIMES = {
    "cases": {
        "decode, short": {
            "auto": {"backend": "fa2", "median_us": 50.0, "roofline_share": 0.5, "worst_token": 0.003},
            "fa3": {"backend": "fa3", "median_us": 100.0, "roofline_share": 0.25},
            "fp8": {"not_built": "no kernel"},
        },
        "prefill": {"auto": {"median_us": 200.0, "peak_share": 0.6}},
    },
    "worst_token": 0.003,
}


def report(version: str, *probes: tuple[str, dict[str, Any]]) -> SmokeReport:
    made = tuple(ProbeReport(name, "pass", None, 1.0, metrics) for name, metrics in probes)
    return SmokeReport(
        ok=True, group="flashinfer", version=version, target=TARGET, required=(), problems=(), probes=made
    )


def drawn(made: SmokeReport) -> tuple[list[str], list[tuple[str, float]], list[str]]:
    """Return the texts, the bars with their kind and width, and the lines of the peak, in the order of the drawing."""
    root = ElementTree.fromstring(svg_text(made))
    texts = [each.text or "" for each in root.iter(f"{NAMESPACE}text")]
    bars = [(each.attrib["class"], float(each.attrib["width"])) for each in root.iter(f"{NAMESPACE}rect")]
    return texts, bars, [each.attrib["d"] for each in root.iter(f"{NAMESPACE}path")]


def test_one_release() -> None:
    texts, bars, peaks = drawn(report("0.7.2", ("environment", {"modules": 3}), ("paged-attention", TIMES)))
    assert texts == [
        "flashinfer 0.7.2: errors and kernel times",
        "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3",
        "Error, as a share of the result; less is better",
        "paged-attention: worst token",
        "0.003, 0.7.2",
        "paged-attention: time of a call; less is better",
        "decode, short, auto",
        "50 µs, 0.7.2",
        "decode, short, fa3",
        "100 µs, 0.7.2",
        "prefill, auto",
        "200 µs, 0.7.2",
        "The red line is the time in which the card's peak would do it: of the memory, or of the matrix products.",
    ]
    assert bars == [("first", 300.0), ("first", 75.0), ("first", 150.0), ("first", 300.0)]
    # 25, 25 and 120 of 200 µs, from the left end of the bars at 440.
    assert [peak.split(" ")[0] for peak in peaks] == ["M477.5", "M477.5", "M620.0"]


def test_two_releases_beside_each_other() -> None:
    slower = {"timing": {"1 token": {"median_us": 152.0}, "calls": 24}, "overall": 0.004}
    faster = {"timing": {"1 token": {"median_us": 76.0}}, "overall": 0.004}
    both = report("0.6.11", ("moe", faster), ("new", {"timing": {"x": {"median_us": 1.0}}}))._replace(
        against=report("0.6.8", ("moe", slower), ("old", {"timing": {"y": {"median_us": 2.0}}}))
    )
    texts, bars, peaks = drawn(both)
    assert texts[0] == "flashinfer 0.6.11 and 0.6.8: errors and kernel times"
    assert texts[2:] == [
        "Error, as a share of the result; less is better",
        "moe: overall",
        "0.004, 0.6.11",
        "0.004, 0.6.8",
        "moe: time of a call; less is better",
        "1 token",
        "76 µs, 0.6.11",
        "152 µs, 0.6.8",
        "new: time of a call; less is better",
        "x",
        "1 µs, 0.6.11",
        "old: time of a call; less is better",
        "y",
        "2 µs, 0.6.8",
    ]
    assert bars[2:] == [("first", 150.0), ("second", 300.0), ("first", 300.0), ("second", 300.0)]
    assert peaks == []


def test_nothing_was_measured() -> None:
    assert drawn(report("0.7.2", ("environment", {}))) == (
        [
            "flashinfer 0.7.2: errors and kernel times",
            "NVIDIA H200 (9.0), driver 580.95.05, CUDA 13.0, torch 2.11.0+cu130, Python 3.12.3",
            "no error and no time was measured",
        ],
        [],
        [],
    )


def test_texts_of_others_are_only_text() -> None:
    texts, bars, _ = drawn(report("0.7.2", ("moe", {"timing": {"<script>\x1b&\n": {"median_us": 0}}})))
    assert "<script>" in texts[3]
    assert bars == [("first", 0.0)]
