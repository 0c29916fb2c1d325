"""What a smoke report says beside its verdict: notes of probes, and what is known of the releases."""

from __future__ import annotations

from fi_bump.report.smoke.known import known_faults, note_lines
from fi_bump.report.smoke.output import render
from fi_bump.report.smoke_text import with_unit
from fi_bump.smoke.model import Device, ProbeReport, SmokeReport
from tests.report.smoke.test_reports import GREEN

OVERLAP = "replays are right alone, and wrong while other kernels run at the same time: 9 tokens, 3 streams together: x"
NOTED = ProbeReport("moe-soak", "pass", None, 52.0, {"replays": 204500, "run_seconds": 47.292, "notes": [OVERLAP]})
KNOWN = (
    "flashinfer-python 0.6.11.post2 has a known fault on sm_90: the MoE of bf16 with MXFP4 gives wrong tokens now and then "
    "while other kernels run at the same time; 0.6.18 is the next good release"
)
DSL = (
    "flashinfer-python 0.6.11.post2 is known to break with nvidia-cutlass-dsl 4.8.1: its CuTe-DSL masked GEMM does not "
    "compile there; pin a release of nvidia-cutlass-dsl that is not >=4.6 "
    "(https://github.com/flashinfer-ai/flashinfer/pull/3922)"
)


def with_packages(report: SmokeReport, **versions: str) -> SmokeReport:
    packages = {name.replace("_", "-"): version for name, version in versions.items()}
    return report._replace(target=report.target._replace(packages=packages))


def test_a_note_names_the_release_that_mends_it() -> None:
    report = GREEN._replace(probes=(NOTED,))
    assert list(note_lines(report)) == [f"moe-soak: note: {OVERLAP}", KNOWN]
    for form in ("table", "markdown"):
        assert "0.6.18 is the next good release" in render(report, form)


def test_a_fault_of_another_release_or_card_or_probe_is_not_named() -> None:
    assert known_faults(GREEN) == ()
    noted = GREEN._replace(probes=(NOTED,))
    assert known_faults(with_packages(noted, flashinfer_python="0.6.18")) == ()
    other = noted.target._replace(devices=(Device(0, "NVIDIA B200", (10, 0)),))
    assert known_faults(noted._replace(target=other)) == ()
    assert known_faults(GREEN._replace(probes=(NOTED._replace(metrics={}),))) == ()
    assert known_faults(GREEN._replace(probes=(NOTED._replace(name="mla-decode", outcome="fail", reason="x"),))) == ()


def test_a_release_that_breaks_beside_another_package() -> None:
    failed = GREEN._replace(probes=(ProbeReport("cutedsl-masked-moe", "fail", "no make_fragment", 4.0, {}),))
    both = with_packages(failed, flashinfer_python="0.6.11.post2+cu130", nvidia_cutlass_dsl="4.8.1")
    assert known_faults(both) == (DSL,)
    assert known_faults(with_packages(failed, flashinfer_python="0.6.11.post2", nvidia_cutlass_dsl="4.5.2")) == ()
    assert known_faults(with_packages(failed, flashinfer_python="0.6.11.post2", nvidia_cutlass_dsl="unknown")) == ()


def test_units() -> None:
    assert with_unit("run_seconds", "47.29") == ("run time", "47.29 s")
    assert with_unit("median_us", "67.9") == ("median time", "67.9 µs")
    assert with_unit("roofline_share", "0.63") == ("roofline share", "0.63 of the peak")
    assert with_unit("worst_token", "0.0051") == ("error, worst token", "0.0051 of the result")
    assert with_unit("stood_in_for_a_gpu", "False") == ("stood in for a gpu", "no")
    assert with_unit("layout", "legacy") == ("layout", "legacy")
