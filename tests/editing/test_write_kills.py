"""fi-bump is killed (kill -9) at each of its system calls: the next run finishes the change or undoes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.state import pending
from tests.conftest import plant
from tests.editing.trees import again, commit_steps, contents, half_done, recover, wait_for_kills
from tests.editing.write_faults import NEW, OLD, counted, kill_at


@pytest.mark.slow
def test_a_kill_at_every_call_is_recovered(tmp_path: Path) -> None:
    total = len(commit_steps(tmp_path))
    roots = [tmp_path / str(step) for step in range(1, total + 1)]
    for root in roots:
        plant(root, OLD)
        (root / "a.txt").chmod(0o755)
    wait_for_kills([kill_at(root, step, "commit") for step, root in enumerate(roots, 1)])
    outcomes = set()
    for root in roots:
        left = pending(str(root))
        recovery = recover(root)
        assert left == (recovery is not None), root
        outcomes.add(recovery and recovery.outcome)
        assert contents(root) in (OLD, NEW), root
        assert recovery is None or (recovery.outcome == "finished") == (contents(root) == NEW), root
        assert (root / "a.txt").stat().st_mode & 0o777 == 0o755
        assert not pending(str(root))
        again(root)
    assert outcomes == {None, "undone", "finished"}


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["finished", "undone"])
def test_a_kill_at_every_call_of_a_recovery_is_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    def prepare(root: Path) -> None:
        half_done(root, monkeypatch)
        if outcome == "undone":
            next((root / "sub").glob(".b.txt.*")).unlink()

    prepare(tmp_path / "count")
    with counted(lambda number, name: None) as names:
        recover(tmp_path / "count")
    roots = [tmp_path / str(step) for step in range(1, len(names) + 1)]
    for root in roots:
        prepare(root)
    wait_for_kills([kill_at(root, step, "recover") for step, root in enumerate(roots, 1)])
    for root in roots:
        recover(root)
        assert contents(root) == (NEW if outcome == "finished" else OLD), root
        again(root)
