"""Tests of `fi-bump site`, of literals, and of groups that share a package: whole outputs and whole files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fi_bump.formats import literal
from fi_bump.pins import Kind, Source
from tests.conftest import NEW, OLD, TREE, Run, plant, snapshot

LAUNCH = b'# keep\r\nassert_version("flashinfer_python", "0.6.8.post1")  # \xff\r\nX = "torch 2.1.0, flashinfer 0.6.8.post1"\r\n'
ASSERT = 'launch.xyz#literal:assert_version("flashinfer_python", "{version}")'
TEXT = "launch.xyz#literal:flashinfer {version}"


@pytest.fixture
def launch(engine: Path) -> Path:
    """An engine's repository with a file that no finder reads."""
    plant(engine, {"launch.xyz": LAUNCH})
    return engine


def sites(root: Path) -> dict[str, list[str]]:
    """Return the recorded sites by group."""
    document: dict[str, Any] = json.loads((root / "versions.lock.json").read_bytes())
    return {name: group["sites"] for name, group in document["groups"].items()}


def test_a_line_is_recorded_by_its_text_and_moves(launch: Path, run: Run) -> None:
    first = LAUNCH.split(b"\r\n")[1].replace(b"  # \xff", b"")
    plant(launch, {"launch.xyz": LAUNCH.replace(b"  # \xff", b"")})
    assert first == b'assert_version("flashinfer_python", "0.6.8.post1")'
    result = run(launch, "site", "add", "launch.xyz:2", "--group", "flashinfer")
    assert result == (0, f"recorded {ASSERT} under flashinfer\n", "")
    result = run(launch, "site", "add", "launch.xyz", "--text", "flashinfer {version}")
    assert result == (0, f"recorded {TEXT} under flashinfer\n", "")
    assert run(launch, "check").out == "flashinfer 0.6.8.post1: 7 pins in 5 files, in step\n"
    moved = run(launch, "set", NEW)
    assert f"launch.xyz:2:38: flashinfer-python {OLD} -> {NEW}\n" in moved.out
    assert (launch / "launch.xyz").read_bytes() == LAUNCH.replace(b"  # \xff", b"").replace(OLD.encode(), NEW.encode())
    assert run(launch, "set", OLD).code == 0
    assert (launch / "launch.xyz").read_bytes() == LAUNCH.replace(b"  # \xff", b"")


def test_a_literal_that_is_gone_or_stands_twice(launch: Path, run: Run) -> None:
    assert run(launch, "site", "add", "launch.xyz", "--text", "flashinfer {version}").code == 0
    plant(launch, {"launch.xyz": b"flashinfer 0.6.8.post1\nflashinfer 0.6.8.post1\n"})
    result = run(launch, "check")
    assert result.out.startswith(
        "launch.xyz:1:1: the lock records 'literal:flashinfer {version}' here, but there is no pin at this anchor [missing-site]\n"
        "launch.xyz:2:12: note: flashinfer-cubin: 'literal:flashinfer {version}' matches 2 times in this file; "
        "it must match exactly once [unpinned]\n"
    )
    assert result.code == 1
    (launch / "launch.xyz").unlink()
    assert run(launch, "check").code == 1


def test_what_a_finder_says_of_a_recorded_literal_gives_way(engine: Path, run: Run) -> None:
    line = "# tested with {version}"
    tested = TREE["requirements/cuda.txt"] + b"# tested with 0.6.8.post1\n"
    plant(engine, {"requirements/cuda.txt": tested})
    assert run(engine, "site", "add", "requirements/cuda.txt", "--text", line).code == 0
    text = "flashinfer-python=={version}  # kernels"
    assert run(engine, "site", "add", "requirements/cuda.txt", "--text", text).code == 0
    result = run(engine, "check")
    assert (
        "requirements/cuda.txt:1:1: the lock records 'flashinfer-python' here, but there is no pin at this anchor"
        in result.out
    )
    assert run(engine, "site", "remove", "requirements/cuda.txt#flashinfer-python").code == 0
    assert run(engine, "check").out == "flashinfer 0.6.8.post1: 6 pins in 4 files, in step\n"
    assert run(engine, "set", NEW).code == 0
    assert (engine / "requirements/cuda.txt").read_bytes().count(NEW.encode()) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "nope:3"], "nope: there is no such file or folder\n"),
        (
            ["add", "launch.xyz"],
            "fi-bump: 'launch.xyz' is neither PATH#ANCHOR nor PATH:LINE\nhelp: copy a place from the output of fi-bump check\n",
        ),
        (
            ["add", "launch.xyz:2"],
            "launch.xyz:2: there is no pin on this line\n"
            "help: to record a version that fi-bump does not recognise, add --group NAME, and --text if the line has several\n",
        ),
        (
            ["add", "launch.xyz:3", "--group", "flashinfer"],
            "launch.xyz:3: this line has 2 versions\nhelp: mark the version with --text 'TEXT {version} TEXT'\n",
        ),
        (
            ["add", "launch.xyz:99", "--group", "flashinfer"],
            "launch.xyz:99: this line has 0 versions\nhelp: mark the version with --text 'TEXT {version} TEXT'\n",
        ),
        (
            ["add", "launch.xyz:2", "--group", "flash"],
            "fi-bump: the lock has no group 'flash'\nhelp: did you mean flashinfer?\n",
        ),
        (
            ["add", "launch.xyz", "--text", "{version}"],
            "fi-bump: '{version}' does not contain {version} together with other text\n"
            "help: quote the text for the shell\n",
        ),
        (
            ["add", "launch.xyz", "--text", "no {version}"],
            "launch.xyz: 'no {version}' matches 0 times in this file; it must match exactly once\n"
            "help: give a longer part of the line\n",
        ),
        (
            ["add", "requirements/cuda.txt#numba"],
            "requirements/cuda.txt#numba: there is no pin with this anchor\n"
            "help: to record a version that fi-bump does not recognise, add --group NAME, and --text if the line has several\n",
        ),
        (
            ["remove", "a#b"],
            "fi-bump: no group records 'a#b'\nhelp: run fi-bump status to list the recorded sites\n",
        ),
        (
            ["move", "a#b", "docker/Dockerfile:3"],
            "fi-bump: no group records 'a#b'\nhelp: run fi-bump status to list the recorded sites\n",
        ),
        (
            ["move", "requirements/cuda.txt#flashinfer-cubin", "docker/Dockerfile:3"],
            "fi-bump: 'docker/Dockerfile#ARG FLASHINFER_VERSION' is already a site of 'flashinfer'\n"
            "help: run fi-bump site remove 'requirements/cuda.txt#flashinfer-cubin' to remove the old site\n",
        ),
    ],
)
def test_what_cannot_be_meant(launch: Path, run: Run, arguments: list[str], message: str) -> None:
    before = snapshot(launch)
    assert run(launch, "site", *arguments) == (2, "", message)
    assert snapshot(launch) == before


def test_a_recorded_site_is_said_and_nothing_written(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    result = run(engine, "site", "add", "docker/Dockerfile:3")
    assert result == (0, "docker/Dockerfile#ARG FLASHINFER_VERSION is already a site of flashinfer\n", "")
    assert snapshot(engine) == before


def test_a_renamed_variable_is_paired(engine: Path, run: Run) -> None:
    docker = TREE["docker/Dockerfile"].replace(b"ARG FLASHINFER_VERSION", b"ARG MY_FLASHINFER_VERSION")
    plant(engine, {"docker/Dockerfile": docker})
    old, new = "docker/Dockerfile#ARG FLASHINFER_VERSION", "docker/Dockerfile#ARG MY_FLASHINFER_VERSION"
    result = run(engine, "check")
    assert f"help: if it was renamed, run fi-bump site move '{old}' '{new}'\n" in result.out
    assert run(engine, "site", "move", old, "docker/Dockerfile:3") == (0, f"flashinfer: {old} is now {new}\n", "")
    assert run(engine, "check").code == 0


def test_a_pin_at_another_version_is_recorded_and_said(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/new.txt": b"flashinfer-python==0.6.6\n"})
    assert run(engine, "site", "add", "requirements/new.txt#flashinfer-python") == (
        0,
        "recorded requirements/new.txt#flashinfer-python under flashinfer\n"
        "note: this pin is 0.6.6, the lock says 0.6.8.post1; run fi-bump check --fix to move the pin\n",
        "",
    )


def test_groups_that_share_a_package(bare: Path, run: Run) -> None:
    plant(bare, {"requirements/old.txt": b"flashinfer-python==0.6.6\n", "requirements/new.txt": b"x==1\n"})
    assert run(bare, "init", "--split").code == 0
    assert list(sites(bare)) == ["flashinfer", "flashinfer-old"]
    assert sites(bare)["flashinfer-old"] == ["requirements/old.txt#flashinfer-python"]
    assert run(bare, "check").code == 0
    plant(bare, {"requirements/new.txt": b"flashinfer-python==0.6.6\n"})
    site = "requirements/new.txt#flashinfer-python"
    result = run(bare, "check")
    assert (
        "requirements/new.txt:1:20: flashinfer-python 0.6.6 could belong to flashinfer or flashinfer-old [unassigned]\n"
    ) in result.out
    assert f"help: say which group owns the pin: fi-bump site add --group flashinfer-old '{site}'\n" in result.out
    assert run(bare, "site", "add", site) == (
        2,
        "",
        "fi-bump: flashinfer-python could belong to flashinfer, flashinfer-old\nhelp: choose one with --group NAME\n",
    )
    assert run(bare, "site", "add", "--group", "flashinfer-old", site).code == 0
    assert run(bare, "check").code == 0
    assert run(bare, "site", "add", "--group", "flashinfer", site).out == (
        f"recorded {site} under flashinfer and removed it from flashinfer-old\n"
        "note: this pin is 0.6.6, the lock says 0.6.8.post1; run fi-bump check --fix to move the pin\n"
    )
    assert run(bare, "site", "add", "--group", "flashinfer-old", site).code == 0
    assert run(bare, "set", f"flashinfer=={NEW}").code == 0
    assert (bare / "requirements/old.txt").read_bytes() == b"flashinfer-python==0.6.6\n"
    assert (bare / "requirements/cuda.txt").read_bytes() == TREE["requirements/cuda.txt"].replace(
        OLD.encode(), NEW.encode()
    )


@pytest.mark.parametrize(
    ("data", "anchor", "found"),
    [
        (b'x = "0.6.1"', 'literal:x = "{version}"', [(5, 10)]),
        (b"v0.6.1.post2\n", "literal:v{version}", [(1, 12)]),
        (b"kit 0.6.1, 0.6.1", "literal:kit {version}", [(4, 9)]),
        (b"kit 0.6.1.x", "literal:kit {version}", []),
        (b"kit 0.6.1+cu130", "literal:kit {version}+cu130", [(4, 9)]),
        (b"10.6.1 kit", "literal:{version} kit", [(0, 6)]),
        (b"x0.6.1 kit", "literal:{version} kit", []),
        (b"\xc3\xa9 0.6.1\n\xc3\xa9 0.6.2", "literal:\u00e9 {version}", [(3, 8), (12, 17)]),
    ],
)
def test_where_a_literal_stands(data: bytes, anchor: str, found: list[tuple[int, int]]) -> None:
    source = Source("a", data)
    assert [place.versions for place in literal.places(source, anchor)] == [(each,) for each in found]
    pins = literal.find(source, [(anchor, ("kit",))]).pins
    assert [(tuple(pin.span), pin.anchor, pin.kind, pin.subject) for pin in pins] == (
        [(found[0], anchor, Kind.LITERAL, "kit")] if len(found) == 1 else []
    )


def test_mentions_are_listed_when_asked(engine: Path, run: Run) -> None:
    plant(engine, {"docs/old.md": b"flashinfer-python 0.5.0 and flashinfer-python 0.6.8.post1\n"})
    assert run(engine, "check", "--mentions") == (
        0,
        "flashinfer 0.6.8.post1: 5 pins in 4 files, in step\n"
        "docs/old.md:1: doc: flashinfer-python 0.5.0 and flashinfer-python 0.6.8.post1\n"
        "1 mention of other versions\n",
        "",
    )
    document = json.loads(run(engine, "check", "--mentions", "--format", "json").out)
    assert document["result"]["mentions"] == [
        {
            "path": "docs/old.md",
            "line": 1,
            "kind": "doc",
            "version": "0.5.0",
            "text": "flashinfer-python 0.5.0 and flashinfer-python 0.6.8.post1",
        }
    ]
    assert "mentions" not in json.loads(run(engine, "check", "--format", "json").out)["result"]


def proposals(text: str) -> list[str]:
    start = "help: if it was renamed, run fi-bump site move "
    return [line.removeprefix(start) for line in text.split("\n") if line.startswith(start)]


def test_a_renamed_variable_is_told_from_a_new_pin_beside_it(engine: Path, run: Run) -> None:
    docker = TREE["docker/Dockerfile"].replace(b"ARG FLASHINFER_VERSION", b"ARG MY_FLASHINFER_VERSION")
    plant(engine, {"docker/Dockerfile": docker + b"RUN pip install flashinfer-cubin==0.6.8.post1\n"})
    assert proposals(run(engine, "check").out) == [
        "'docker/Dockerfile#ARG FLASHINFER_VERSION' 'docker/Dockerfile#ARG MY_FLASHINFER_VERSION'"
    ]


def test_a_file_that_moved_is_paired(engine: Path, run: Run) -> None:
    (engine / "requirements" / "cuda.txt").rename(engine / "requirements" / "gpu.txt")
    found = proposals(run(engine, "check").out)
    assert found == [
        f"'requirements/cuda.txt#{name}' 'requirements/gpu.txt#{name}'"
        for name in ("flashinfer-cubin", "flashinfer-python")
    ]
    for pair in found:
        assert run(engine, "site", "move", *pair.strip("'").split("' '")).code == 0
    assert run(engine, "check").code == 0


def test_one_new_pin_is_not_the_heir_of_two(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/cuda.txt": b"flashinfer-jit-cache==0.6.8.post1\n"})
    assert proposals(run(engine, "check").out) == []


def test_a_renamed_variable_of_groups_that_share_it(bare: Path, run: Run) -> None:
    plant(bare, {"requirements/old.txt": b"flashinfer-python==0.6.6\n"})
    assert run(bare, "init", "--split").code == 0
    docker = TREE["docker/Dockerfile"].replace(b"ARG FLASHINFER_VERSION", b"ARG MY_FLASHINFER_VERSION")
    plant(bare, {"docker/Dockerfile": docker})
    result = run(bare, "check")
    assert "[unassigned]" in result.out
    (pair,) = proposals(result.out)
    assert pair == "'docker/Dockerfile#ARG FLASHINFER_VERSION' 'docker/Dockerfile#ARG MY_FLASHINFER_VERSION'"
    assert run(bare, "site", "move", *pair.strip("'").split("' '")).code == 0
    assert run(bare, "check").code == 0


def test_set_says_of_which_group_an_unassigned_place_is_likely(bare: Path, run: Run) -> None:
    plant(bare, {"requirements/old.txt": b"flashinfer-python==0.6.6\n", "requirements/new.txt": b"x==1\n"})
    assert run(bare, "init", "--split").code == 0
    plant(bare, {"requirements/new.txt": b"flashinfer-python==0.6.6\n"})
    command = "fi-bump site add --group flashinfer-old 'requirements/new.txt#flashinfer-python'"
    result = run(bare, "set", "--offline", "flashinfer-old==0.6.7")
    assert result == (
        1,
        "requirements/new.txt:1:20: flashinfer-python 0.6.6 could belong to flashinfer or flashinfer-old "
        f"[unassigned]\nnothing was changed\nhelp: say which group owns the pin: {command}\n",
        "",
    )


NIX = b'mk {\n  pname = "flashinfer-python";\n  version = "0.6.8.post1";\n  hash = "sha256-a=";\n}\n'
GATE = b'import flashinfer\n\nif flashinfer.__version__ == "0.6.8.post1":\n    x = 1\n'
CHECKED = b'check("flashinfer_python", "0.6.8.post1")\n'


def test_a_version_beside_a_checksum_keeps_its_guard(engine: Path, run: Run) -> None:
    plant(engine, {"a.nix": NIX})
    site = "a.nix#flashinfer-python/version"
    assert run(engine, "site", "add", "a.nix:3").out == f"recorded {site} under flashinfer\n"
    place = "a.nix:3:14"
    reason = "fi-bump does not update it, because its hash must be recomputed"
    for arguments in (["a.nix", "--text", 'version = "{version}"'], ['a.nix#literal:version = "{version}"']):
        assert run(engine, "site", "add", *arguments) == (
            2,
            "",
            f"{place}: this version must not move alone: {reason}\n"
            f"help: record the pin itself, which keeps that in mind: fi-bump site add '{site}'\n",
        )
    result = run(engine, "set", NEW)
    assert (
        f"{place}: flashinfer-python is {OLD}, the move goes to {NEW}; {reason} [drift]\nnothing was changed\n"
        in result.out
    )
    assert result.code == 1


def test_a_literal_of_an_older_lock_takes_over_the_guard(engine: Path, run: Run) -> None:
    plant(engine, {"a.nix": NIX})
    lock = engine / "versions.lock.json"
    document = json.loads(lock.read_bytes())
    document["groups"]["flashinfer"]["sites"].append('a.nix#literal:version = "{version}"')
    document["groups"]["flashinfer"]["sites"].sort()
    lock.write_text(json.dumps(document, indent=2) + "\n")
    assert run(engine, "check").out == "flashinfer 0.6.8.post1: 6 pins in 5 files, in step\n"
    result = run(engine, "set", NEW)
    assert (result.code, (engine / "a.nix").read_bytes()) == (1, NIX)


@pytest.mark.parametrize("arguments", [["a.py:3"], ["a.py", "--text", '__version__ == "{version}"']])
def test_an_exact_gate_is_not_recorded(engine: Path, run: Run, arguments: list[str]) -> None:
    plant(engine, {"a.py": GATE})
    assert run(engine, "site", "add", "--group", "flashinfer", *arguments) == (
        2,
        "",
        "a.py:3:31: this is an exact gate: its result changes when the version moves\n"
        "help: leave it as it is: fi-bump set lists it among the places to look at\n",
    )


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ('pip install "transformer_engine[flashinfer]==0.6.8.post1"', "transformer-engine"),
        ("numba == 0.6.8.post1", "numba"),
        ("pip install vllm[flashinfer,audio]==v0.6.8.post1", "vllm"),
        ("wget https://host.example/vllm-0.6.8.post1-cp310-abi3-linux_x86_64.whl", "vllm"),
    ],
)
def test_the_version_of_another_package_is_not_recorded(engine: Path, run: Run, line: str, package: str) -> None:
    plant(engine, {"build.xyz": line.encode() + b"\n"})
    before = snapshot(engine)
    message = f"this is the version of {package}, which does not belong to the group 'flashinfer'\n"
    result = run(engine, "site", "add", "--group", "flashinfer", "build.xyz:1")
    help_ = "help: run fi-bump status to list the groups\n"
    assert result == (2, "", f"build.xyz:1:{line.index('0.6.8') + 1}: {message}{help_}")
    text = line.replace("0.6.8.post1", "{version}")
    assert run(engine, "site", "add", "--group", "flashinfer", "build.xyz", "--text", text) == result
    assert snapshot(engine) == before


@pytest.mark.parametrize(
    "line",
    [
        "FI_VERSION=0.6.8.post1",
        "wget https://host.example/flashinfer-0.6.8.post1.tar.gz",
        'if info.version == "0.6.8.post1"; then',
        "[[ $found==0.6.8.post1 ]]",
        "apt-get install libkit=0.6.8.post1",
    ],
)
def test_a_version_of_no_other_package_is_recorded(engine: Path, run: Run, line: str) -> None:
    plant(engine, {"build.xyz": line.encode() + b"\n"})
    assert run(engine, "site", "add", "--group", "flashinfer", "build.xyz:1").code == 0
    assert run(engine, "set", NEW).code == 0
    assert (engine / "build.xyz").read_text() == line.replace(OLD, NEW) + "\n"


def test_a_check_at_run_time_is_recorded(engine: Path, run: Run) -> None:
    plant(engine, {"a.py": CHECKED})
    result = run(engine, "site", "add", "--group", "flashinfer", "a.py:1")
    assert result.out == "recorded a.py#check/flashinfer_python under flashinfer\n"


def test_a_line_with_the_version_twice_is_recorded_whole_and_moves_whole(launch: Path, run: Run) -> None:
    line = b'check("kit", "0.6.8.post1", wanted="0.6.8.post1")'
    plant(launch, {"launch.xyz": line + b"\n"})
    text = 'check("kit", "{version}", wanted="{version}")'
    result = run(launch, "site", "add", "launch.xyz:1", "--group", "flashinfer")
    assert result == (0, f"recorded launch.xyz#literal:{text} under flashinfer\n", "")
    assert run(launch, "set", NEW).code == 0
    assert (launch / "launch.xyz").read_bytes() == line.replace(OLD.encode(), NEW.encode()) + b"\n"
    assert run(launch, "check").code == 0
    assert run(launch, "set", OLD).code == 0
    assert (launch / "launch.xyz").read_bytes() == line + b"\n"


def test_two_different_versions_at_the_marks_are_no_pin() -> None:
    source = Source("a", b"kit 0.6.1 or 0.6.2\n")
    assert literal.places(source, "literal:kit {version} or {version}") == []


def test_a_text_with_its_version_again_is_refused(launch: Path, run: Run) -> None:
    plant(launch, {"launch.xyz": b'check("0.6.8.post1", "0.6.8.post1")\n'})
    assert run(launch, "site", "add", "launch.xyz", "--text", 'check("{version}", "0.6.8.post1")') == (
        2,
        "",
        'launch.xyz: \'check("{version}", "0.6.8.post1")\' contains 0.6.8.post1 a second time\n'
        "help: write {version} at each place of the version\n",
    )


def test_a_text_that_contains_a_pin_is_refused(engine: Path, run: Run) -> None:
    plant(engine, {"a.sh": b"run 0.6.8.post1 && pip install flashinfer-cubin==0.6.8.post1+x\n"})
    text = "run {version} && pip install flashinfer-cubin==0.6.8.post1+x"
    result = run(engine, "site", "add", "--group", "flashinfer", "a.sh", "--text", text)
    assert result.code == 2
    assert "a second time" in result.err
    plant(engine, {"a.sh": b"run 0.6.8.post1 && pip install flashinfer-cubin==0.6.7\n"})
    text = "run {version} && pip install flashinfer-cubin==0.6.7"
    assert run(engine, "site", "add", "--group", "flashinfer", "a.sh", "--text", text) == (
        2,
        "",
        f"a.sh:1:50: '{text}' contains the pin flashinfer-cubin, whose version moves too\n"
        "help: give a shorter part of the line\n",
    )


def test_a_recorded_text_that_contains_a_pin_is_explained(engine: Path, run: Run) -> None:
    line = b"run 0.6.8.post1 && pip install flashinfer-cubin==0.6.8.post1\n"
    plant(engine, {"a.sh": line})
    lock = engine / "versions.lock.json"
    document = json.loads(lock.read_bytes())
    anchor = "literal:run {version} && pip install flashinfer-cubin==0.6.8.post1"
    document["groups"]["flashinfer"]["sites"] += ["a.sh#flashinfer-cubin", f"a.sh#{anchor}"]
    document["groups"]["flashinfer"]["sites"].sort()
    lock.write_text(json.dumps(document, indent=2) + "\n")
    assert run(engine, "set", NEW) == (
        3,
        "",
        f"a.sh:1:5: the recorded text '{anchor}' contains flashinfer-cubin, which moves too\n"
        f"help: run fi-bump site remove 'a.sh#{anchor}', and record a shorter text\n",
    )
    assert (engine / "a.sh").read_bytes() == line


def test_the_last_site_of_a_group_that_shares_its_packages_takes_the_group_along(bare: Path, run: Run) -> None:
    plant(bare, {f"{name}/requirements.txt": f"torch=={name}\n".encode() for name in ("2.8.0", "2.6.0", "2.5.1")})
    assert run(bare, "init", "--group", "torch", "--split").code == 0
    (bare / "2.6.0/requirements.txt").write_bytes(b"")
    groups = json.loads((bare / "versions.lock.json").read_bytes())["groups"]
    (name,) = [name for name, group in groups.items() if group["version"] == "2.6.0"]
    shared = next(iter(each for each in groups if each != name))
    result = run(bare, "site", "remove", "2.6.0/requirements.txt#torch")
    gone = f"it was the last one, and {shared} has the same packages, so the lock has no {name} now\n"
    assert result == (0, f"{name} no longer records 2.6.0/requirements.txt#torch; {gone}", "")
    assert run(bare, "check").code == 0
    assert list(json.loads((bare / "versions.lock.json").read_bytes())["groups"]) == [g for g in groups if g != name]


def test_a_group_without_a_site_stays_if_its_packages_are_its_own(engine: Path, run: Run) -> None:
    lock = engine / "versions.lock.json"
    for site in json.loads(lock.read_bytes())["groups"]["flashinfer"]["sites"]:
        assert run(engine, "site", "remove", site).out == f"flashinfer no longer records {site}\n"
    assert list(json.loads(lock.read_bytes())["groups"]) == ["flashinfer"]
