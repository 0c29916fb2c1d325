"""The notes of a smoke report: what probes noted, and what is known of the faults that the report shows."""

from __future__ import annotations

from collections.abc import Iterator

from fi_bump.audit.breakages import faults_of_probes
from fi_bump.smoke.model import SmokeReport
from fi_bump.smoke.registry import PACKAGES
from fi_bump.untrusted import printable

# The characters of a note that are shown.
_MOST = 600


def note_lines(report: SmokeReport) -> Iterator[str]:
    """Yield a line for each note of a probe, then for each fault that is known of these releases."""
    for probe in report.probes:
        yield from (f"{probe.name}: note: {printable(note, _MOST)}" for note in probe.notes)
    yield from known_faults(report)


def known_faults(report: SmokeReport) -> tuple[str, ...]:
    """Return a message for each known fault of the installed releases that a failed probe, or one with notes, shows."""
    shown = {probe.name for probe in report.probes if probe.outcome == "fail" or probe.notes}
    gpus = {f"sm_{device.capability[0]}{device.capability[1]}" for device in report.target.devices}
    packages = {PACKAGES[0]: report.version, **report.target.packages}
    return faults_of_probes(shown, gpus, packages) if shown else ()
