"""`fi-bump member`: the packages of a group, their indexes and labels, without an edit of the lock by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OLD, Run, plant, snapshot

URL = "https://packages.example/whl/cu130"


def packages(root: Path, group: str = "flashinfer") -> dict[str, Any]:
    """Return the packages of a group in the lock."""
    found: dict[str, Any] = json.loads((root / "versions.lock.json").read_bytes())["groups"][group]["packages"]
    return found


def test_the_index_and_the_label_of_a_member(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    command = ("member", "set", "flashinfer_jit_cache", "--index", "default", "--index", URL, "--label", "cu130")
    assert run(engine, *command) == (
        0,
        f"flashinfer-jit-cache of flashinfer: index default, {URL}, label cu130\n",
        "",
    )
    assert packages(engine)["flashinfer-jit-cache"] == {"index": ["default", URL], "label": "cu130"}
    assert run(engine, "member", "set", "flashinfer-jit-cache", "--no-index").out == (
        "flashinfer-jit-cache of flashinfer: label cu130\n"
    )
    assert run(engine, "member", "set", "flashinfer-jit-cache", "--no-label", "--no-index").out == (
        "flashinfer-jit-cache of flashinfer: no index and no label of its own\n"
    )
    assert snapshot(engine) == before


def test_a_member_is_added_with_its_pins(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/more.txt": f"flashinfer-extra=={OLD}\n".encode()})
    assert run(engine, "member", "add", "Flashinfer.Extra", "--index", URL) == (
        0,
        f"added flashinfer-extra to flashinfer: index {URL}\nnote: 1 pin of it to record; run fi-bump check --fix\n",
        "",
    )
    assert packages(engine)["flashinfer-extra"] == {"index": URL}
    assert run(engine, "check", "--fix").code == 0
    assert run(engine, "check").out == f"flashinfer {OLD}: 6 pins in 5 files, in step\n"
    assert run(engine, "member", "add", "flashinfer-extra") == (
        2,
        "",
        "fi-bump: 'flashinfer-extra' is already a package of flashinfer\n"
        "help: run fi-bump status to see it, or change it with fi-bump member set flashinfer-extra\n",
    )


def test_a_member_that_nothing_pins_is_removed(engine: Path, run: Run) -> None:
    assert run(engine, "member", "remove", "flashinfer-jit-cache") == (
        0,
        "removed flashinfer-jit-cache from flashinfer\n",
        "",
    )
    assert sorted(packages(engine)) == ["flashinfer-cubin", "flashinfer-python"]
    before = snapshot(engine)
    assert run(engine, "member", "remove", "flashinfer-cubin") == (
        2,
        "",
        "requirements/cuda.txt:6:19: flashinfer-cubin is pinned here, so flashinfer must keep it\n"
        "help: remove the requirement first, and its site with fi-bump site remove\n",
    )
    assert run(engine, "member", "remove", "flashinfer-jit-cache") == (
        2,
        "",
        "fi-bump: 'flashinfer-jit-cache' is not a package of any group\n"
        "help: run fi-bump status to list the packages, or add it with fi-bump member add flashinfer-jit-cache\n",
    )
    assert snapshot(engine) == before


def test_what_a_lock_cannot_hold_is_refused(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    for option, message in (
        (("--index", "packages.example"), '"packages.example" is not an index URL or "default"'),
        (("--index", "https://u:p@packages.example"), "the URL contains credentials"),
        (("--label", "+cu130"), '"+cu130" is not a local label such as cu130'),
    ):
        result = run(engine, "member", "set", "flashinfer-cubin", *option)
        place = f"versions.lock.json: in 'groups.flashinfer.packages.flashinfer-cubin.{option[0][2:]}'"
        assert (result.code, result.err.splitlines()[0]) == (2, f"{place}: {message}")
    assert run(engine, "member", "set", "flashinfer-cubin") == (
        2,
        "",
        "fi-bump: the command names nothing to change\nhelp: add --index URL, --label LABEL, --no-index or --no-label\n",
    )
    assert snapshot(engine) == before


@pytest.mark.slow
def test_a_package_of_several_groups_needs_the_group(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"a/requirements.txt": b"torch==2.11.0\n", "b/requirements.txt": b"torch==2.12.0\n"})
    assert run(tmp_path, "init", "--group", "torch", "--split").code == 0
    assert run(tmp_path, "member", "set", "torch", "--label", "cpu") == (
        2,
        "",
        "fi-bump: torch belongs to torch, torch-a\nhelp: choose one with --group NAME\n",
    )
    assert run(tmp_path, "member", "add", "triton").err == (
        "fi-bump: the lock has several groups: torch, torch-a\nhelp: choose one with --group NAME\n"
    )
    assert run(tmp_path, "member", "set", "torch", "--group", "torch-a", "--label", "cpu").code == 0
    assert packages(tmp_path, "torch-a") == {"torch": {"label": "cpu"}}
    assert packages(tmp_path, "torch") == {"torch": {}}
    result = run(tmp_path, "member", "remove", "torch", "--group", "torch-a")
    assert (result.code, "is pinned here" in result.err) == (2, True)


def test_the_only_package_stays(engine: Path, run: Run) -> None:
    plant(engine, {"Dockerfile": b"ARG KIT_VERSION=1.0\n"})
    assert run(engine, "init", "--force", "--group", "kit", "--package", "kit", "--variable", "KIT_VERSION").code == 0
    assert run(engine, "member", "remove", "kit") == (
        2,
        "",
        "fi-bump: kit is the only package of kit\n"
        "help: add another package first, or remove the group from versions.lock.json\n",
    )


def test_a_new_label_forgets_the_files_of_the_old_one(engine: Path, run: Run) -> None:
    path = engine / "versions.lock.json"
    files = '{"files": {"x-1.0-py3-none-any.whl": "sha256:' + "0" * 64 + '"}}'
    path.write_text(path.read_text().replace('"flashinfer-cubin": {}', f'"flashinfer-cubin": {files}'))
    assert run(engine, "member", "set", "flashinfer-cubin", "--index", URL).code == 0
    assert "files" in packages(engine)["flashinfer-cubin"]
    assert run(engine, "member", "set", "flashinfer-cubin", "--label", "cu130").code == 0
    assert packages(engine)["flashinfer-cubin"] == {"index": URL, "label": "cu130"}
