"""`--format json` of every command: one document on standard output, as its schema says, with the exit code in it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fi_bump import __version__
from fi_bump.boundary.documents import KEYS
from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot
from tests.stories.test_precommit import git
from tools import command_line

SCHEMA = json.loads(files("fi_bump").joinpath("schemas", "answer.schema.json").read_bytes())
OWN = ("check", "status", "latest", "audit", "smoke", "fleet", "compare", "bisect")
FLASHINFER = "github.com/flashinfer-ai/flashinfer"


def document(root: Path, run: Run, *words: str, code: int = 0) -> dict[str, Any]:
    """Run a command with --format json, and return its document after a look at what all documents have in common."""
    result = run(root, *words, "--format", "json")
    assert result.code == code, result.err
    answer: dict[str, Any] = json.loads(result.out)
    valid(answer)
    assert (answer["exit"], answer["fi-bump"]) == (code, __version__)
    assert (answer["errors"] == []) == (code in (0, 1))
    # A person who reads the log sees the error too.
    assert result.err == "".join(
        f"{each['place'] or 'fi-bump'}: {each['message']}\n" + (f"help: {each['help']}\n" if each["help"] else "")
        for each in answer["errors"]
    )
    return answer


def schema_of(command: str | None) -> Any:
    """Return the schema of a command's documents: its own, or the one that commands share."""
    folder = files("fi_bump").joinpath("schemas")
    own = folder.joinpath(f"{command}.schema.json")
    return json.loads((own if own.is_file() else folder.joinpath("answer.schema.json")).read_bytes())


def valid(answer: dict[str, Any]) -> None:
    """Fail unless a document is as the schema of its command says, with the keys of the frame in their order."""
    assert tuple(answer) == KEYS
    Draft202012Validator(schema_of(answer["command"])).validate(answer)


def test_every_command_has_the_format() -> None:
    without = []
    for words, context in command_line.commands():
        names = [name for each in context.command.params for name in each.opts]
        if not hasattr(context.command, "commands") and "--format" not in names:
            without.append(" ".join(words))
    assert without == ["merge-driver"]  # git calls it


def test_the_schema_names_the_commands_that_have_no_schema_of_their_own() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    commands = {
        " ".join(words) for words, context in command_line.commands() if not hasattr(context.command, "commands")
    }
    assert set(SCHEMA["properties"]["command"]["enum"]) == commands - {*OWN, "merge-driver"} | {None}


@pytest.mark.parametrize("command", OWN)
def test_every_schema_has_the_same_frame(command: str) -> None:
    schema = schema_of(command)
    Draft202012Validator.check_schema(schema)
    assert tuple(schema["required"]) == tuple(schema["properties"]) == KEYS
    assert schema["properties"].pop("command") == {"const": command}
    assert schema["properties"].pop("result")["anyOf"][0] == {"type": "null"}
    assert schema["additionalProperties"] is False
    frame = {name: each for name, each in SCHEMA["properties"].items() if name not in ("command", "result")}
    assert schema["properties"] == frame


def test_init(bare: Path, run: Run) -> None:
    answer = document(bare, run, "init")
    assert answer["changes"] == [{"path": "versions.lock.json", "change": "created"}]
    (group,) = answer["result"]["groups"]
    assert (group["name"], group["version"], len(group["sites"])) == ("flashinfer", OLD, 5)
    assert f"wrote versions.lock.json: flashinfer {OLD}, 5 sites in 4 files" in answer["messages"]
    assert (bare / "versions.lock.json").read_bytes() == LOCK


def test_an_error_is_in_the_document(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    answer = document(engine, run, "init", code=2)
    (error,) = answer["errors"]
    assert error == {
        "place": "versions.lock.json",
        "message": "this file already exists",
        "help": "run fi-bump init --force to replace it; only its excludes are kept",
        "lines": [],
    }
    assert (answer["changes"], answer["messages"], answer["result"]) == ([], [], None)
    assert snapshot(engine) == before


def test_set_tells_what_moved(engine: Path, run: Run) -> None:
    plain = run(engine, "set", "--dry-run", NEW)
    answer = document(engine, run, "set", NEW, "--dry-run")
    assert answer["result"]["patch"] == plain.out
    assert answer["messages"] == plain.err.splitlines()
    assert answer["changes"] == []
    answer = document(engine, run, "set", NEW)
    assert answer["result"]["groups"] == [{"name": "flashinfer", "from": OLD, "to": NEW}]
    assert answer["result"]["moves"][0] == {
        "path": "docker/Dockerfile",
        "line": 3,
        "column": 24,
        "anchor": "ARG FLASHINFER_VERSION",
        "subject": "FLASHINFER_VERSION",
        "from": OLD,
        "to": NEW,
    }
    assert len(answer["result"]["moves"]) == 5
    assert [each["path"] for each in answer["changes"]] == [*sorted(TREE, key=str), "versions.lock.json"]
    assert document(engine, run, "set", NEW)["result"]["moves"] == []


def test_a_refused_set_has_messages_and_no_result(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"].replace(b"cubin==", b"cubin>=")})
    answer = document(engine, run, "set", NEW, code=1)
    assert (answer["changes"], answer["result"]) == ([], {})
    assert any("missing-site" in line for line in answer["messages"])


@pytest.mark.parametrize("words", [("set", "-i"), ("init", "-i", "--force")])
def test_questions_and_json_exclude_each_other(engine: Path, run: Run, words: tuple[str, ...]) -> None:
    result = run(engine, *words, "--format", "json")
    assert result.code == 2
    assert "--interactive cannot be used with --format json" in result.out + result.err


def test_undo(engine: Path, run: Run) -> None:
    git(engine, "init")
    document(engine, run, "set", NEW)
    (record,) = document(engine, run, "undo", "--list")["result"]["records"]
    assert record["command"] == f"set flashinfer=={NEW}"
    assert record["files"] == [*sorted(TREE), "versions.lock.json"]
    plain = run(engine, "undo", "--dry-run")
    assert document(engine, run, "undo", "--dry-run")["result"] == {"patch": plain.out, "record": record}
    answer = document(engine, run, "undo")
    assert {each["change"] for each in answer["changes"]} == {"changed"}
    assert (engine / "versions.lock.json").read_bytes() == LOCK
    assert (
        document(engine, run, "undo", code=3)["errors"][0]["message"]
        == "fi-bump has recorded no change of this working tree"
    )


def test_resolve(engine: Path, run: Run) -> None:
    git(engine, "init")
    git(engine, "add", "-A")
    git(engine, "commit", "-m", "tree")
    assert document(engine, run, "resolve")["result"] == {}


def test_resolve_of_a_conflict(engine: Path, run: Run) -> None:
    git(engine, "init")
    for branch, version in (("main", OLD), ("other", NEW), ("third", "0.6.9")):
        git(engine, "checkout", "-q", "-B", branch, *([] if branch == "main" else ["main"]))
        if version != OLD:
            assert run(engine, "set", version).code == 0
        git(engine, "add", "-A")
        git(engine, "commit", "-m", branch)
    with pytest.raises(Exception, match="merge"):
        git(engine, "merge", "other")
    assert document(engine, run, "resolve", code=1)["changes"] == []
    answer = document(engine, run, "resolve", "--newest")
    assert answer["result"]["groups"][0]["version"] == NEW
    assert answer["result"]["staged"] != []
    assert {each["path"] for each in answer["changes"]} >= {"versions.lock.json"}


def test_site_and_member_and_hold(engine: Path, run: Run) -> None:
    site = "requirements/cuda.txt#flashinfer-cubin"
    answer = document(engine, run, "site", "remove", site)
    assert answer["result"] == {"site": {"group": "flashinfer", "site": site}}
    assert answer["changes"] == [{"path": "versions.lock.json", "change": "changed"}]
    assert document(engine, run, "site", "add", "requirements/cuda.txt:6")["result"]["site"]["site"] == site
    again = document(engine, run, "site", "add", "requirements/cuda.txt:6")
    assert (again["changes"], again["result"]["site"]["site"]) == ([], site)
    plant(engine, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(b"FLASHINFER_VERSION", b"FLASHINFER_TAG")})
    old, new = "docker/Dockerfile#ARG FLASHINFER_VERSION", "docker/Dockerfile#ARG FLASHINFER_TAG"
    moved = document(engine, run, "site", "move", old, new)["result"]["site"]
    assert moved == {"group": "flashinfer", "site": new, "from": old}

    member: dict[str, Any] = {"group": "flashinfer", "name": "kit", "index": [], "label": None}
    assert document(engine, run, "member", "add", "Kit")["result"]["member"] == member
    answer = document(engine, run, "member", "set", "kit", "--label", "cu130")
    assert answer["result"]["member"] == {**member, "label": "cu130"}
    assert document(engine, run, "member", "remove", "kit")["result"] == {
        "member": {"group": "flashinfer", "name": "kit"}
    }

    answer = document(engine, run, "hold", "flashinfer", "the next engine")
    assert answer["result"]["group"] == {"name": "flashinfer", "version": OLD, "hold": "the next engine"}
    assert document(engine, run, "hold", "flashinfer", "--off")["result"]["group"]["hold"] is None


def test_texts(engine: Path, run: Run) -> None:
    listed = document(engine, run, "template", "--list")
    assert {"name": "renovate", "path": "renovate.json"}.items() <= listed["result"]["templates"][-3].items()
    assert document(engine, run, "template")["result"] == listed["result"]
    plain = run(engine, "template", "renovate").out
    assert document(engine, run, "template", "renovate")["result"] == {"text": plain}
    answer = document(engine, run, "template", "renovate", "--write")
    assert answer["changes"] == [{"path": "renovate.json", "change": "created"}]
    assert (engine / "renovate.json").read_text() == plain
    assert document(engine, run, "template", "x", "--list", code=2)["errors"][0]["help"] == "leave out one of the two"

    names = document(engine, run, "explain")["result"]["names"]
    assert "drift" in names
    assert document(engine, run, "explain", "drift")["result"] == {"text": run(engine, "explain", "drift").out}

    plant(engine, {"old.json": LOCK})
    run(engine, "set", NEW)
    body = run(engine, "pr-body", "--from-lock", str(engine / "old.json")).out
    assert document(engine, run, "pr-body", "--from-lock", str(engine / "old.json"))["result"] == {"body": body}
    assert FLASHINFER in body


def test_a_bug_is_an_error_in_the_document(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import hold

    def broken(*arguments: object) -> int:
        raise RuntimeError("x")

    monkeypatch.setattr(hold, "run", broken)
    answer = document(engine, run, "hold", "flashinfer", "why", code=3)
    assert answer["errors"][0]["message"] == "unexpected error: RuntimeError: x"


# What a command line must have so that typer reads it, and what a small repository answers: the exit code.
READING: dict[str, tuple[str, int]] = {
    "check": ("check", 0),
    "check of nothing": ("check nowhere", 2),
    "check of drift": ("check requirements/drift.txt", 1),
    "check --fix": ("check --fix", 0),
    "check --mentions": ("check --mentions", 1),
    "status": ("status", 0),
    "status of a revision": ("status --ref nowhere", 3),
    "latest": ("latest", 3),
    "audit": ("audit", 3),
    "audit of nothing": ("audit nothing==1", 2),
    "smoke": ("smoke --python /nowhere", 2),
    "smoke --list": ("smoke --list", 0),
    "fleet": ("fleet .", 0),
    "fleet of nothing": ("fleet", 2),
    "compare": ("compare --baseline old.xml --run new.xml", 0),
    "compare of nothing": ("compare --baseline none.xml --run new.xml", 2),
    "bisect": ("bisect --good 0.6.8.post1", 2),
    "explain": ("explain nothing", 2),
}


@pytest.mark.parametrize("name", READING)
def test_every_reading_command(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    line, code = READING[name]
    junit = b'<testsuite name="s"><testcase classname="t" name="a" time="0.1"/></testsuite>'
    plant(engine, {"old.xml": junit, "new.xml": junit, "requirements/drift.txt": b"flashinfer-python==0.6.7\n"})
    if name == "check":
        (engine / "requirements/drift.txt").unlink()
    monkeypatch.chdir(engine)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    result = run(engine, *line.split(), "--format=json")
    assert result.code == code, result.err
    answer = json.loads(result.out)
    valid(answer)
    assert (answer["command"], answer["exit"]) == (line.split()[0], code)
    if name == "check --fix":
        assert [each["path"] for each in answer["changes"]] == ["requirements/drift.txt", "versions.lock.json"]


def commands_with_the_format() -> list[str]:
    found = ((words, context.command) for words, context in command_line.commands())
    return [" ".join(words) for words, each in found if "--format" in {name for p in each.params for name in p.opts}]


@pytest.mark.parametrize("name", commands_with_the_format())
def test_a_wrong_option_is_an_error_in_the_document(engine: Path, run: Run, name: str) -> None:
    before = snapshot(engine)
    answer = document(engine, run, *name.split(), "--zzqq", code=2)
    assert (answer["command"], answer["result"], answer["changes"]) == (name, None, [])
    assert answer["errors"] == [
        {"place": None, "message": "no such option: --zzqq", "help": f"run fi-bump {name} --help", "lines": []}
    ]
    assert snapshot(engine) == before


def test_other_command_lines_that_name_no_command(engine: Path, run: Run) -> None:
    for words in (("updte",), ("site",), ("site", "nothing")):
        answer = document(engine, run, *words, code=2)
        assert (answer["command"], answer["result"]) == (None, None)


def test_missing_and_wrong_values(engine: Path, run: Run) -> None:
    for words, message in (
        (("hold",), "missing argument 'GROUP'"),
        (("latest", "--min-age", "soon"), "'soon' is not a number of days"),
        (("smoke", "--timeout", "soon"), "invalid value for '--timeout': "),
    ):
        answer = document(engine, run, *words, code=2)
        assert answer["errors"][0]["message"].startswith(message)


def test_an_interrupt(engine: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.commands import hold, status

    def stopped(*arguments: object) -> int:
        raise KeyboardInterrupt

    for module, words in ((hold, ("hold", "flashinfer", "why")), (status, ("status",))):
        monkeypatch.setattr(module, "run", stopped)
        answer = document(engine, run, *words, code=130)
        assert answer["errors"][0]["message"] == "interrupted"


def test_words_that_only_look_like_the_format(engine: Path, run: Run) -> None:
    result = run(engine, "hold", "--off", "--", "--format", "json")
    assert (result.code, result.out) == (2, "")
    assert run(engine, "hold", "json", "why").out == ""
