"""Tests of `fleet --online` with a real local index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fi_bump.index import retries
from tests.commands.fleet.conftest import VALIDATOR, column, text
from tests.conftest import NEW, OLD, Result, Run
from tests.index.server import Index, Package, Reply, answering, running, wheel


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with a newer torch, and with a newer release of only one member of flashinfer."""
    with running() as started:
        for name, versions in {
            "flashinfer-python": (OLD, NEW, "0.6.14"),
            "flashinfer-cubin": (OLD, NEW),
            "torch": ("2.9.0", "2.10.0", "2.11.0"),
        }.items():
            Package(name, {each: wheel(name, each) for each in versions}).serve(started)
        yield started


Ask = Callable[..., Result]


@pytest.fixture
def ask(run: Run, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run `fleet --online` against the index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(retries, "RETRIES", 1)

    def call(root: Path, *arguments: str) -> Result:
        result = run(root, "fleet", *arguments, "--online", "--index", f"{index.url}/simple", offline=False)
        return Result(result.code, result.out.replace(index.url, "URL"), result.err.replace(index.url, "URL"))

    return call


def test_online(fleet: Path, ask: Ask, index: Index) -> None:
    result = ask(fleet, "engine", "plugin", "kernels", "ahead", "--exit-code")
    assert (result.code, result.err) == (1, "")
    assert text(result) == (
        f"repository  group       locked        state      newest in the fleet     newest of all members\n"
        f"engine      flashinfer  {NEW}  in step\n"
        f"engine      torch       2.9.0         in step    2.10.0 in ahead         2.11.0\n"
        f"plugin      flashinfer  {OLD}   1 finding  {NEW} in engine  {NEW}\n"
        f"kernels     attention   {OLD}   in step                            0.6.14\n"
        f"kernels     kit         1.0           in step                            no common version\n"
        f"ahead       torch       2.10.0        in step                            2.11.0\n"
        f"4 repositories: 4 behind, 1 with findings\n"
    )
    # Each page is requested once, whatever the number of repositories.
    pages = [request.path for request in index.log]
    assert sorted(pages) == [f"/simple/{name}/" for name in ("flashinfer-cubin", "flashinfer-python", "kit", "torch")]


def test_an_index_that_cannot_be_asked_costs_its_own_groups(fleet: Path, ask: Ask, index: Index) -> None:
    index.routes["/simple/torch/"] = answering(Reply(403, {}, b""))
    result = ask(fleet, "engine", "ahead", "--format", "json", "--exit-code")
    assert result.code == 1
    found = json.loads(result.out)
    VALIDATOR.validate(found)
    found = found["result"]
    groups = {(name, each["name"]): each["index"] for name, all_ in column(found, "groups").items() for each in all_}
    error = groups["ahead", "torch"]["error"]
    assert "403" in error
    assert groups == {
        ("engine", "flashinfer"): {"newest": NEW, "behind": False, "error": None},
        ("engine", "torch"): {"newest": None, "behind": False, "error": error},
        ("ahead", "torch"): {"newest": None, "behind": False, "error": error},
    }
    assert found["counts"]["notAsked"] == 2
    alone = ask(fleet, "ahead", "--exit-code")
    assert alone.code == 1
    said = text(alone).split("\n")
    assert said[1:4] == [
        "ahead       torch  2.10.0  in step                       not known",
        f"ahead: {error}",
        "1 repository: 1 with an index that cannot be asked",
    ]
