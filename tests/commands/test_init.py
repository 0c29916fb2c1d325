"""Tests of `fi-bump init`."""

from __future__ import annotations

import json
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

RIPEN = (
    '# releases are often replaced within days: "minimum-age": "10 days" in a group of versions.lock.json passes over '
    "younger ones"
)


def cells(out: str) -> list[list[str]]:
    """Return the rows of a table without the spaces that align its columns."""
    return [line.split() for line in out.splitlines()]


def test_init_finds_every_pin_and_writes_the_lock(bare: Path, run: Run) -> None:
    result = run(bare, "init")
    assert (result.code, result.err) == (0, "")
    assert cells(result.out) == [
        ["place", "anchor", "version"],
        ["docker/Dockerfile:3:24", "ARG", "FLASHINFER_VERSION", OLD],
        ["docker/Dockerfile.nightly:2:37", "git", "clone", "github.com/flashinfer-ai/flashinfer", OLD],
        ["docker/versions.json:5:19", "variable.FLASHINFER_VERSION.default", OLD],
        ["requirements/cuda.txt:5:20", "flashinfer-python", OLD],
        ["requirements/cuda.txt:6:19", "flashinfer-cubin", OLD],
        ["wrote", "versions.lock.json:", "flashinfer", f"{OLD},", "5", "sites", "in", "4", "files"],
        RIPEN.split(),
    ]
    assert (bare / "versions.lock.json").read_bytes() == LOCK
    assert {name: data for name, (data, _) in snapshot(bare).items()} == {**TREE, "versions.lock.json": LOCK}


def test_init_does_not_overwrite(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    error = "versions.lock.json: this file already exists\nhelp: run fi-bump init --force to replace it; only its excludes are kept\n"
    assert run(engine, "init") == (2, "", error)
    assert snapshot(engine) == before


def test_force_keeps_the_excludes(engine: Path, run: Run) -> None:
    assert run(engine, "init", "--force", "--exclude", "docker/**").code == 0
    assert run(engine, "init", "--force").code == 0
    assert b'"exclude": [\n    "docker/**"\n  ]' in (engine / "versions.lock.json").read_bytes()
    plant(engine, {"versions.lock.json": b"{"})
    assert run(engine, "init", "--force").code == 0
    assert (engine / "versions.lock.json").read_bytes() == LOCK


def test_one_version_that_is_written_in_two_ways(tmp_path: Path, run: Run) -> None:
    lines = {"a.txt": "0.6", "b.txt": "0.6.0", "c.txt": "0.6.0"}
    plant(tmp_path, {f"requirements/{name}": f"flashinfer-python=={each}\n".encode() for name, each in lines.items()})
    result = run(tmp_path, "init")
    assert "wrote versions.lock.json: flashinfer 0.6.0, 3 sites in 3 files\n" in result.out
    assert "differs" not in result.out
    assert run(tmp_path, "check").code == 0


def test_pins_that_disagree_are_shown_and_the_most_common_version_is_taken(bare: Path, run: Run) -> None:
    plant(bare, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), NEW.encode())})
    result = run(bare, "init")
    assert result.code == 0
    assert cells(result.out)[1] == ["docker/Dockerfile:3:24", "ARG", "FLASHINFER_VERSION", NEW, "differs"]
    assert result.out.splitlines()[-10:-1] == [
        f"wrote versions.lock.json: flashinfer {OLD}, 5 sites in 4 files",
        f"the pins disagree; the lock uses {OLD}, the version of most of them (4 of 5 pins)",
        "--split would make these groups:",
        f"  flashinfer {OLD}: docker/Dockerfile.nightly, docker/versions.json, requirements/cuda.txt",
        f"  flashinfer-0-6-11-post2 {NEW}: docker/Dockerfile",
        f"help: run fi-bump check --fix to move 1 pin to {OLD}",
        "help: to keep the versions apart, run fi-bump init --force --split",
        f"help: to lock another version, run fi-bump init --force --version {NEW}",
        "help: to leave out the files with other versions, run fi-bump init --force --exclude docker/Dockerfile",
    ]


def test_version_decides_when_pins_disagree(bare: Path, run: Run) -> None:
    result = run(bare, "init", "--version", NEW)
    assert result.out.splitlines()[-3:-1] == [
        f"wrote versions.lock.json: flashinfer {NEW}, 5 sites in 4 files",
        "help: run fi-bump check --fix to move 5 pins to 0.6.11.post2",
    ]
    assert run(bare, "check").code == 1


def test_what_cannot_be_pinned_is_said(bare: Path, run: Run) -> None:
    plant(bare, {"requirements/x.txt": b"flashinfer-cubin\n", "x.json": b"{flashinfer"})
    lines = run(bare, "init").out.splitlines()
    assert lines[-3] == "requirements/x.txt:1:1: note: flashinfer-cubin: has no version specifier"
    assert lines[-2].startswith("x.json: note: this file names a package of the lock, but cannot be parsed: ")


def test_a_group_of_your_own(bare: Path, run: Run) -> None:
    result = run(bare, "init", "--group", "numba", "--package", "Numba", "--variable", "numba_version")
    assert result.code == 0
    assert (bare / "versions.lock.json").read_bytes() == (
        b'{\n  "lock-version": 1,\n  "groups": {\n    "numba": {\n      "version": "0.61.2",\n'
        b'      "packages": {\n        "numba": {}\n      },\n      "variables": [\n        "NUMBA_VERSION"\n      ],\n'
        b'      "sites": [\n        "requirements/cuda.txt#numba"\n      ]\n    }\n  }\n}\n'
    )


def test_a_known_family_by_name(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"requirements.txt": b"nixl == 1.5.0\nnixl-cu13==1.5.0\n"})
    assert run(tmp_path, "init", "--group", "nixl").code == 0
    assert run(tmp_path, "set", "1.6.0").code == 0
    assert (tmp_path / "requirements.txt").read_bytes() == b"nixl == 1.6.0\nnixl-cu13==1.6.0\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (
            ["--package", "x"],
            2,
            "fi-bump: --package, --variable and --repository describe your own group, which needs a name\nhelp: add --group NAME\n",
        ),
        (["--group", "x", "--variable", "X"], 2, "fi-bump: the group 'x' has no package\nhelp: add --package NAME\n"),
        (
            ["--version", "new"],
            2,
            "fi-bump: 'new' is not a PEP 440 version\nhelp: a version looks like 0.6.11.post2, "
            "0.7.0rc1 or 0.6.9.dev20260101\n",
        ),
        (
            ["--group", "x"],
            2,
            "fi-bump: there is no known family 'x'\nhelp: name one of flashinfer, nixl, sgl-kernel, "
            "nvidia-cutlass-dsl, jax, lmcache, torch, or add --package NAME to describe your own group\n",
        ),
        (
            ["--group", "X Y", "--package", "x"],
            2,
            'fi-bump: "X Y" is not a group name: lower-case letters, digits and single hyphens\n',
        ),
        (
            ["--group", "jax"],
            3,
            "fi-bump: found no pin of jax, so no lock was written\nhelp: name another family with --group, "
            "or describe your own group with --group NAME --package PACKAGE; with --version VERSION the lock is written, "
            "and fi-bump site add records places in it\n",
        ),
    ],
)
def test_wrong_usage_writes_nothing(bare: Path, run: Run, arguments: list[str], code: int, error: str) -> None:
    before = snapshot(bare)
    assert run(bare, "init", *arguments) == (code, "", error)
    assert snapshot(bare) == before


A, B = "https://a.example/simple", "https://b.example/simple"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "recorded", "said"),
    [
        (
            {"requirements.txt": f"--extra-index-url {A}/\nflashinfer-python==0.6.8\n"},
            ["default", f"{A}/"],
            f"recorded the index of flashinfer-python: default, {A}/\n",
        ),
        (
            {"requirements.txt": f"--index-url {A}\nflashinfer-python==0.6.8\n"},
            A,
            f"recorded the index of flashinfer-python: {A}\n",
        ),
        (
            {
                "requirements.txt": f"--extra-index-url {A}\nflashinfer-python==0.6.8\n",
                "Dockerfile": f"FROM x\nENV UV_INDEX_STRATEGY=unsafe-best-match\nRUN uv pip install -r requirements.txt\nRUN pip install flashinfer-python==0.6.8 --extra-index-url {A}\n",
            },
            ["default", A],
            f"recorded the index of flashinfer-python: default, {A}\n",
        ),
        (
            {
                "a/requirements.txt": f"--extra-index-url {A}\nflashinfer-python==0.6.8\n",
                "b/requirements.txt": f"--extra-index-url {B}\nflashinfer-python==0.6.8\n",
            },
            None,
            "note: a/requirements.txt:1, b/requirements.txt:1 name different indexes for flashinfer-python, so the lock "
            "records no index of it\n",
        ),
        (
            {"requirements.txt": "--extra-index-url https://u:p@a.example\nflashinfer-python==0.6.8\n"},
            None,
            "note: requirements.txt:1 names an address with credentials or a variable of the environment for "
            "flashinfer-python, so the lock records no index of it\n",
        ),
        ({"requirements.txt": "flashinfer-python==0.6.8\n"}, None, ""),
    ],
)
def test_the_index_that_the_files_name_is_recorded(
    tmp_path: Path, run: Run, files: dict[str, str], recorded: object, said: str
) -> None:
    plant(tmp_path, {name: text.encode() for name, text in files.items()})
    result = run(tmp_path, "init")
    assert (result.code, result.out.partition("file\n" if "1 file\n" in result.out else "files\n")[2]) == (
        0,
        f"{said}{RIPEN}\n",
    )
    packages = json.loads((tmp_path / "versions.lock.json").read_bytes())["groups"]["flashinfer"]["packages"]
    assert packages["flashinfer-python"] == ({} if recorded is None else {"index": recorded})


@pytest.mark.parametrize(
    ("first", "second", "notes", "recorded"),
    [
        # Each group has the index of its own files.
        (
            f"--index-url {A}\ntorch==2.8.0\n",
            f"--index-url {B}\ntorch==2.9.0\n",
            f"recorded the index of torch: {B}\nrecorded the index of torch: {A}\n",
            [B, A],
        ),
        (
            f"--index-url {A}\ntorch==2.8.0\n",
            f"--index-url {A}\ntorch==2.9.0\n",
            f"recorded the index of torch: {A}\n",
            [A, A],
        ),
        (
            f"--index-url {A}\ntorch==2.8.0\n",
            "torch==2.9.0\n",
            f"recorded the index of torch: {A}\n",
            [None, A],
        ),
        # One file with both.
        (
            f"RUN pip install torch==2.8.0 -i {A}\n",
            f"RUN pip install torch==2.9.0 -i {B}\n",
            "note: Dockerfile:2, Dockerfile:3 name different indexes for torch, so the lock records no index of it\n",
            [None, None],
        ),
    ],
)
def test_after_a_split_each_group_has_the_index_of_its_files(
    tmp_path: Path, run: Run, first: str, second: str, notes: str, recorded: list[str | None]
) -> None:
    if first.startswith("RUN"):
        plant(tmp_path, {"Dockerfile": f"FROM x\n{first}{second}".encode()})
    else:
        plant(tmp_path, {"a/requirements.txt": first.encode(), "b/requirements.txt": second.encode()})
    result = run(tmp_path, "init", "--group", "torch", "--split")
    assert result.code == 0
    assert "".join(line for line in result.out.splitlines(True) if "index" in line) == notes
    groups = json.loads((tmp_path / "versions.lock.json").read_bytes())["groups"]
    found = {group["version"]: group["packages"]["torch"].get("index") for group in groups.values()}
    assert [found["2.9.0"], found["2.8.0"]] == recorded


@pytest.mark.parametrize(("text", "recorded"), [("10 days", "10 days"), ("1", "1 day"), ("0", None), ("007", "7 days")])
def test_a_minimum_age_is_recorded(bare: Path, run: Run, text: str, recorded: str | None) -> None:
    result = run(bare, "init", "--min-age", text)
    assert (result.code, RIPEN in result.out) == (0, recorded is None)
    group = json.loads((bare / "versions.lock.json").read_bytes())["groups"]["flashinfer"]
    assert group.get("minimum-age") == recorded
    assert run(bare, "check").code == 0


@pytest.mark.parametrize("text", ["ten", "-1", "1 week", "1.5", "", "10000"])
def test_an_age_is_a_number_of_days(bare: Path, run: Run, text: str) -> None:
    error = f"fi-bump: '{text}' is not a number of days\nhelp: write --min-age '10 days'; 0 accepts every release\n"
    assert run(bare, "init", "--min-age", text) == (2, "", error)
    assert run(bare, "latest", "--min-age", text) == (2, "", error)


@pytest.mark.parametrize("address", ["https://docs.example/schemas", "https://docs.example/schemas/"])
def test_the_lock_names_its_schema_where_the_publisher_has_one(
    bare: Path, run: Run, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    described = Message()
    described["Project-URL"] = "Home, https://docs.example"
    described["Project-URL"] = f"Schemas, {address}"
    monkeypatch.setattr(metadata, "metadata", lambda name: described)
    assert run(bare, "init").code == 0
    lock = json.loads((bare / "versions.lock.json").read_bytes())
    assert lock["$schema"] == "https://docs.example/schemas/versions.lock.schema.json"
    assert run(bare, "check").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compose.yaml", 'services:\n  a:\n    build:\n      args:\n        FIV: "0.6.8"\n'),
        ("build.sh", "docker build --build-arg FIV=v0.6.8 .\n"),
        ("docker-bake.hcl", 'target "a" {\n  args = {\n    FIV = "0.6.8"\n  }\n}\n'),
        (".github/workflows/image.yml", "jobs:\n  a:\n    steps:\n    - run: docker build --build-arg FIV=0.6.8 .\n"),
    ],
)
def test_a_build_argument_with_a_short_name_is_found(tmp_path: Path, run: Run, path: str, text: str) -> None:
    dockerfile = b'FROM x\nARG FIV\nRUN pip install "flashinfer-python==${FIV#v}"\n'
    plant(tmp_path, {"Dockerfile": dockerfile, path: text.encode(), "requirements.txt": b"flashinfer-cubin==0.6.8\n"})
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "set", "--offline", "0.6.12").code == 0
    assert (tmp_path / path).read_text() == text.replace("0.6.8", "0.6.12")
    assert run(tmp_path, "check").code == 0


@pytest.mark.parametrize(
    ("dockerfile", "text"),
    [
        # Set as something else too.
        ("ARG FIV", "docker build --build-arg FIV=0.6.8 .\nFIV=0.6.8 other-tool\n"),
        # No argument of this Dockerfile.
        ("ENV X=1", "docker build --build-arg FIV=0.6.8 .\n"),
        # A name that says nothing.
        ("ARG TAG", "docker build --build-arg TAG=0.6.8 .\n"),
    ],
)
def test_a_short_name_that_may_be_anything_is_not_looked_for(
    tmp_path: Path, run: Run, dockerfile: str, text: str
) -> None:
    name = "TAG" if "TAG" in dockerfile else "FIV"
    content = f"FROM x\n{dockerfile}\nRUN pip install flashinfer-python==${name}\n".encode()
    plant(tmp_path, {"Dockerfile": content, "b.sh": text.encode(), "requirements.txt": b"flashinfer-cubin==0.6.8\n"})
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "set", "--offline", "0.6.12").code == 0
    assert (tmp_path / "b.sh").read_text() == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "-r deps.txt\n"),
        ("requirements/base.txt", "-c ../deps.txt\n"),
        ("Dockerfile", "FROM x\nRUN pip install --requirement /tmp/deps.txt\n"),
    ],
)
def test_an_included_file_moves_with_its_hashes_or_not_at_all(path: str, text: str, tmp_path: Path, run: Run) -> None:
    pinned = b"flashinfer-python==0.6.8 \\\n    --hash=sha256:" + b"1" * 64 + b"\n"
    plant(tmp_path, {path: text.encode(), "deps.txt": pinned, "notes.txt": b"flashinfer-cubin==0.6.8\n"})
    found = run(tmp_path, "init")
    assert found.code == 0
    line = text.count("\n")
    assert f"note: {path}:{line} includes deps.txt, so it is a requirement file\n" in found.out
    assert "flashinfer 0.6.8: 1 pin in 1 file, in step\n" in run(tmp_path, "check").out
    moved = run(tmp_path, "set", "--offline", "0.6.9")
    assert (moved.code, moved.out.count("its hashes must change too")) == (1, 1)
    assert (tmp_path / "deps.txt").read_bytes() == pinned
