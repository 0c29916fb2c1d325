"""The Python API: what it returns, that it writes what the commands write, that it prints nothing, and its page."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump import api, pins
from fi_bump.editing import write
from fi_bump.errors import FileError, InternalError, LockError, UsageError
from fi_bump.findings.rules import Rule, Severity
from fi_bump.lock.records import Group
from fi_bump.terminal import waiting
from tests.commands.test_before_writing import wrong_edit
from tests.conftest import LOCK, NEW, OLD, REQUIREMENTS, TREE, Run, plant, snapshot
from tools import layers

TOP = Path(__file__).parents[1]
PAGE = (TOP / "docs" / "reference.md").read_text().partition("## Python\n")[2].partition("\n## ")[0]
RECORDS = {
    "Repository": api.Repository,
    "Assigned": api.Assigned,
    "Pin": pins.Pin,
    "Group": Group,
    "Place": pins.Place,
    "Finding": api.Finding,
    "Rule": Rule,
    "Move": api.Move,
}


def shown(assigned: api.Assigned) -> tuple[str, str, str, str | None]:
    return (str(assigned.pin.place), assigned.pin.subject, assigned.pin.version, assigned.group and assigned.group.name)


def test_what_a_repository_holds(engine: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    repository = api.open_repository(engine)
    assert api.versions(repository) == {"flashinfer": OLD}
    assert [shown(each) for each in api.pins(repository)] == [
        ("docker/Dockerfile:3:24", "FLASHINFER_VERSION", OLD, "flashinfer"),
        ("docker/Dockerfile.nightly:2:37", "github.com/flashinfer-ai/flashinfer", OLD, "flashinfer"),
        ("docker/versions.json:5:19", "FLASHINFER_VERSION", OLD, "flashinfer"),
        ("requirements/cuda.txt:5:20", "flashinfer-python", OLD, "flashinfer"),
        ("requirements/cuda.txt:6:19", "flashinfer-cubin", OLD, "flashinfer"),
    ]
    assert all(each.recorded for each in api.pins(repository))
    assert api.findings(repository) == []
    assert capfdbinary.readouterr() == (b"", b"")


def test_findings(engine: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    plant(engine, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    plant(engine, {"new.txt": b"", "requirements/extra.txt": f"flashinfer-python=={OLD}\n".encode()})
    drift, new = api.findings(api.open_repository(str(engine)))
    message = f"FLASHINFER_VERSION is 0.6.6, the lock says {OLD}"
    assert (str(drift.place), drift.message, drift.fixable) == ("docker/Dockerfile:3:24", message, True)
    assert (drift.rule, drift.rule.severity, drift.remedy) == (Rule.DRIFT, Severity.error, "run fi-bump check --fix")
    assert (new.rule.value, new.place.path) == ("new-site", "requirements/extra.txt")
    assert capfdbinary.readouterr() == (b"", b"")


def test_a_change_that_was_interrupted_is_a_finding(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = api.open_repository(engine)
    with monkeypatch.context() as patch:
        patch.setattr(write, "_carry_out", lambda *_: None)
        api.apply(repository, api.plan_move(repository, {"flashinfer": NEW}))
    (finding,) = api.findings(repository)
    assert finding.rule.value == "interrupted"
    with pytest.raises(FileError, match="an interrupted fi-bump left its journal"):
        api.apply(repository, api.plan_move(repository, {"flashinfer": NEW}))


def test_a_move_is_what_set_plans_and_writes(
    engine: Path, run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    other = shutil.copytree(engine, tmp_path / "other")
    dry, before = run(other, "set", "--offline", NEW, "--dry-run"), snapshot(engine)
    repository = api.open_repository(engine)
    plan = api.plan_move(repository, {"flashinfer": f"v{NEW}"})
    assert [(move.pin.site, move.pin.version, move.version) for move in api.moves(plan)] == [
        ("docker/Dockerfile#ARG FLASHINFER_VERSION", OLD, NEW),
        ("docker/Dockerfile.nightly#git clone github.com/flashinfer-ai/flashinfer", OLD, NEW),
        ("docker/versions.json#variable.FLASHINFER_VERSION.default", OLD, NEW),
        ("requirements/cuda.txt#flashinfer-python", OLD, NEW),
        ("requirements/cuda.txt#flashinfer-cubin", OLD, NEW),
    ]
    assert api.diff(repository, plan).decode() == dry.out
    assert snapshot(engine) == before
    api.apply(repository, plan)
    assert capfdbinary.readouterr() == (b"", b"")
    assert run(other, "set", "--offline", NEW).code == 0
    assert snapshot(engine) == snapshot(other)
    assert api.findings(api.open_repository(engine)) == []


def test_a_fix_is_what_check_plans_and_writes(engine: Path, run: Run, tmp_path: Path) -> None:
    plant(engine, {"versions.lock.json": LOCK.replace(OLD.encode(), NEW.encode())})
    plant(engine, {"requirements/extra.txt": f"flashinfer-python=={NEW}\n".encode()})
    other = shutil.copytree(engine, tmp_path / "other")
    patch = run(other, "check", "--diff").out
    repository = api.open_repository(engine)
    plan = api.plan_fix(repository)
    assert patch.startswith(api.diff(repository, plan).decode())
    assert len(api.moves(plan)) == 5
    api.apply(repository, plan)
    assert run(other, "check", "--fix").code == 0
    assert snapshot(engine) == snapshot(other)


def test_nothing_to_move_is_an_empty_plan(engine: Path) -> None:
    repository, before = api.open_repository(engine), snapshot(engine)
    plan = api.plan_fix(repository)
    assert (api.moves(plan), api.diff(repository, plan)) == ([], b"")
    api.apply(repository, plan)
    assert snapshot(engine) == before


def test_a_move_that_would_leave_something_behind_is_refused(engine: Path) -> None:
    plant(engine, {"requirements/lock.txt": f"flashinfer-python=={OLD} --hash=sha256:{'1' * 64}\n".encode()})
    repository, before = api.open_repository(engine), snapshot(engine)
    with pytest.raises(api.MoveRefusedError) as caught:
        api.plan_move(repository, {"flashinfer": NEW})
    assert str(caught.value) == (
        f"the move would be incomplete: requirements/lock.txt:1:20: flashinfer-python is {OLD}, the move goes to {NEW}; "
        "its hashes must change too, and the lock does not have them [drift]"
    )
    assert caught.value.hint == "update the version and its checksums together, or regenerate the file"
    assert [(finding.rule, finding.fixable) for finding in caught.value.findings] == [(Rule.DRIFT, False)]
    assert snapshot(engine) == before


@pytest.mark.parametrize(
    ("targets", "message", "hint"),
    [
        ({"flashinfr": NEW}, "the lock has no group 'flashinfr'", "did you mean flashinfer?"),
        ({"flashinfer": "new"}, "'new' is not a PEP 440 version", "a version looks like 0.6.11.post2"),
    ],
)
def test_targets_that_cannot_be_meant(engine: Path, targets: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        api.plan_move(api.open_repository(engine), targets)
    assert str(caught.value) == message
    assert str(caught.value.hint).startswith(hint)


def test_nothing_is_shown_on_a_terminal(
    engine: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    # The commands show on a terminal that a scan takes long.
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(waiting, "waiting", lambda what: pytest.fail(f"shows '{what}'"))
    repository = api.open_repository(engine)
    api.versions(repository)
    api.pins(repository)
    api.findings(repository)
    for plan in (api.plan_fix(repository), api.plan_move(repository, {"flashinfer": NEW})):
        api.diff(repository, plan)
        api.apply(repository, plan)
    assert capfdbinary.readouterr() == (b"", b"")


def test_each_plan_is_verified(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(engine, {"versions.lock.json": LOCK.replace(OLD.encode(), NEW.encode())})
    monkeypatch.setattr("fi_bump.editing.plan._edit", wrong_edit)
    repository = api.open_repository(engine)
    message = "would have other pins than planned, so nothing was written"
    with pytest.raises(InternalError, match=message):
        api.plan_fix(repository)
    with pytest.raises(InternalError, match=message):
        api.plan_move(repository, {"flashinfer": "0.7.0"})


def test_a_folder_without_a_lock(tmp_path: Path) -> None:
    with pytest.raises(LockError) as caught:
        api.open_repository(tmp_path)
    assert str(caught.value) == "versions.lock.json: there is no lock here"
    with pytest.raises(UsageError, match="there is no such folder"):
        api.open_repository(tmp_path / "missing")


def test_a_repository_is_found_again_from_another_folder(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(engine)
    repository = api.open_repository()
    monkeypatch.chdir(tmp_path)
    assert repository.root == str(engine)
    assert len(api.pins(repository)) == 5


def test_what_changed_since_the_plan_is_kept(engine: Path) -> None:
    repository = api.open_repository(engine)
    plan = api.plan_move(repository, {"flashinfer": NEW})
    plant(engine, {"requirements/cuda.txt": REQUIREMENTS + b"# mine\n"})
    before = snapshot(engine)
    with pytest.raises(FileError) as caught:
        api.apply(repository, plan)
    assert str(caught.value) == "requirements/cuda.txt: changed since it was read"
    assert snapshot(engine) == before


def test_a_lock_that_changed_since_it_was_read_is_kept(engine: Path) -> None:
    plant(engine, {"versions.lock.json": LOCK.replace(OLD.encode(), NEW.encode())})
    repository = api.open_repository(engine)
    plan = api.plan_fix(repository)  # does not change the lock
    plant(engine, {"versions.lock.json": LOCK})
    before = snapshot(engine)
    with pytest.raises(FileError) as caught:
        api.apply(repository, plan)
    assert str(caught.value) == "versions.lock.json: changed since it was read"
    assert caught.value.hint == "open the repository again"
    assert snapshot(engine) == before


@pytest.mark.slow
def test_it_loads_no_client_no_command_line_and_no_display(engine: Path) -> None:
    code = (
        # Coverage may have loaded a socket by then.
        "import sys; before = set(sys.modules); from fi_bump import api\n"
        f"repository = api.open_repository({str(engine)!r})\n"
        f"plan = api.plan_move(repository, {{'flashinfer': {NEW!r}}})\n"
        "api.diff(repository, plan); api.apply(repository, plan); api.findings(repository); api.pins(repository)\n"
        "print({'typer', 'rich', 'urllib3', 'socket', 'fi_bump.terminal'} & (set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "set()\n"


@pytest.mark.slow
def test_it_is_small_and_imports_no_report() -> None:
    assert len(Path(api.__file__).read_bytes().split(b"\n")) <= 100
    imported = {arrow.imported for arrow in layers.read_layout().arrows if arrow.importer == "api.py"}
    assert {layers.unit(file) for file in imported} & {"report", "terminal", "commands", "cli", "index"} == set()


def functions() -> set[str]:
    return {name for name in api.__all__ if inspect.isfunction(getattr(api, name))}


def test_everything_public_has_a_docstring_and_types() -> None:
    for name in functions():
        signature = inspect.signature(getattr(api, name))
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(each.annotation is not inspect.Parameter.empty for each in signature.parameters.values())
    assert [name for name in api.__all__ if not inspect.getdoc(getattr(api, name))] == []


def test_the_page_lists_what_is_public() -> None:
    assert set(re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)) == functions()
    assert set(api.__all__) - functions() - RECORDS.keys() == {"FiBumpError", "MoveRefusedError", "Plan"}
    for name in api.__all__:
        assert f"`{name}" in PAGE, name


def test_every_attribute_that_the_page_names_exists() -> None:
    rows = dict(re.findall(r"^\| `([A-Z]\w+)`[^|]* \| (.+) \|$", PAGE, re.MULTILINE))
    assert rows.keys() == RECORDS.keys()
    for name, cell in rows.items():
        attributes = re.findall(r"`(\w+)`", cell)
        known = dir(Rule.DRIFT if name == "Rule" else RECORDS[name])
        assert attributes, name
        assert [each for each in attributes if each not in known] == [], name


def example() -> tuple[str, str]:
    """Return the example of the page, and what it prints."""
    found = re.search(r"<!-- example -->\n\n```python\n(.*?)```\n\n.*?\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1], found[2]


def test_the_example(tmp_path: Path, run: Run) -> None:
    mine, other = (shutil.copytree(TOP / "examples" / "engine", tmp_path / name) for name in ("mine", "other"))
    code, printed = example()
    done = subprocess.run([sys.executable, "-c", code], cwd=mine, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")
    assert run(other, "set", "--offline", NEW).code == 0
    assert snapshot(mine) == snapshot(other)


@pytest.mark.slow
def test_the_example_is_typed(tmp_path: Path) -> None:
    assert (TOP / "fi_bump" / "py.typed").exists()
    script = tmp_path / "script.py"
    reveal = "\nreveal_type(api.pins(repository))\nreveal_type(api.versions(repository))\n"
    script.write_text(example()[0] + reveal)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, str(script)], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    types = re.findall(r'Revealed type is "(.+)"', done.stdout)
    assert types[0].endswith("fallback=fi_bump.ownership.Assigned]]"), types
    assert types[1:] == ["dict[str, str]"]
