"""Tests of `fi-bump fleet`: whole tables and documents, and the messages about broken checkouts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fi_bump.fleet import checkouts
from fi_bump.repository import Repository
from tests.commands.fleet.conftest import ALL, SCHEMA, VALIDATOR, column, document, lock, pinned, text
from tests.conftest import NEW, OLD, Run, plant, snapshot

ERROR = "versions.lock.json:3:14: is not JSON: expecting property name enclosed in double quotes"
TABLE = f"""\
repository  group       locked        state           newest in the fleet     engine
engine      flashinfer  {NEW}  in step                                 is the engine
engine      torch       2.9.0         in step         2.10.0 in ahead         is the engine
plugin      flashinfer  {OLD}   1 finding       {NEW} in engine  engine has {NEW}
kernels     attention   {OLD}   in step                                 engine has {NEW} (flashinfer-python in flashinfer)
kernels     kit         1.0           in step
ahead       torch       2.10.0        in step                                 engine has 2.9.0
broken      -           -             cannot be read
docs        -           -             no lock
broken: {ERROR}
6 repositories: 2 behind, 3 with another version than engine, 1 with findings, 1 without a lock, 1 cannot be read
"""


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_table_of_all(fleet: Path, run: Run) -> None:
    before = snapshot(fleet)
    result = run(fleet, "fleet", *ALL, "--engine", "engine")
    assert (result.code, text(result), result.err) == (0, TABLE, "")
    assert snapshot(fleet) == before


def test_the_document_of_all(fleet: Path, run: Run) -> None:
    found = document(run, fleet, *ALL, "--engine", "engine")
    repositories = {each.pop("name"): each for each in found["repositories"]}
    assert list(repositories) == list(ALL)
    assert {key: value for key, value in found.items() if key != "repositories"} == {
        "ok": False,
        "engine": "engine",
        "online": False,
        "counts": {
            "repositories": 6,
            "behind": 2,
            "disagree": 3,
            "findings": 1,
            "noLock": 1,
            "unreadable": 1,
            "notAsked": 0,
        },
    }
    empty: dict[str, Any] = {"commit": None, "date": None, "error": None, "findings": 0, "groups": []}
    assert repositories["docs"] == {**empty, "path": "docs", "state": "no-lock"}
    assert repositories["broken"] == {**empty, "path": "broken", "state": "unreadable", "error": ERROR}
    against = {"group": "flashinfer", "version": NEW, "through": ["flashinfer-python"], "agrees": False}
    assert repositories["kernels"] == {
        **empty,
        "path": "kernels",
        "state": "in-step",
        "groups": [
            {
                "name": "attention",
                "version": OLD,
                "packages": ["flashinfer-python"],
                "hold": None,
                "pins": 1,
                "findings": 0,
                "fleet": {"newest": OLD, "in": "kernels", "behind": False},
                "index": None,
                "engine": [against],
            },
            {
                "name": "kit",
                "version": "1.0",
                "packages": ["kit"],
                "hold": None,
                "pins": 1,
                "findings": 0,
                "fleet": {"newest": "1.0", "in": "kernels", "behind": False},
                "index": None,
                "engine": [],
            },
        ],
    }
    assert repositories["plugin"]["groups"][0]["fleet"] == {"newest": NEW, "in": "engine", "behind": True}
    assert (repositories["plugin"]["state"], repositories["plugin"]["findings"]) == ("findings", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("counts", "behind"), -1),
        (("repositories", 0, "state"), "fine"),
        (("repositories", 0, "state"), "unreadable"),
        (("repositories", 1, "findings"), 0),
        (("repositories", 4, "error"), None),
        (("repositories", 5, "groups"), [{}]),
        (("repositories", 0, "groups", 0, "index"), {}),
        (("repositories", 0, "colour"), "green"),
    ],
)
def test_the_schema_refuses_what_no_document_says(fleet: Path, run: Run, path: tuple[Any, ...], value: Any) -> None:
    found = document(run, fleet, *ALL)
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(found)


def test_without_an_engine(fleet: Path, run: Run) -> None:
    assert text(run(fleet, "fleet", "engine", "ahead")) == (
        f"repository  group       locked        state    newest in the fleet\n"
        f"engine      flashinfer  {NEW}  in step\n"
        f"engine      torch       2.9.0         in step  2.10.0 in ahead\n"
        f"ahead       torch       2.10.0        in step\n"
        f"2 repositories: 1 behind\n"
    )


def test_one_that_is_content(fleet: Path, run: Run) -> None:
    result = run(fleet, "fleet", "ahead", "--exit-code")
    assert result.code == 0
    assert text(result).split("\n")[-2] == "1 repository: all in step, none behind"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ahead", "docs"], 0),
        (["ahead", "engine"], 1),
        (["plugin"], 1),
        (["broken"], 1),
        (["kernels"], 0),
        (["kernels", "--engine", "engine"], 1),
        (["kernels", "docs", "--engine", "docs"], 1),
        (["kernels", "docs"], 0),
    ],
)
def test_exit_code(fleet: Path, run: Run, arguments: list[str], code: int) -> None:
    assert run(fleet, "fleet", *arguments).code == 0
    assert run(fleet, "fleet", *arguments, "--exit-code").code == code
    assert document(run, fleet, *arguments)["ok"] is (code == 0)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            [],
            2,
            "fi-bump: the command names no checkout\nhelp: name folders of checkouts, or a file that lists them with --repos FILE\n",
        ),
        (
            ["engine", "plugin", "--engine", "vllm"],
            2,
            "fi-bump: the engine 'vllm' is not one of the checkouts\nhelp: name one of engine, plugin, or a folder\n",
        ),
        (["--repos", "none.txt"], 3, "ROOT/none.txt: cannot be read: no such file or directory\n"),
    ],
)
def test_wrong_usage(fleet: Path, run: Run, arguments: list[str], code: int, message: str) -> None:
    assert run(fleet, "fleet", *arguments) == (code, "", message.replace("ROOT", str(fleet)))


@pytest.mark.parametrize("options", [[], ["--exit-code"], ["--format", "json"]])
def test_a_folder_that_is_not_there(fleet: Path, run: Run, options: list[str]) -> None:
    """A wrong name is wrong usage; the other checkouts are shown all the same."""
    done = run(fleet, "fleet", "nowhere", "ahead", *options)
    assert (done.code, done.err) == (2, "")
    assert "nowhere: there is no such folder" in done.out
    assert "ahead" in done.out


def test_a_folder_that_is_not_there_is_named_once(fleet: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fleet)
    done = run(Path(), "fleet", "nowhere")
    assert (done.code, done.out.splitlines()[2]) == (2, "nowhere: there is no such folder")


def test_an_engine_that_is_named_by_its_folder_and_one_that_is_not_listed(fleet: Path, run: Run) -> None:
    assert document(run, fleet, "engine", "plugin", "--engine", "./engine/")["engine"] == "engine"
    found = document(run, fleet, "plugin", "--engine", "engine")
    assert (found["engine"], list(column(found, "path"))) == ("engine", ["engine", "plugin"])


def test_folders_of_one_name_are_called_by_their_paths(fleet: Path, run: Run) -> None:
    plant(
        fleet / "other/plugin",
        {"versions.lock.json": lock(kit=("1.0", ["kit"])), "requirements.txt": pinned(kit="1.0")},
    )
    os.symlink(fleet / "plugin", fleet / "link")
    found = document(run, fleet, "plugin", "other/plugin", "link", "engine", "engine")
    assert list(column(found, "state")) == ["plugin", "other/plugin", "engine"]


def test_an_engine_with_several_versions_agrees_with_any(fleet: Path, run: Run) -> None:
    text = json.loads(lock(flashinfer=(NEW, ["flashinfer-python"]), older=(OLD, ["flashinfer-python"])))
    text["groups"]["older"]["sites"] = ["old/requirements.txt#flashinfer-python"]
    plant(
        fleet / "engine",
        {
            "versions.lock.json": json.dumps(text).encode(),
            "requirements.txt": pinned(flashinfer_python=NEW),
            "old/requirements.txt": pinned(flashinfer_python=OLD),
        },
    )
    found = document(run, fleet, "engine", "plugin", "kernels", "--engine", "engine")
    groups = column(found, "groups")
    # Only the group of the same name counts; if there is none, every group with the package counts.
    assert groups["plugin"][0]["engine"] == [{"group": "flashinfer", "version": NEW, "through": [], "agrees": False}]
    assert groups["kernels"][0]["engine"] == [
        {"group": "older", "version": OLD, "through": ["flashinfer-python"], "agrees": True}
    ]
    assert groups["engine"][0]["engine"] == []


def test_what_is_wrong_with_one_stops_no_other(
    fleet: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(fleet / "empty", {"versions.lock.json": lock(kit=("1.0", ["kit"])).replace(b'"requirements.txt#kit"', b"")})
    plant(fleet / "file", {"versions.lock.json/x": b""})
    plant(fleet / "killed", {"versions.lock.json": lock(kit=("1.0", ["kit"])), "requirements.txt": pinned(kit="1.0")})
    plant(fleet / "killed/.fi-bump", {"journal.json": b"{}"})
    plant(fleet / "odd[x]", {"versions.lock.json": lock(kit=("1.0", ["kit"])), "requirements.txt": pinned(kit="1.0")})
    honest = Repository.scan

    def fails(repository: Repository, paths: tuple[str, ...] = ()) -> Any:
        if "odd" in repository.root:
            raise ValueError("of ours")
        return honest(repository, paths)

    monkeypatch.setattr(Repository, "scan", fails)
    found = document(run, fleet, "nowhere", "empty", "file", "killed", "odd[x]", "ahead")
    assert column(found, "state") == {
        "nowhere": "unreadable",
        "empty": "unreadable",
        "file": "unreadable",
        "killed": "findings",
        "odd[x]": "unreadable",
        "ahead": "in-step",
    }
    assert column(found, "error") == {
        "nowhere": f"{fleet}/nowhere: there is no such folder",
        "empty": "found no pin of kit, so nothing was checked",
        "file": "versions.lock.json: is not a regular file",
        "killed": None,
        "odd[x]": "unexpected error: ValueError: of ours",
        "ahead": None,
    }
    said = text(run(fleet, "fleet", "odd[x]", "killed")).split("\n")
    assert said[1:4] == [
        "odd[x]      -      -       cannot be read",
        "killed      kit    1.0     in step",
        "killed      -      -       1 finding outside the groups",
    ]


def test_names() -> None:
    def names(*paths: str) -> list[str]:
        return [each.name for each in checkouts.named((path, path) for path in paths)]

    assert names("/a/x", "/b/x", "/b/y", "/a/x/") == ["/a/x", "/b/x", "y"]
    assert names("/") == ["/"]
