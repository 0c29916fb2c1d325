"""Run probes on several devices, one process per device at a time, and return the results in the probes' order.

A probe that uses several devices together runs after the others, alone.
"""

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

Run = Callable[[str | None, Callable[[str], None], threading.Event], ProbeAnswer]


class Job(NamedTuple):
    """A probe or a test run.

    `fits` tells from a compute capability (None: no device) whether it can run there, and `needs` says the same in
    words. `run` gets CUDA_VISIBLE_DEVICES, a function for each line of output, and the event that stops it. `devices`
    is how many devices it uses together.
    """

    name: str
    needs: str
    fits: Callable[[Capability | None], bool]
    run: Run
    devices: int = 1


def choose_devices(target: Target, asked: str | None) -> tuple[Device, ...]:
    """Return the devices of `--devices 0,1,…` (the target's numbers, or UUIDs), or the first without the option.

    Raises UsageError for an unknown device or one that is named twice.
    """
    if asked is None:
        return target.devices[:1]
    chosen = []
    for entry in asked.split(","):
        name = entry.strip()
        match = [device for device in target.devices if name in (str(device.number), device.uuid)]
        if not match:
            seen = ", ".join(f"{device.number} ({device.name})" for device in target.devices)
            hint = f"name one of {seen}" if seen else "leave out --devices; the interpreter sees none"
            raise UsageError(f"there is no device '{name}'", hint=hint)
        chosen += match
    if len(set(chosen)) < len(chosen):
        raise UsageError("a device is named twice in --devices", hint="name each device once")
    return tuple(chosen)


def visible(device: Device | None) -> str:
    """Return CUDA_VISIBLE_DEVICES for a process on one device, or on none.

    If the variable is set already, the target's numbers count its entries, so the entry itself is passed on. It may be
    a UUID or the name of a MIG slice.
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
    """Return the job that runs a probe, with the given time limit or its own.

    If the probe can run on none of the devices but can compile, the job fits every device.
    """
    compiles = probe.compiles and not any(probe.runs_on(device.capability) for device in devices)
    run = _asking(probe, interpreter, request, seconds)
    needs = probe.where if probe.devices == 1 else f"{probe.where}, which --devices names"
    return Job(probe.name, needs, lambda capability: compiles or probe.runs_on(capability), run, probe.devices)


def compile_job(probe: Probe, interpreter: Interpreter, request: ProbeRequest, seconds: float | None) -> Job:
    """Return the job that compiles what a probe loads, on any machine and without a device."""
    return Job(probe.name, "anywhere", lambda capability: True, _asking(probe, interpreter, request, seconds))


def _asking(probe: Probe, interpreter: Interpreter, request: ProbeRequest, seconds: float | None) -> Run:
    question = replace(request, probe=probe.name)
    limit = probe.seconds if seconds is None else seconds

    def run(device: str | None, watch: Callable[[str], None], stop: threading.Event) -> ProbeAnswer:
        return ask(interpreter, question, seconds=limit, device=device, watch=watch, stop=stop)

    return run


def run_jobs(
    jobs: Sequence[Job], devices: Sequence[Device], progress: Progress, stop: threading.Event | None = None
) -> list[ProbeReport]:
    """Run every job on a device that it fits, all devices in parallel; a job that fits none is `not-run`.

    After an interrupt it ends every process and raises KeyboardInterrupt.
    """
    stop = stop or threading.Event()
    board = _Board(jobs, progress, stop)
    places: list[Device | None] = list(devices) or [None]
    with ThreadPoolExecutor(len(places), thread_name_prefix="device") as pool:
        try:
            for worker in as_completed([pool.submit(board.work, place) for place in places]):
                worker.result()
        except BaseException:
            # Leaving the pool waits for the threads, so their processes must end now.
            stop.set()
            raise
    board.work_together(devices)
    if stop.is_set():
        raise KeyboardInterrupt
    return board.reports(devices)


class _Board:
    """The remaining jobs and the finished reports, shared by the threads of the devices."""

    def __init__(self, jobs: Sequence[Job], progress: Progress, stop: threading.Event) -> None:
        self._jobs = jobs
        self._left = [job for job in jobs if job.devices == 1]
        self._done: dict[str, ProbeReport] = {}
        self._lock = threading.Lock()
        self._progress = progress
        self._stop = stop

    def work(self, device: Device | None) -> None:
        """Run jobs that fit the device until none is left."""
        capability = None if device is None else device.capability
        where = "without a device" if device is None else f"on device {device.number}"
        while not self._stop.is_set() and (job := self._take(capability)) is not None:
            self._run(job, visible(device), where)

    def work_together(self, devices: Sequence[Device]) -> None:
        """Run, one after the other, the jobs that use several devices, where enough devices fit."""
        for job in [each for each in self._jobs if each.devices > 1]:
            fitting = [device for device in devices if job.fits(device.capability)][: job.devices]
            if len(fitting) == job.devices and not self._stop.is_set():
                where = f"on devices {', '.join(str(device.number) for device in fitting)}"
                self._run(job, ",".join(map(visible, fitting)), where)

    def _run(self, job: Job, seen: str, where: str) -> None:
        self._progress.started(job.name, where)
        answer = job.run(seen, partial(self._progress.line, job.name), self._stop)
        report = reported(job.name, answer.result, answer.seconds, answer.cases)
        with self._lock:
            self._done[job.name] = report
        if not answer.stopped:
            self._progress.ended(report)

    def _take(self, capability: Capability | None) -> Job | None:
        with self._lock:
            job = next((job for job in self._left if job.fits(capability)), None)
            self._left = [other for other in self._left if other is not job]
            return job

    def reports(self, devices: Sequence[Device]) -> list[ProbeReport]:
        """Return one report per job, in the jobs' order."""
        here = ", ".join(f"{device.name} ({device.capability[0]}.{device.capability[1]})" for device in devices)
        missing = [job for job in self._jobs if job.name not in self._done]
        for job in missing:
            reason = f"runs only {job.needs}; {f'the device here is {here}' if here else 'there is no device here'}"
            self._done[job.name] = reported(job.name, ProbeResult("not-run", reason), 0.0)
        return [self._done[job.name] for job in self._jobs]
