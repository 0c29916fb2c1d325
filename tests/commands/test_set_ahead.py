"""What `set` does before the indexes have answered changes no answer, sends no other request, and leaves nothing."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fi_bump.commands.set_ahead import Ahead
from fi_bump.editing.plan import Plan
from fi_bump.moving import early_plan, plan_move
from fi_bump.repository import Repository, open_repository
from fi_bump.request import Request, read_request
from fi_bump.scanning.scan import Scan
from tests.conftest import NEW, OLD, Result, plant
from tests.index.server import Index, Package, running, wheel

Ask = Callable[..., Result]
DIGEST = "0" * 64
FILES = {"flashinfer-python": (("flashinfer_python.whl", f"sha256:{DIGEST}"),)}


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that were verified."""
    plans: list[Plan] = []
    verify = Repository.verified

    def recording(self: Repository, plan: Plan) -> Plan:
        plans.append(plan)
        return verify(self, plan)

    monkeypatch.setattr(Repository, "verified", recording)
    return plans


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with two releases of each package."""
    with running() as started:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            Package(name, {each: wheel(name, each) for each in (OLD, NEW)}).serve(started)
        yield started


def asked(root: Path, version: str) -> tuple[Repository, Request, Scan]:
    """Return what a plan is made of."""
    repository = open_repository(str(root))
    return repository, read_request(repository, (version,), newest=True), repository.scan()


def test_a_plan_with_the_same_edits_is_verified_once(engine: Path, verified: list[Plan]) -> None:
    repository, request, scan = asked(engine, NEW)
    early = early_plan(repository, request, scan)
    plan, _ = plan_move(repository, request, scan, FILES, early=early)
    assert len(verified) == 1
    assert (plan, []) == plan_move(repository, request, scan, FILES)
    assert early is not None
    assert plan.lock != early.lock


def test_a_plan_with_other_edits_is_verified(engine: Path, verified: list[Plan]) -> None:
    repository, request, scan = asked(engine, "0.6.13")
    early = early_plan(repository, request, scan)
    request.versions["flashinfer"] = NEW
    plan, _ = plan_move(repository, request, scan, FILES, early=early)
    assert verified == [early, plan]


def test_a_plan_with_another_lock_is_verified(engine: Path, verified: list[Plan]) -> None:
    repository, request, scan = asked(engine, NEW)
    early = early_plan(repository, request, scan)
    other = request._replace(lock=request.lock._replace(exclude=("docs",)))
    plan, _ = plan_move(repository, other, scan, FILES, early=early)
    assert verified == [early, plan]


def test_requirements_with_checksums_have_no_early_plan(engine: Path, verified: list[Plan]) -> None:
    pinned = f"flashinfer-python=={OLD} --hash=sha256:{DIGEST}\n"
    plant(engine, {"requirements/cuda.txt": f"{pinned}flashinfer-cubin=={OLD}\n".encode()})
    assert early_plan(*asked(engine, NEW)) is None
    assert verified == []


def test_what_is_not_known_yet_is_not_planned(engine: Path, verified: list[Plan]) -> None:
    repository, request, scan = asked(engine, "latest")
    with Ahead(repository) as ahead:
        ahead.begin(request, scan)
        assert ahead.plan is None
    assert verified == []


@pytest.mark.parametrize(("version", "code"), [(NEW, 0), ("9.9", 1)])
def test_each_page_is_asked_for_once_and_no_process_is_left(
    engine: Path, ask: Ask, index: Index, version: str, code: int
) -> None:
    assert ask(engine, "set", version, "--dry-run").code == code
    pages = Counter(each.path for each in index.log if each.path.startswith("/simple/flashinfer"))
    members = ("flashinfer-cubin", "flashinfer-jit-cache", "flashinfer-python")
    assert pages == {f"/simple/{member}/": 1 for member in members}
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_group_is_not_asked_about_before_the_first_one_has_a_release(tmp_path: Path, ask: Ask, index: Index) -> None:
    Package("second", {"1.0": wheel("second", "1.0")}).serve(index)
    groups = {
        name: {"version": "1.0", "packages": {name: {}}, "sites": [f"requirements.txt#{name}"]}
        for name in ("absent", "second")
    }
    lock = json.dumps({"lock-version": 1, "groups": groups})
    tree = {"requirements.txt": b"absent==1.0\nsecond==1.0\n", "versions.lock.json": lock.encode()}
    plant(tmp_path / "tree", tree)
    result = ask(tmp_path / "tree", "set", "absent==latest", "second==latest", "--dry-run")
    assert (result.code, "there is no version that all packages of absent have" in result.err) == (1, True), result
    assert [each.path for each in index.log] == ["/simple/absent/"]
