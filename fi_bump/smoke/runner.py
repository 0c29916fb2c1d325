"""Probes spread over devices: one process a device at a time, results in the probes' own order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from fi_bump.errors import UsageError
from fi_bump.smoke.interpreter import Interpreter, ProbeAnswer, ask
from fi_bump.smoke.model import Device, ProbeReport, Target, reported
from fi_bump.smoke.probes.protocol import ProbeRequest, ProbeResult
from fi_bump.smoke.progress import Progress
from fi_bump.smoke.registry import Capability, Probe


class Job(NamedTuple):
    """One thing to run on a device. `fits` says on which (None: no device), `needs` the same in words.

    `run` gets CUDA_VISIBLE_DEVICES, a watcher of its output, and what stops it.
    """

    name: str
    needs: str
    fits: Callable[[Capability | None], bool]
    run: Callable[[str | None, Callable[[str], None], threading.Event], ProbeAnswer]


def choose_devices(target: Target, asked: str | None) -> tuple[Device, ...]:
    """The devices of `--devices 0,1,…` (indexes as the target counts, or UUIDs), else the first.

    Raises UsageError for one that is not there.
    """
    if asked is None:
        return target.devices[:1]
    chosen = []
    for entry in asked.split(","):
        name = entry.strip()
        match = [device for device in target.devices if name in (str(device.number), device.uuid)]
        if not match:
            seen = ", ".join(f"{device.number} ({device.name})" for device in target.devices) or "none"
            raise UsageError(f"there is no device '{name}'", hint=f"the target sees {seen}")
        chosen += match
    if len(set(chosen)) < len(chosen):
        raise UsageError("a device is named twice in --devices", hint="one process runs on a device at a time")
    return tuple(chosen)


def visible(device: Device | None) -> str:
    """CUDA_VISIBLE_DEVICES for a process on one device, or on none.

    Where the variable is set already, the target counts among its entries, and they may be UUIDs: the entry itself is
    passed on. MIG slices keep their names that way.
    """
    if device is None:
        return ""
    outer = os.environ.get("CUDA_VISIBLE_DEVICES")
    entries = outer.split(",") if outer else []
    if device.number < len(entries):
        return entries[device.number].strip()
    return device.uuid or str(device.number)


def probe_job(
    probe: Probe, interpreter: Interpreter, request: ProbeRequest, devices: Sequence[Device], seconds: float | None
) -> Job:
    """The job that runs a probe, with its own time limit or the one given.

    It goes where the probe runs; only where that is nowhere here, to where it can at least compile.
    """
    question = replace(request, probe=probe.name)
    limit = probe.seconds if seconds is None else seconds
    compiles = probe.compiles and not any(probe.runs_on(device.capability) for device in devices)

    def run(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        return ask(interpreter, question, seconds=limit, device=device, watch=watch, stop=stop)

    return Job(probe.name, probe.where, lambda capability: compiles or probe.runs_on(capability), run)


def run_jobs(
    jobs: Sequence[Job], devices: Sequence[Device], progress: Progress, stop: threading.Event | None = None
) -> list[ProbeReport]:
    """Run every job that fits a device, the devices side by side; what fits none is `not-run`.

    Raises KeyboardInterrupt after an interrupt, when every process is gone.
    """
    stop = stop or threading.Event()
    board = _Board(jobs, progress, stop)
    places: list[Device | None] = list(devices) or [None]
    with ThreadPoolExecutor(len(places), thread_name_prefix="device") as pool:
        try:
            for worker in as_completed([pool.submit(board.work, place) for place in places]):
                worker.result()
        except BaseException:
            # Leaving the pool waits for the threads, and they for their processes, which end now.
            stop.set()
            raise
    if stop.is_set():
        raise KeyboardInterrupt
    return board.reports(devices)


class _Board:
    """The jobs that are left and the reports that are in, shared by the device threads."""

    def __init__(self, jobs: Sequence[Job], progress: Progress, stop: threading.Event) -> None:
        self._jobs = jobs
        self._left = list(jobs)
        self._done: dict[str, ProbeReport] = {}
        self._lock = threading.Lock()
        self._progress = progress
        self._stop = stop

    def work(self, device: Device | None) -> None:
        """Take jobs that fit the device until none is left."""
        capability = None if device is None else device.capability
        where = "without a device" if device is None else f"on device {device.number}"
        while not self._stop.is_set() and (job := self._take(capability)) is not None:
            name = job.name
            self._progress.started(name, where)
            answer = job.run(visible(device), partial(self._progress.line, name), self._stop)
            report = reported(name, answer.result, answer.seconds)
            with self._lock:
                self._done[name] = report
            if not answer.stopped:
                self._progress.ended(report)

    def _take(self, capability: Capability | None) -> Job | None:
        with self._lock:
            job = next((job for job in self._left if job.fits(capability)), None)
            self._left = [other for other in self._left if other is not job]
            return job

    def reports(self, devices: Sequence[Device]) -> list[ProbeReport]:
        """One report a job, in the jobs' order."""
        here = ", ".join(f"{device.name} ({device.capability[0]}.{device.capability[1]})" for device in devices)
        missing = [job for job in self._jobs if job.name not in self._done]
        for job in missing:
            reason = f"runs {job.needs}; {f'here is {here}' if here else 'there is no device'}"
            self._done[job.name] = reported(job.name, ProbeResult("not-run", reason), 0.0)
        return [self._done[job.name] for job in self._jobs]
