"""Both checks before a write, the finder's and the second opinion: each command that plans edits makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.errors import Exit
from fi_bump.pins import Edit, Source, Span
from tests.conftest import LOCK, NEW, OLD, Run, plant, snapshot


@pytest.fixture
def drifted(engine: Path) -> Path:
    """Return the engine with a lock at the new version, so that every pin drifts."""
    plant(engine, {"versions.lock.json": LOCK.replace(OLD.encode(), NEW.encode())})
    return engine


def wrong_edit(source: Source, span: Span, new: str) -> Edit:
    """Return an edit to another version than the planned one."""
    return Edit(span, source.data[span.start : span.end], new.encode() + b"9")


@pytest.mark.parametrize(
    "arguments", [("check", "--fix"), ("check", "--diff"), ("set", NEW), ("set", NEW, "--dry-run")]
)
@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param(
            "fi_bump.editing.second_opinion.confirm",
            "docker/Dockerfile: after the planned edit the file would have other pins than planned",
            id="verify",
        ),
        pytest.param(
            "fi_bump.editing.plan.verify",
            f"requirements/cuda.txt: packaging does not read {NEW} in the new flashinfer-python requirement",
            id="second opinion",
        ),
    ],
)
def test_each_check_alone_stops_a_wrong_edit(
    drifted: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], other: str, message: str
) -> None:
    monkeypatch.setattr("fi_bump.editing.plan._edit", wrong_edit)
    # The other check accepts everything.
    monkeypatch.setattr(other, lambda *_: None)
    before = snapshot(drifted)
    error = f"{message}, so nothing was written\nhelp: this is a bug in fi-bump: please report it with the file\n"
    result = run(drifted, *arguments)
    assert (result.code, result.out, result.err) == (int(Exit.FAILED), "", error)
    assert snapshot(drifted) == before


HASHED = f"flashinfer-python=={OLD} \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}\n".encode()


def test_fix_leaves_a_pin_with_checksums_alone_when_the_lock_knows_no_files(drifted: Path, run: Run) -> None:
    plant(drifted, {"requirements/lock.txt": HASHED})
    result = run(drifted, "check", "--fix")
    assert (result.code, result.err) == (int(Exit.FINDINGS), "")
    *done, finding, summary, _ = result.out.splitlines()
    assert done == [
        f"fixed docker/Dockerfile:3:24: FLASHINFER_VERSION {OLD} -> {NEW}",
        f"fixed docker/Dockerfile.nightly:2:37: github.com/flashinfer-ai/flashinfer {OLD} -> {NEW}",
        f"fixed docker/versions.json:5:19: FLASHINFER_VERSION {OLD} -> {NEW}",
        f"fixed requirements/cuda.txt:5:20: flashinfer-python {OLD} -> {NEW}",
        f"fixed requirements/cuda.txt:6:19: flashinfer-cubin {OLD} -> {NEW}",
        "recorded requirements/lock.txt#flashinfer-python",
    ]
    assert finding.startswith(f"requirements/lock.txt:1:20: flashinfer-python is {OLD}, the lock says {NEW}; ")
    assert finding.endswith(" [drift]")
    assert summary == f"flashinfer {NEW}: 6 pins in 5 files, 1 finding"
    assert (drifted / "requirements/lock.txt").read_bytes() == HASHED
