"""Tests of spreading jobs over devices, one job per device at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fi_bump.errors import UsageError
from fi_bump.smoke.interpreter import Interpreter, ProbeAnswer
from fi_bump.smoke.model import Device, ProbeReport
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.registry import PROBES
from fi_bump.smoke.runner import Job, choose_devices, probe_job, run_jobs, visible
from tests.smoke.fakes import ONE, TARGET, TWO, Remembered, fake_python

BOTH = TARGET._replace(devices=(ONE, TWO))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(None, (ONE,)), ("0", (ONE,)), ("1", (TWO,)), ("1, 0", (TWO, ONE)), ("GPU-1111", (TWO,))],
)
def test_the_devices(asked: str | None, expected: tuple[Device, ...]) -> None:
    assert choose_devices(BOTH, asked) == expected


def test_no_device_is_no_choice() -> None:
    assert choose_devices(TARGET._replace(devices=()), None) == ()


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("0,2", "there is no device '2'", "name one of 0 (NVIDIA H200), 1 (NVIDIA B200)"),
        ("", "there is no device ''", "name one of 0 (NVIDIA H200), 1 (NVIDIA B200)"),
        ("0,GPU-0000", "a device is named twice in --devices", "name each device once"),
    ],
)
def test_devices_that_are_not_there(asked: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_devices(BOTH, asked)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_no_device_at_all() -> None:
    with pytest.raises(UsageError) as caught:
        choose_devices(TARGET._replace(devices=()), "0")
    assert caught.value.hint == "leave out --devices; the interpreter sees none"


@pytest.mark.parametrize(
    ("outer", "device", "expected"),
    [
        (None, None, ""),
        (None, ONE, "GPU-0000"),
        (None, ONE._replace(uuid=None), "0"),
        ("2,3", TWO, "3"),
        ("MIG-a, MIG-b", TWO, "MIG-b"),
        ("2,3", None, ""),
    ],
)
def test_what_a_process_sees(
    monkeypatch: pytest.MonkeyPatch, outer: str | None, device: Device | None, expected: str
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if outer is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", outer)
    assert visible(device) == expected


def job(name: str, work: Callable[[str | None], ProbeResult]) -> Job:
    """Return a job that runs anywhere, in this process."""
    return Job(name, "anywhere", lambda capability: True, lambda device, watch, stop: ProbeAnswer(work(device), 1.0))


def test_devices_work_side_by_side_and_reports_keep_their_order() -> None:
    # A job only passes the barrier if both run at the same time.
    barrier = threading.Barrier(2, timeout=60)

    def meet(device: str | None) -> ProbeResult:
        barrier.wait()
        return ProbeResult("pass", None, {"device": device})

    reports = run_jobs([job("a", meet), job("b", meet)], (ONE, TWO), Remembered())
    assert [report.name for report in reports] == ["a", "b"]
    assert {report.metrics["device"] for report in reports} == {"GPU-0000", "GPU-1111"}


def test_one_device_works_on_one_thing_at_a_time() -> None:
    running: list[str] = []

    def alone(device: str | None) -> ProbeResult:
        running.append("in")
        assert running.count("in") - running.count("out") == 1
        running.append("out")
        return ProbeResult("pass")

    progress = Remembered()
    reports = run_jobs([job(name, alone) for name in "abc"], (ONE,), progress)
    assert reports == [ProbeReport(name, "pass", None, 1.0, {}) for name in "abc"]
    assert progress.said == [
        "a starts on device 0",
        "a pass",
        "b starts on device 0",
        "b pass",
        "c starts on device 0",
        "c pass",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("devices", "reasons"),
    [
        ((), {"mxfp4-sm90-interleave": "runs only on compute capability 9.0; there is no device here"}),
        (
            (TWO,),
            {"mxfp4-sm90-interleave": "runs only on compute capability 9.0; the device here is NVIDIA B200 (10.0)"},
        ),
        ((ONE, TWO), {}),
    ],
)
def test_a_probe_that_fits_no_device_is_not_run(
    tmp_path: Path, devices: tuple[Device, ...], reasons: dict[str, str]
) -> None:
    interpreter = Interpreter(fake_python(tmp_path / "bin"), str(tmp_path))
    names = ("environment", "mxfp4-sm90-interleave", "cutedsl-masked-moe")
    jobs = [probe_job(PROBES[name], interpreter, ProbeRequest("target", "g", "1"), devices, 60) for name in names]
    reports = run_jobs(jobs, devices, Remembered())
    assert [report.name for report in reports] == list(names)
    assert {report.name: report.reason for report in reports if report.outcome == "not-run"} == reasons


def test_a_probe_of_two_devices_runs_alone_on_both_of_them(tmp_path: Path) -> None:
    running: list[str] = []

    def alone(device: str | None) -> ProbeResult:
        running.append("in")
        assert running.count("in") - running.count("out") == 1
        running.append("out")
        return ProbeResult("pass", None, {"device": device})

    third = ONE._replace(number=2, uuid="GPU-2222")
    hopper = job("both", alone)._replace(fits=lambda capability: capability == (9, 0), devices=2)
    progress = Remembered()
    reports = run_jobs([hopper, job("one", alone)], (ONE, TWO, third), progress)
    assert reports[0].metrics["device"] == "GPU-0000,GPU-2222"
    assert progress.said[-2:] == ["both starts on devices 0, 2", "both pass"]


@pytest.mark.parametrize("devices", [(), (ONE,), (ONE, TWO)])
def test_a_probe_of_two_devices_is_not_run_without_them(tmp_path: Path, devices: tuple[Device, ...]) -> None:
    interpreter = Interpreter(fake_python(tmp_path / "bin"), str(tmp_path))
    made = probe_job(PROBES["allreduce-fusion"], interpreter, ProbeRequest("target", "g", "1"), devices, 60)
    made = made._replace(fits=lambda capability: capability == (9, 0))
    (report,) = run_jobs([made], devices, Remembered())
    assert report.outcome == "not-run"
    reason = "runs only on 2 GPUs of compute capability 9.0 and later, which --devices names; "
    assert str(report.reason).startswith(reason)


@pytest.mark.slow
def test_a_probe_that_can_run_somewhere_is_not_compiled_elsewhere(tmp_path: Path) -> None:
    source = "answer('pass', device=os.environ['CUDA_VISIBLE_DEVICES'])"
    interpreter = Interpreter(fake_python(tmp_path / "bin", {"cutedsl-masked-moe": source}), str(tmp_path))
    probe = PROBES["cutedsl-masked-moe"]
    for devices, expected in [((ONE, TWO), "GPU-1111"), ((ONE,), "GPU-0000"), ((), "")]:
        made = probe_job(probe, interpreter, ProbeRequest("target", "g", "1"), devices, None)
        assert [report.metrics["device"] for report in run_jobs([made], devices, Remembered())] == [expected]


def test_a_defect_of_a_job_ends_the_others() -> None:
    stopped: list[bool] = []

    def broken(device: str | None) -> ProbeResult:
        raise ZeroDivisionError

    def waits(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        stopped.append(stop.wait(60))
        return ProbeAnswer(ProbeResult("fail", "interrupted"), 1.0, True)

    waiting = Job("waits", "anywhere", lambda capability: capability == (9, 0), waits)
    breaking = job("breaks", broken)._replace(fits=lambda capability: capability == (10, 0))
    with pytest.raises(ZeroDivisionError):
        run_jobs([waiting, breaking], (ONE, TWO), Remembered())
    assert stopped == [True]


def test_a_stop_from_outside_is_an_interrupt() -> None:
    stop = threading.Event()

    def stops(device: str | None) -> ProbeResult:
        stop.set()
        return ProbeResult("pass")

    with pytest.raises(KeyboardInterrupt):
        run_jobs([job("a", stops), job("b", stops)], (ONE,), Remembered(), stop)
