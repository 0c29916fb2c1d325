"""Tests of set, latest, audit and check --online with real local indexes: whole outputs, and unchanged files on a refusal."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fi_bump.index import connections, retries
from tests.conftest import NEW, OLD, TREE, UNKNOWN, Result, Run, plant, snapshot
from tests.index.server import Index, Package, Reply, answering, hanging, running, wheel

PYTHON = {
    each: wheel("flashinfer-python", each, "dsl>=4.5" if each != OLD else "dsl>=4.4") for each in (OLD, NEW, "0.6.14")
}
CUBIN = {each: wheel("flashinfer-cubin", each) for each in (OLD, NEW, "0.6.13")}
DSL = {each: wheel("dsl", each) for each in ("4.4.2", "4.5.0", "4.5.2", "4.6.0")}

Ask = Callable[..., Result]


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with flashinfer-python up to 0.6.14, flashinfer-cubin up to 0.6.13, and nvidia-cutlass-dsl."""
    with running() as started:
        Package("flashinfer-python", PYTHON).serve(started)
        Package("flashinfer-cubin", CUBIN).serve(started)
        Package("dsl", DSL).serve(started)
        yield started


@pytest.fixture
def ask(run: Run, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command that asks `index`, with an empty cache and short time-outs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(retries, "RETRIES", 1)

    def call(root: Path, *arguments: str, at: str = "") -> Result:
        result = run(root, *arguments, "--index", at or f"{index.url}/simple", offline=False)
        return Result(result.code, result.out.replace(index.url, "URL"), result.err.replace(index.url, "URL"))

    return call


def valid(name: str, document: object) -> None:
    """Validate a document against its schema in the package."""
    schema = json.loads(files("fi_bump").joinpath("schemas", f"{name}.schema.json").read_bytes())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)


MOVED = "".join(
    f"{place} {OLD} -> {NEW}\n"
    for place in (
        "docker/Dockerfile:3:24: FLASHINFER_VERSION",
        "docker/Dockerfile.nightly:2:37: github.com/flashinfer-ai/flashinfer",
        "docker/versions.json:5:19: FLASHINFER_VERSION",
        "requirements/cuda.txt:5:20: flashinfer-python",
        "requirements/cuda.txt:6:19: flashinfer-cubin",
    )
)
LEFT = f"note: {UNKNOWN}\n"


def lock(root: Path) -> dict[str, Any]:
    """Return the groups of the lock."""
    groups: dict[str, Any] = json.loads((root / "versions.lock.json").read_bytes())["groups"]
    return groups


def test_set_asks_and_records_the_files(engine: Path, ask: Ask) -> None:
    assert ask(engine, "set", NEW) == (0, f"{MOVED}flashinfer {OLD} -> {NEW}: 5 pins in 4 files\n{LEFT}", "")
    packages = lock(engine)["flashinfer"]["packages"]
    assert packages["flashinfer-python"]["files"] == {
        f"flashinfer_python-{NEW}-py3-none-any.whl": f"sha256:{hashlib.sha256(PYTHON[NEW]).hexdigest()}"
    }
    assert packages["flashinfer-jit-cache"] == {}
    before = snapshot(engine)
    assert ask(engine, "set", NEW).out == f"flashinfer is already at {NEW}\n{LEFT}"
    assert snapshot(engine) == before


def test_set_to_the_same_version_says_that_it_records_the_checksums(engine: Path, ask: Ask) -> None:
    assert ask(engine, "set", OLD).out.startswith(
        f"flashinfer is already at {OLD}, and its checksums are now in the lock\n"
    )
    assert lock(engine)["flashinfer"]["packages"]["flashinfer-python"]["files"]
    assert ask(engine, "set", OLD).out.startswith(f"flashinfer is already at {OLD}\n")


def test_a_release_that_one_member_lacks_is_refused(engine: Path, ask: Ask) -> None:
    before = snapshot(engine)
    out = (
        "flashinfer-cubin 0.6.14 is not on URL/simple, where the nearest is 0.6.13\n"
        "nothing was changed\n"
        f"help: run fi-bump set {NEW}, the newest version that every member has\n"
    )
    for more in ((), ("--allow-yanked", "--allow-prerelease")):
        assert ask(engine, "set", "0.6.14", *more) == (1, out, "")
    assert ask(engine, "set", "0.6.14", "--dry-run") == (1, "", out)
    assert snapshot(engine) == before


ALONE = f"flashinfer-python=={OLD}\n".encode()


def without_cubin(root: Path) -> None:
    """Take flashinfer-cubin out of the requirements, but not out of the lock."""
    plant(root, {"requirements/cuda.txt": ALONE})
    path = root / "versions.lock.json"
    path.write_text(re.sub(r'\n *"requirements/cuda.txt#flashinfer-cubin",', "", path.read_text()))


def test_a_member_that_nothing_installs_is_not_asked_and_holds_nothing_back(
    engine: Path, ask: Ask, index: Index
) -> None:
    without_cubin(engine)
    note = "note: nothing here installs flashinfer-cubin, so no index was asked about it\n"
    result = ask(engine, "set", "0.6.14")
    assert result.out.endswith(f"flashinfer {OLD} -> 0.6.14: 4 pins in 4 files\n{note}{LEFT}")
    assert {each.path for each in index.log if "cubin" in each.path} == set()
    assert ask(engine, "check", "--online").code == 0
    assert "up to date: 0.6.14 is the newest version" in ask(engine, "latest").out
    document = json.loads(ask(engine, "latest", "--format", "json").out)["result"]["groups"][0]
    assert (document["newest"], document["notAsked"]) == ("0.6.14", ["flashinfer-cubin"])
    assert {each.path for each in index.log if "cubin" in each.path} == set()


def test_the_lock_can_say_that_a_member_counts(engine: Path, ask: Ask, index: Index) -> None:
    without_cubin(engine)
    assert ask(engine, "member", "set", "flashinfer-cubin", at=f"{index.url}/simple").code == 0
    before = snapshot(engine)
    assert ask(engine, "set", "0.6.14").out.splitlines() == [
        "flashinfer-cubin 0.6.14 is not on URL/simple, where the nearest is 0.6.13",
        "nothing was changed",
        f"help: run fi-bump set {NEW}, the newest version that every member has",
        "help: if nothing uses flashinfer-cubin, take it out of the lock: fi-bump member remove flashinfer-cubin",
    ]
    assert snapshot(engine) == before


def test_a_tree_with_a_clone_and_a_variable_only(engine: Path, ask: Ask) -> None:
    (engine / "requirements/cuda.txt").unlink()
    plant(engine, {"docker/Dockerfile": f"ARG FLASHINFER_VERSION={OLD}\n".encode()})
    path = engine / "versions.lock.json"
    path.write_text(re.sub(r',?\n *"requirements/cuda.txt#flashinfer-[a-z]*"', "", path.read_text()))
    note = (
        "note: nothing here installs flashinfer-cubin or flashinfer-jit-cache by name, so their releases do not count\n"
    )
    assert ask(engine, "set", "0.6.14").out.endswith(f"flashinfer {OLD} -> 0.6.14: 3 pins in 3 files\n{note}")
    assert "up to date: 0.6.14" in ask(engine, "latest").out
    assert ask(engine, "check", "--online").code == 0
    assert ask(engine, "set", "0.6.13").out.endswith(
        "3 pins in 3 files\nnote: nothing here installs flashinfer-jit-cache or flashinfer-python by name, so their "
        "releases do not count\n"
    )


def test_a_release_that_nobody_has(engine: Path, ask: Ask) -> None:
    out = ask(engine, "set", "9.9").out
    assert out.splitlines()[:3] == [
        "flashinfer-cubin 9.9 is not on URL/simple, where the nearest is 0.6.13",
        "flashinfer-python 9.9 is not on URL/simple, where the nearest is 0.6.14",
        "nothing was changed",
    ]


def test_a_member_with_its_own_index_and_label(engine: Path, ask: Ask, index: Index) -> None:
    Package("flashinfer-jit-cache", {f"{NEW}+cu130": b"x"}).serve(index, "/whl/cu130")
    text = (engine / "versions.lock.json").read_text()
    member = f'"flashinfer-jit-cache": {{"index": "{index.url}/whl/cu130/simple", "label": "cu130"}}'
    plant(engine, {"versions.lock.json": text.replace('"flashinfer-jit-cache": {}', member).encode()})
    assert ask(engine, "set", NEW) == (0, f"{MOVED}flashinfer {OLD} -> {NEW}: 5 pins in 4 files\n", "")
    result = ask(engine, "set", OLD)
    assert result.out.splitlines()[0] == (
        f"flashinfer-jit-cache {OLD}+cu130 is not on URL/whl/cu130/simple, where the nearest is {NEW}+cu130"
    )


@pytest.mark.slow
def test_a_label_that_no_release_has(engine: Path, ask: Ask, index: Index) -> None:
    Package("flashinfer-jit-cache", {f"{NEW}+cu130": b"x"}).serve(index, "/whl")
    at = f"{index.url}/whl/simple"
    assert ask(engine, "member", "set", "flashinfer-jit-cache", at=at).code == 0
    assert ask(engine, "set", NEW).code == 0  # `==V` accepts V+cu130, as pip and uv do.
    assert ask(engine, "set", OLD).code == 1
    assert ask(engine, "member", "set", "flashinfer-jit-cache", "--label", "cu999", at=at).code == 0
    remedy = "fi-bump member set flashinfer-jit-cache --label cu130"
    assert ask(engine, "set", NEW) == (
        1,
        f"flashinfer-jit-cache {NEW}+cu999 is not on URL/whl/simple, which has no release with +cu999, only with +cu130\n"
        "nothing was changed\nhelp: run fi-bump latest flashinfer to see which versions each member has\n"
        f"help: record another label: {remedy}\n",
        "",
    )
    assert ask(engine, *remedy.split()[1:], at=at).code == 0
    assert ask(engine, "set", NEW).code == 0


def test_a_yanked_release(engine: Path, ask: Ask, index: Index) -> None:
    package = Package("flashinfer-python", PYTHON)
    package.extra[f"flashinfer_python-{NEW}-py3-none-any.whl"] = {"yanked": "wrong results on sm_90"}
    package.serve(index)
    before = snapshot(engine)
    assert ask(engine, "set", NEW) == (
        1,
        f"flashinfer-python {NEW} on URL/simple is yanked: wrong results on sm_90\nnothing was changed\n"
        "help: add --allow-yanked to accept the yanked release\n",
        "",
    )
    assert snapshot(engine) == before
    assert ask(engine, "set", NEW, "--allow-yanked").code == 0
    result = ask(engine, "check", "--online")
    assert result.code == 1
    assert result.out.splitlines()[0] == (
        f"requirements/cuda.txt:5:20: flashinfer-python {NEW} on URL/simple is yanked: wrong results on sm_90 [yanked]"
    )


def test_a_release_for_other_pythons(engine: Path, ask: Ask, index: Index) -> None:
    package = Package("flashinfer-python", PYTHON)
    package.extra[f"flashinfer_python-{NEW}-py3-none-any.whl"] = {"requires-python": ">=3.13"}
    package.serve(index)
    result = ask(engine, "set", NEW)
    assert result.out.splitlines()[0] == f"flashinfer-python {NEW} on URL/simple needs Python >=3.13, not 3.12"
    plant(engine, {"pyproject.toml": b'[project]\nname = "x"\nrequires-python = ">=3.13"\n'})
    assert ask(engine, "set", NEW).code == 0


CONFLICT = (
    f"requirements/cuda.txt:7: dsl==4.4.2 conflicts with flashinfer-python {NEW}, which needs dsl>=4.5 [conflict]\n"
)
PROPOSAL = f"help: run fi-bump set flashinfer=={NEW} dsl==4.5.2\n"


@pytest.fixture
def pinned(engine: Path) -> Path:
    """The engine's repository with a version of nvidia-cutlass-dsl that the new release excludes."""
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + b"dsl==4.4.2\n"})
    return engine


@pytest.mark.parametrize("broken", ["numba", "flashinfer-cubin"])
def test_one_release_with_broken_metadata_does_not_stop_the_audit(
    pinned: Path, ask: Ask, index: Index, broken: str
) -> None:
    version = {"numba": "0.61.2", "flashinfer-cubin": NEW}[broken]
    bad = wheel(broken, version).replace(b"PK\x03\x04", b"PK\x09\x09")
    Package(broken, {**(CUBIN if broken != "numba" else {}), version: bad}).serve(index)
    error = (
        f"URL/files/{broken.replace('-', '_')}-{version}-py3-none-any.whl: its METADATA cannot be read: "
        "it is not a complete zip file (bad magic number for file header)\n"
    )
    assert ask(pinned, "audit", NEW) == (3, f"{CONFLICT}{PROPOSAL}flashinfer {NEW}: 1 conflict\n", error)
    before = snapshot(pinned)
    refused = ask(pinned, "set", NEW)
    assert (refused.code, refused.err) == (3, error)
    assert snapshot(pinned) == before


@pytest.mark.slow
def test_the_audit_in_other_formats(pinned: Path, ask: Ask) -> None:
    github = (
        "::error file=requirements/cuda.txt,line=7,endLine=7,col=1,endColumn=11,title=fi-bump conflict::"
        f"dsl==4.4.2 conflicts with flashinfer-python {NEW}, which needs dsl>=4.5%0A"
        f"requirements/cuda.txt:5:1: flashinfer-python is pinned here and would move to {NEW}\n"
        f"flashinfer {NEW}: 1 conflict\n{PROPOSAL}"
    )
    assert ask(pinned, "audit", NEW, "--format", "github") == (1, github, "")
    assert ask(pinned, "audit", "--format", "gitlab") == (0, "[]\n", "")
    markdown = f"### fi-bump audit: ok\n\n- flashinfer {OLD}: no conflicts\n"
    assert ask(pinned, "audit", "--format", "markdown") == (0, markdown, "")
    for form in ("sarif", "junit"):
        assert ask(pinned, "audit", NEW, "--format", form).code == 1


def test_the_audit_of_a_move(pinned: Path, ask: Ask) -> None:
    before = snapshot(pinned)
    assert ask(pinned, "audit") == (0, f"flashinfer {OLD}: no conflicts\n", "")
    assert ask(pinned, "audit", NEW) == (1, f"{CONFLICT}{PROPOSAL}flashinfer {NEW}: 1 conflict\n", "")
    assert ask(pinned, "set", NEW, "--strict") == (1, f"{CONFLICT}{PROPOSAL}nothing was changed\n", "")
    document = json.loads(ask(pinned, "audit", NEW, "--format", "json").out)
    valid("audit", document)
    assert document["exit"] == 1
    assert document["result"] == {
        "ok": False,
        "groups": [{"name": "flashinfer", "version": NEW}],
        "conflicts": [
            {
                "path": "requirements/cuda.txt",
                "line": 7,
                "stated": "dsl==4.4.2",
                "package": "dsl",
                "release": f"flashinfer-python {NEW}",
                "releasePlace": "requirements/cuda.txt:5",
                "needs": "dsl>=4.5",
                "message": f"dsl==4.4.2 conflicts with flashinfer-python {NEW}, which needs dsl>=4.5",
            }
        ],
        "notes": [],
        "proposal": {"dsl": "4.5.2"},
    }
    assert snapshot(pinned) == before


def test_a_conflict_is_a_warning_and_the_proposal_can_be_run(pinned: Path, ask: Ask) -> None:
    result = ask(pinned, "set", NEW)
    # The conflict and its remedy come first, then what moved.
    assert (result.code, result.out.startswith(f"{CONFLICT}{PROPOSAL}docker/Dockerfile:3:24: ")) == (0, True)
    assert result.out.endswith(LEFT)
    assert ask(pinned, "audit").code == 1
    result = ask(pinned, "set", f"flashinfer=={NEW}", "dsl==4.5.2")
    assert result.out == (
        f"requirements/cuda.txt:7:6: dsl 4.4.2 -> 4.5.2\nflashinfer is already at {NEW}\n"
        f"dsl 4.4.2 -> 4.5.2: 1 pin in 1 file\n{LEFT}"
    )
    assert lock(pinned)["dsl"]["sites"] == ["requirements/cuda.txt#dsl"]
    assert ask(pinned, "audit").out == f"dsl 4.5.2, flashinfer {NEW}: no conflicts\n"


def test_what_another_pin_wants_of_a_member(engine: Path, ask: Ask, index: Index) -> None:
    releases = {
        "0.22": wheel("engine", "0.22", f"flashinfer-python=={OLD}"),
        "0.23": wheel("engine", "0.23", f"flashinfer-python=={NEW}"),
    }
    Package("engine", releases).serve(index)
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + b"engine==0.22\n"})
    assert ask(engine, "audit", NEW).out == (
        f"requirements/cuda.txt:5: flashinfer-python=={NEW} conflicts with engine 0.22, which needs flashinfer-python=={OLD} "
        f"[conflict]\nhelp: run fi-bump set flashinfer=={NEW} engine==0.23\nflashinfer {NEW}: 1 conflict\n"
    )


def test_a_member_that_the_indexes_of_its_file_do_not_have(engine: Path, ask: Ask, index: Index) -> None:
    Package("flashinfer-python", PYTHON).serve(index, "/other")
    cuda = TREE["requirements/cuda.txt"] + f"--index-url {index.url}/other/simple\n".encode()
    plant(engine, {"requirements/cuda.txt": cuda})
    lacking = f"flashinfer-cubin {OLD} is not on URL/other/simple, which does not have this package"
    note = f"requirements/cuda.txt:6: note: {lacking}\n"
    assert ask(engine, "audit") == (0, f"{note}flashinfer {OLD}: no conflicts\n", "")
    plant(engine, {"requirements/cuda.txt": cuda + f"--extra-index-url {index.url}/simple\n".encode()})
    assert ask(engine, "audit") == (0, f"flashinfer {OLD}: no conflicts\n", "")


@pytest.mark.slow
def test_latest(engine: Path, ask: Ask) -> None:
    result = ask(engine, "latest")
    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()] == [
        ["flashinfer", OLD],
        ["package", "newest", "date", "index"],
        ["flashinfer-cubin", "0.6.13", "2026-05-01", "URL/simple"],
        ["flashinfer-python", "0.6.14", "2026-05-01", "URL/simple"],
        f"newest version that every member has: {NEW} (no conflicts); run fi-bump set flashinfer=={NEW}".split(),
        f"note: {UNKNOWN}".split(),
    ]
    assert ask(engine, "latest", "--exit-code").code == 1
    document = json.loads(ask(engine, "latest", "--format", "json").out)
    valid("latest", document)
    assert document["result"]["groups"][0] == {
        "name": "flashinfer",
        "locked": OLD,
        "newest": NEW,
        "behind": True,
        "conflicts": 0,
        "notes": 0,
        "members": [
            {"name": "flashinfer-cubin", "index": "URL/simple", "newest": "0.6.13", "date": "2026-05-01"},
            {"name": "flashinfer-python", "index": "URL/simple", "newest": "0.6.14", "date": "2026-05-01"},
        ],
        "younger": None,
        "failures": [],
        "unknown": ["flashinfer-jit-cache"],
        "notAsked": [],
    }
    assert ask(engine, "latest", "flashinfr") == (
        2,
        "",
        "fi-bump: the lock has no group 'flashinfr'\nhelp: did you mean flashinfer?\n",
    )
    assert ask(engine, "set", NEW).code == 0
    assert ask(engine, "latest", "--exit-code").code == 0
    up_to_date = f"up to date: {NEW} is the newest version that every member has (no conflicts)"
    assert up_to_date in ask(engine, "latest").out


@pytest.mark.parametrize(
    ("command", "option"),
    [("check", "--index"), ("fleet", "--index"), ("fleet", "--allow-yanked"), ("fleet", "--allow-prerelease")],
)
def test_a_command_that_asks_nothing_takes_no_word_on_how_to_ask(
    engine: Path, run: Run, command: str, option: str
) -> None:
    value = ("https://packages.example",) if option == "--index" else ()
    assert run(engine, command, option, *value, offline=False) == (
        2,
        "",
        f"fi-bump: {option} needs --online: without it no package index is asked\n"
        f"help: add --online, or leave out {option}\n",
    )


def test_check_online(engine: Path, ask: Ask, index: Index) -> None:
    assert ask(engine, "set", NEW).code == 0
    assert ask(engine, "check", "--online") == (0, f"flashinfer {NEW}: 5 pins in 4 files, in step\n", "")
    changed = {**PYTHON, NEW: wheel("flashinfer-python", NEW, "something-else")}
    Package("flashinfer-python", changed).serve(index)
    Package("flashinfer-cubin", {OLD: CUBIN[OLD]}).serve(index)
    result = ask(engine, "check", "--online")
    name = f"flashinfer_python-{NEW}-py3-none-any.whl"
    now, then = (hashlib.sha256(each[NEW]).hexdigest() for each in (changed, PYTHON))
    assert result == (
        1,
        f"requirements/cuda.txt:5:20: {name} has sha256:{now} on the index, but the lock recorded sha256:{then} "
        "[hash-mismatch]\n"
        f"requirements/cuda.txt:6:19: flashinfer-cubin {NEW} is not on URL/simple, where the nearest is {OLD} "
        "[not-in-index]\n"
        f"flashinfer {NEW}: 5 pins in 4 files, 2 findings\n"
        "help: find out who changed the file before you install it; "
        f"fi-bump set flashinfer=={NEW} records the index's hashes\n"
        "help: look up the newest release that every member has: fi-bump latest\n",
        "",
    )


def test_hashes_are_replaced_with_what_the_index_has(engine: Path, ask: Ask) -> None:
    text = "flashinfer-python=={} \\\n    --hash=sha256:{}\n"
    plant(engine, {"requirements/lock.txt": text.format(OLD, "0" * 64).encode()})
    assert ask(engine, "set", NEW).code == 0
    expected = text.format(NEW, hashlib.sha256(PYTHON[NEW]).hexdigest())
    assert (engine / "requirements/lock.txt").read_text() == expected


def test_what_nobody_released_is_not_audited(engine: Path, ask: Ask) -> None:
    help_ = f"help: run fi-bump audit flashinfer=={NEW}, the newest version that every member has\n"
    for form in ("text", "json"):
        result = ask(engine, "audit", "9.9", "--format", form)
        assert (result.code, result.err) == (1, f"fi-bump: no package of flashinfer has the release 9.9\n{help_}")
        if form == "json":
            valid("audit", json.loads(result.out))
        else:
            assert result.out == ""


def test_an_index_that_a_file_names_and_that_does_not_answer(
    engine: Path, ask: Ask, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "RETRIES", 0)
    monkeypatch.setenv("HOST", index.url.removeprefix("http://"))
    index.routes["/down/"] = answering(Reply(503, {}, b""))
    more = b"--extra-index-url http://user:planted@${HOST}/down/simple --extra-index-url http://${UNSET}/simple\n"
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + more})
    # pip installs what another index has. So it is known that the release exists.
    assert ask(engine, "audit", NEW) == (0, f"flashinfer {NEW}: no conflicts\n", "")
    silent = "URL/down/simple did not answer (the index answered with status 503)"
    result = ask(engine, "set", NEW)
    asked = "it was asked about flashinfer-cubin and flashinfer-python"
    assert (result.code, result.out.endswith(f"{LEFT}note: {silent}; {asked}\n")) == (0, True)
    # What only that index could have is not known.
    before = snapshot(engine)
    also = "requirements/cuda.txt:7 also names http://${UNSET}/simple, which fi-bump cannot ask"
    lacking = f"flashinfer-cubin 0.6.14 is not on URL/simple, where the nearest is 0.6.13 ({also}), and {silent}"
    assert ask(engine, "set", "0.6.14") == (3, "", f"fi-bump: {lacking}\nhelp: try again later, or use --offline\n")
    assert ask(engine, "audit", "0.6.14") == (3, "", f"fi-bump: {lacking}\nhelp: try again later\n")
    newest = f"the newest flashinfer-cubin is not known: {silent}; also asked: URL/simple, where the newest is 0.6.13"
    assert ask(engine, "latest") == (3, "", f"fi-bump: {newest}\nhelp: try again later\n")
    assert snapshot(engine) == before


def test_a_proposal_holds_wherever_it_moves_something(pinned: Path, ask: Ask, index: Index) -> None:
    quack = {version: wheel("quack", version, f"dsl=={dsl}") for version, dsl in (("1", "4.4.2"), ("2", "4.5.2"))}
    Package("quack", quack).serve(index)
    plant(pinned, {"requirements/other.txt": b"dsl==4.4.2\nquack==1\n"})
    command = f"set flashinfer=={NEW} dsl==4.5.2 quack==2"
    assert ask(pinned, "audit", NEW).out == f"{CONFLICT}help: run fi-bump {command}\nflashinfer {NEW}: 1 conflict\n"
    assert ask(pinned, *command.split()).code == 0
    assert ask(pinned, "audit").out == f"dsl 4.5.2, flashinfer {NEW}, quack 2: no conflicts\n"


@pytest.mark.parametrize("command", ["latest", "audit", "check --online"])
def test_what_has_to_ask_is_refused_offline(engine: Path, run: Run, command: str) -> None:
    assert run(engine, *command.split()) == (
        3,
        "",
        "fi-bump: FI_BUMP_OFFLINE is set, but this command asks the package indexes\nhelp: unset FI_BUMP_OFFLINE for this command\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", [["set", NEW], ["latest"], ["audit"], ["check", "--online"]])
@pytest.mark.parametrize(
    ("route", "message"),
    [
        (
            answering(Reply(503, {}, b"")),
            "URL/simple/flashinfer-cubin/: the index answered with status 503\nhelp: try again later, or use --offline\n",
        ),
        (
            answering(Reply(200, {"Content-Type": "text/plain"}, b"")),
            "URL/simple/flashinfer-cubin/: the index answered with text/plain, not with a project page in JSON or HTML\nhelp: give the URL of the index's simple API, not of a file or a web page\n",
        ),
        (
            hanging,
            "URL/simple/flashinfer-cubin/: did not answer in time\nhelp: check the network and the index's URL, or use --offline\n",
        ),
    ],
)
def test_an_index_that_cannot_be_asked(
    engine: Path, ask: Ask, index: Index, monkeypatch: pytest.MonkeyPatch, command: list[str], route: Any, message: str
) -> None:
    monkeypatch.setattr(connections, "READ_LIMIT", 0.3)
    index.routes["/simple/flashinfer-cubin/"] = route
    before = snapshot(engine)
    result = ask(engine, *command)
    if command[0] != "set":  # only `set` can do without an index
        message = message.replace(", or use --offline", "")
    assert (result.code, result.err) == (3, message)
    assert "flashinfer 0" not in result.out
    assert snapshot(engine) == before


@pytest.mark.slow
def test_no_credential_is_ever_shown(pinned: Path, ask: Ask, index: Index, tmp_path: Path) -> None:
    address = index.url.replace("//", "//planted-user:planted-password@") + "/simple"
    outputs = []
    for command in (
        ["set", "0.6.14"],
        ["audit", NEW],
        ["latest"],
        ["latest", "--format", "json"],
        ["set", NEW],
        ["check", "--online"],
    ):
        result = ask(pinned, *command, at=address)
        outputs += [result.out, result.err]
    index.routes["/simple/flashinfer-cubin/"] = answering(Reply(403, {}, b""))
    result = ask(pinned, "latest", at=address)
    assert result.code == 3
    outputs += [result.out, result.err]
    assert "authorization" in index.log[0].headers
    kept = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert [text for text in (*outputs, *kept) if "planted" in text] == []


def test_a_lock_takes_no_credentials(engine: Path, run: Run) -> None:
    text = (engine / "versions.lock.json").read_text()
    member = '"flashinfer-jit-cache": {"index": "https://user:planted@host/simple"}'
    plant(engine, {"versions.lock.json": text.replace('"flashinfer-jit-cache": {}', member).encode()})
    result = run(engine, "check")
    assert (result.code, "planted" in result.err + result.out) == (3, False)
    assert result.err == (
        "versions.lock.json: in 'groups.flashinfer.packages.flashinfer-jit-cache.index': the URL contains "
        "credentials\nhelp: remove them, and put them into netrc\n"
    )


def test_a_version_means_what_pep_440_says(engine: Path, ask: Ask, index: Index) -> None:
    for name, wheels in (("flashinfer-python", PYTHON), ("flashinfer-cubin", CUBIN)):
        Package(name, {**wheels, "0.7.0": wheel(name, "0.7.0")}).serve(index)
    assert ask(engine, "audit", "0.7").out == "flashinfer 0.7.0: no conflicts\n"
    assert f"flashinfer {OLD} -> 0.7.0: 5 pins in 4 files\n" in ask(engine, "set", "0.7").out
    assert lock(engine)["flashinfer"]["version"] == "0.7.0"
    assert b"flashinfer-python==0.7.0 " in (engine / "requirements/cuda.txt").read_bytes()
    assert ask(engine, "check", "--online").code == 0


def test_set_latest(engine: Path, ask: Ask, run: Run) -> None:
    before = snapshot(engine)
    rehearsed = ask(engine, "set", "latest", "--dry-run")
    assert (rehearsed.code, f"+flashinfer-cubin=={NEW}\n" in rehearsed.out) == (0, True)
    assert snapshot(engine) == before
    assert run(engine, "set", "latest", "--offline") == (
        2,
        "",
        "fi-bump: without the package indexes it is not known which version is the latest\n"
        "help: leave out --offline, or name a version\n",
    )
    assert f"flashinfer {OLD} -> {NEW}: 5 pins in 4 files\n" in ask(engine, "set", "flashinfer==latest").out
    assert ask(engine, "set", "latest").out == f"flashinfer is already at {NEW}\n{LEFT}"


def test_audit_proposes_nothing_that_set_refuses(pinned: Path, ask: Ask) -> None:
    assert ask(pinned, "audit", "0.6.14").out == (
        CONFLICT.replace(NEW, "0.6.14")
        + "requirements/cuda.txt:6: note: flashinfer-cubin 0.6.14 is not on URL/simple, where the nearest is 0.6.13\n"
        "help: run fi-bump latest to see which release all packages have; set refuses this one\n"
        "flashinfer 0.6.14: 1 conflict\n"
    )
