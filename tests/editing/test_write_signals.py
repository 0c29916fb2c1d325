"""The writer under real signals: a process that is asked to end first finishes what it decided, then ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from fi_bump.editing.recovery import Recovery
from fi_bump.state import pending
from tests.conftest import plant
from tests.editing.trees import again, contents, half_done, recover
from tests.editing.write_faults import NAMES, NEW, OLD, signal_at

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
# The first rename is that of the journal, which decides the change.
RENAMES = range(1, 2 + len(NAMES))


def signalled(roots: dict[Path, int], call: str, sent: signal.Signals, action: str) -> None:
    """Run an action in each root, and send the signal before its call of that number; each process must end by it."""
    children = [signal_at(root, call, number, sent, action) for root, number in roots.items()]
    for child in children:
        _, error = child.communicate(timeout=60)
        # This also shows that the signals are let through again: a process that still blocks them ends with 0.
        assert child.returncode == -sent, error.decode()


@pytest.mark.slow
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_during_the_renames_waits_for_the_last(tmp_path: Path, sent: signal.Signals) -> None:
    roots = {tmp_path / str(number): number for number in RENAMES}
    for root in roots:
        plant(root, OLD)
    signalled(roots, "replace", sent, "commit")
    for root in roots:
        assert contents(root) == NEW, root
        assert not pending(str(root)), root
        again(root)


@pytest.mark.slow
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_during_the_renames_of_a_recovery_waits_for_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    roots = {tmp_path / str(number): number for number in range(1, len(NAMES))}
    for root in roots:
        half_done(root, monkeypatch)
    signalled(roots, "replace", sent, "recover")
    for root in roots:
        assert contents(root) == NEW, root
        assert not pending(str(root)), root


@pytest.mark.slow
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_while_a_failed_change_is_cleaned_up_waits_for_the_last_file(
    tmp_path: Path, sent: signal.Signals
) -> None:
    roots = {tmp_path / str(number): number for number in range(1, 4)}
    for root in roots:
        plant(root, OLD)
    signalled(roots, "unlink", sent, "failing")
    for root in roots:
        assert contents(root) == OLD, root
        assert not pending(str(root)), root


@pytest.mark.slow
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_before_the_decision_ends_the_process_and_loses_no_file(tmp_path: Path, sent: signal.Signals) -> None:
    roots = {tmp_path / str(number): number for number in range(1, 2 + len(NAMES))}
    for root in roots:
        plant(root, OLD)
    signalled(roots, "write", sent, "commit")
    for root in roots:
        done = recover(root)
        # Python cleans up after an interrupt; the other signals end the process where it is.
        assert done == (None if sent == signal.SIGINT else Recovery("undone", ())), root
        assert contents(root) == OLD, root
        again(root)
