"""Tests of `fi-bump check` with `--fix`, `--diff` and both formats."""

from __future__ import annotations

import json
from importlib.resources import files as resources
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

PLACES = {
    "docker/Dockerfile": ("3:24", "FLASHINFER_VERSION", "docker/Dockerfile"),
    "docker/Dockerfile.nightly": ("2:37", "github.com/flashinfer-ai/flashinfer", "docker/Dockerfile.nightly"),
    "docker/versions.json": ("5:19", "FLASHINFER_VERSION", "docker/versions.json"),
    "cubin": ("6:19", "flashinfer-cubin", "requirements/cuda.txt"),
    "python": ("5:20", "flashinfer-python", "requirements/cuda.txt"),
}


def drifted(case: str) -> dict[str, bytes]:
    _, subject, path = PLACES[case]
    data = TREE[path]
    before = f"{subject}==".encode() if case in ("cubin", "python") else b""
    return {path: data.replace(before + OLD.encode(), before + b"0.6.6")}


@pytest.mark.parametrize("case", PLACES)
def test_drift_is_found_at_its_place_and_fixed_to_identical_bytes(engine: Path, run: Run, case: str) -> None:
    before = snapshot(engine)
    plant(engine, drifted(case))
    place, subject, path = PLACES[case]
    expected = (
        f"{path}:{place}: {subject} is 0.6.6, the lock says {OLD} [drift]\n"
        f"flashinfer {OLD}: 5 pins in 4 files, 1 finding\nhelp: run fi-bump check --fix\n"
    )
    assert run(engine, "check") == (1, expected, "")
    fixed = f"fixed {path}:{place}: {subject} 0.6.6 -> {OLD}\nflashinfer {OLD}: 5 pins in 4 files, in step\n"
    assert run(engine, "check", "--fix") == (0, fixed, "")
    assert snapshot(engine) == before


def test_a_hand_edited_lock_is_followed(engine: Path, run: Run) -> None:
    plant(engine, {"versions.lock.json": LOCK.replace(OLD.encode(), NEW.encode())})
    assert run(engine, "check").code == 1
    assert run(engine, "check", "--fix").code == 0
    assert (engine / "docker/Dockerfile").read_bytes() == TREE["docker/Dockerfile"].replace(OLD.encode(), NEW.encode())
    assert (engine / "versions.lock.json").read_bytes() == LOCK.replace(OLD.encode(), NEW.encode())


def test_a_new_site_is_a_finding_that_fix_records(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/test.txt": f"flashinfer-python=={OLD}\n".encode()})
    line = "requirements/test.txt:1:20: flashinfer-python is pinned here, but the lock does not record it [new-site]\n"
    summary = f"flashinfer {OLD}: 6 pins in 5 files"
    assert run(engine, "check") == (1, f"{line}{summary}, 1 finding\nhelp: run fi-bump check --fix\n", "")
    recorded = "recorded requirements/test.txt#flashinfer-python\n"
    assert run(engine, "check", "--fix") == (0, f"{recorded}{summary}, in step\n", "")


def test_what_fix_cannot_mend_is_said(engine: Path, run: Run) -> None:
    (engine / "docker/versions.json").unlink()
    plant(
        engine, {"requirements/range.txt": b"flashinfer-python>=0.7\n", "requirements/bare.txt": b"flashinfer-cubin\n"}
    )
    plant(engine, drifted("python"))
    out = (
        f"fixed requirements/cuda.txt:5:20: flashinfer-python 0.6.6 -> {OLD}\n"
        "docker/versions.json:1:1: the lock records 'variable.FLASHINFER_VERSION.default' here, but there is no pin at this anchor"
        " [missing-site]\n"
        "requirements/bare.txt:1:1: note: flashinfer-cubin: has no version specifier [unpinned]\n"
        f"requirements/range.txt:1:18: flashinfer-python>=0.7 excludes {OLD}, the version in the lock [floor-violated]\n"
        f"flashinfer {OLD}: 4 pins in 3 files, 2 findings\n"
        "help: put the pin back, or forget its site: fi-bump site remove 'docker/versions.json#variable.FLASHINFER_VERSION.default'\n"
        "help: widen the range, or set a version that it allows\n"
    )
    assert run(engine, "check", "--fix") == (1, out, "")


def test_a_place_that_two_groups_could_own_is_unassigned(engine: Path, run: Run) -> None:
    other = b'"groups": {"older": {"version": "0.6.6", "packages": {"flashinfer-python": {}}, "sites": ["r.txt#x"]},'
    plant(engine, {"versions.lock.json": LOCK.replace(b'"groups": {', other)})
    plant(engine, {"requirements/new.txt": b"flashinfer-python==0.6.6\n"})
    result = run(engine, "check", "requirements")
    assert result.code == 1
    first, *_, last = result.out.splitlines()
    assert first == (
        "requirements/new.txt:1:20: flashinfer-python 0.6.6 could belong to older or flashinfer [unassigned]"
    )
    assert last == (
        "help: say which group owns the pin: fi-bump site add --group older 'requirements/new.txt#flashinfer-python'"
    )


def test_named_paths_limit_what_is_read(engine: Path, run: Run) -> None:
    plant(engine, drifted("docker/Dockerfile"))
    assert run(engine, "check", "requirements") == (0, f"flashinfer {OLD}: 2 pins in 1 file, in step\n", "")
    assert run(engine, "check", "requirements/cuda.txt", "docker/Dockerfile").code == 1


def test_a_check_that_looked_at_nothing_fails(engine: Path, run: Run) -> None:
    plant(engine, {"docs/a.md": b"x"})
    error = "fi-bump: found no pin of flashinfer below docs, so nothing was checked\n"
    hint = "help: name files that contain pins, record a place with fi-bump site add, or run fi-bump init --force\n"
    assert run(engine, "check", "docs") == (3, "", error + hint)


def test_paths_outside_or_absent_are_usage_errors(engine: Path, run: Run) -> None:
    outside = "..: is outside the repository\nhelp: give paths inside the repository's folder\n"
    assert run(engine, "check", "..") == (2, "", outside)
    assert run(engine, "check", "nowhere") == (2, "", "nowhere: there is no such file or folder\n")


def test_diff_shows_the_fix_and_writes_nothing(engine: Path, run: Run) -> None:
    plant(engine, drifted("docker/versions.json"))
    before = snapshot(engine)
    result = run(engine, "check", "--diff")
    assert result.code == 1
    assert result.out.splitlines()[:12] == [
        "diff --git a/docker/versions.json b/docker/versions.json",
        "--- a/docker/versions.json",
        "+++ b/docker/versions.json",
        "@@ -2,7 +2,7 @@",
        '   "variable": {',
        '     "CUDA_VERSION": {"default": "13.0.2"},',
        '     "FLASHINFER_VERSION": {',
        '-      "default": "0.6.6"',
        f'+      "default": "{OLD}"',
        "     }",
        "   }",
        " }",
    ]
    assert snapshot(engine) == before


def test_json_follows_its_schema(engine: Path, run: Run) -> None:
    schema = json.loads(resources("fi_bump").joinpath("schemas", "check.schema.json").read_text())
    plant(engine, drifted("cubin"))
    result = run(engine, "check", "--format", "json")
    document = json.loads(result.out)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert (result.code, document["result"]["ok"]) == (1, False)
    assert document["result"]["findings"] == [
        {
            "rule": "drift",
            "severity": "error",
            "path": "requirements/cuda.txt",
            "line": 6,
            "column": 19,
            "endColumn": 24,
            "anchor": "flashinfer-cubin",
            "subject": "flashinfer-cubin",
            "package": "flashinfer-cubin",
            "group": "flashinfer",
            "found": "0.6.6",
            "expected": OLD,
            "message": f"flashinfer-cubin is 0.6.6, the lock says {OLD}",
            "fixable": True,
            "help": "run fi-bump check --fix",
        }
    ]
    assert document["result"]["groups"][0]["pins"][0] == {
        "path": "docker/Dockerfile",
        "line": 3,
        "column": 24,
        "anchor": "ARG FLASHINFER_VERSION",
        "kind": "variable",
        "package": None,
        "subject": "FLASHINFER_VERSION",
        "version": OLD,
    }


def test_status_follows_its_schema_and_shows_every_site(engine: Path, run: Run) -> None:
    schema = json.loads(resources("fi_bump").joinpath("schemas", "status.schema.json").read_text())
    document = json.loads(run(engine, "status", "--format", "json").out)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert [site["present"] for site in document["result"]["groups"][0]["sites"]] == [True] * 5
    plant(engine, drifted("cubin"))
    (engine / "docker/Dockerfile").unlink()
    plant(engine, {"requirements/test.txt": f"flashinfer-python=={OLD}\n".encode()})
    result = run(engine, "status")
    assert result.code == 0
    assert [line.rsplit(maxsplit=2)[-1] for line in result.out.splitlines()[3:]] == [
        "missing",
        "step",
        "step",
        "drift",
        "step",
        "recorded",
    ]


def test_the_full_parser_and_the_fast_path_agree(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import check

    plant(engine, drifted("python"))
    lines = [
        [],
        ["--diff"],
        ["--mentions"],
        ["--format", "json"],
        ["--format=json"],
        ["requirements"],
        ["docker"],
        ["nowhere"],
    ]
    fast = [run(engine, "check", *line) for line in lines]
    assert all(check.parse(["-C", "x", "check", *line]) for line in lines)
    monkeypatch.setattr(check, "parse", lambda _: None)
    assert [run(engine, "check", *line) for line in lines] == fast
    monkeypatch.undo()


@pytest.mark.parametrize("line", [["check", "--help"], ["check", "--format", "xml"], ["check", "-x"], ["-C"], ["set"]])
def test_anything_else_goes_to_the_full_parser(line: list[str]) -> None:
    from fi_bump.commands import check

    assert check.parse(line) is None
