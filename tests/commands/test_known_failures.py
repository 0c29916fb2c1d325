"""What has a known fault with a release, and releases that are too young: in set, latest, audit and pr-body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fi_bump.audit.breakages import known_breakages, known_failures
from tests.conftest import OLD, Result, Run, plant, snapshot
from tests.index.server import Index, Package, running, wheel

Ask = Callable[..., Result]
NAN = (
    "flashinfer-python 0.6.17 has a known fault on sm_100 and sm_103: TRTLLM NVFP4 MoE gives NaN; 0.6.18 is the next good "
    "release (https://github.com/flashinfer-ai/flashinfer/issues/4486)"
)

WRONG = (
    "flashinfer-python 0.6.17 has a known fault on sm_90: the MoE of bf16 with MXFP4 gives wrong tokens now and then while "
    "other kernels run at the same time; 0.6.18 is the next good release"
)


@pytest.fixture(autouse=True)
def _nothing_is_known_to_fail() -> None:
    """Use the data that is shipped."""


def data() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("fi_bump").joinpath("data", "breakages.json").read_bytes())
    return document


def test_the_data_fits_its_schema() -> None:
    schema = json.loads(files("fi_bump").joinpath("schemas", "breakages.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data(), schema, jsonschema.Draft202012Validator)


def test_every_entry_can_apply() -> None:
    entries = data()["breakages"]
    assert len({entry["issue"] for entry in entries if "issue" in entry}) >= 25
    for entry in entries:
        versions = SpecifierSet(entry["versions"])
        named = [Version(each.version) for each in versions if each.operator in ("==", ">=")]
        assert any(versions.contains(each, prereleases=True) for each in named), entry
        assert "next" not in entry or not versions.contains(entry["next"], prereleases=True), entry
        assert "next" not in entry or Version(entry["next"]) > max(named), entry
        assert "breaks_with" not in entry or Requirement(entry["breaks_with"]).specifier
        assert not entry["reason"].endswith(".")
    assert len(known_breakages()) == len(entries)


@pytest.mark.parametrize(
    ("package", "version", "number"),
    [
        ("flashinfer-python", "0.6.17", 2),
        ("flashinfer-python", "0.6.18", 0),
        ("flashinfer-python", "0.6.14", 4),
        ("flashinfer-cubin", "0.6.17", 0),
        ("flashinfer-jit-cache", "0.6.16", 1),
        ("flashinfer-jit-cache", "0.6.16.post1", 0),
        ("apache-tvm-ffi", "0.1.8.post0", 1),
    ],
)
def test_which_releases_are_known_to_fail(package: str, version: str, number: int) -> None:
    assert len(known_failures(package, Version(version))) == number


@pytest.mark.network
def test_the_releases_of_the_data_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.index import configuration
    from fi_bump.index.cache import Cache
    from fi_bump.index.client import Client
    from fi_bump.index.http import Http

    client = Client(Http(Cache(tmp_path)))
    user = configuration.find((), str(tmp_path))
    for entry in known_breakages():
        if entry.package == "flashinfer-jit-cache":
            continue  # It is on an index of its own.
        there = client.project(entry.package, user.urls).versions()
        assert any(entry.versions.contains(each, prereleases=True) for each in there), entry
        assert entry.good is None or Version(entry.good) in there, entry


def ago(days: int) -> str:
    """Return the time some days and an hour ago, as an index writes it."""
    return (datetime.now(UTC) - timedelta(days=days, hours=1)).isoformat().replace("+00:00", "Z")


AGES = {OLD: 90, "0.6.17": 40, "0.6.18": 12, "0.7.0": 3}


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with releases of two packages, 3 to 90 days old."""
    with running() as started:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            package = Package(name, {version: wheel(name, version) for version in AGES})
            package.uploaded({version: ago(days) for version, days in AGES.items()})
            package.serve(started)
        yield started


@pytest.fixture
def pinned(tmp_path: Path, run: Run) -> Path:
    """A repository with two pins, at a version that nothing is known of."""
    root = tmp_path / "pinned"
    plant(root, {"requirements.txt": b"flashinfer-python==0.6.6\nflashinfer-cubin==0.6.6\n"})
    assert run(root, "init").code == 0
    return root


@pytest.fixture
def ask(run: Run, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command that asks `index`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))

    def call(root: Path, *arguments: str) -> Result:
        return run(root, *arguments, "--index", f"{index.url}/simple", offline=False)

    return call


def aged(root: Path, age: str) -> None:
    """Give the group a minimum age, by hand."""
    path = root / "versions.lock.json"
    document = json.loads(path.read_bytes())
    document["groups"]["flashinfer"]["minimum-age"] = age
    path.write_text(json.dumps(document))


@pytest.mark.slow
def test_all_commands_say_what_fails(pinned: Path, ask: Ask) -> None:
    note = f"requirements.txt:1: note: {NAN}\n"
    assert note in ask(pinned, "audit", "0.6.17").out
    assert note in ask(pinned, "set", "0.6.17", "--pr-body", str(pinned / "body.md")).out
    assert "has a known fault on sm\\_100 and sm\\_103" in (pinned / "body.md").read_text()
    assert note in ask(pinned, "audit").out
    latest = ask(pinned, "latest", "--min-age", "30")
    assert f"  note: {NAN}\n" in latest.out
    document = json.loads(ask(pinned, "latest", "--min-age", "30", "--format", "json").out)["result"]["groups"][0]
    assert (document["newest"], document["failures"]) == ("0.6.17", [NAN, WRONG])
    assert "known fault" not in ask(pinned, "audit", "0.6.18").out


def test_a_release_that_no_requirement_pins(tmp_path: Path, ask: Ask, run: Run) -> None:
    root = tmp_path / "clone"
    plant(root, {"Dockerfile": b"FROM x\nARG FLASHINFER_VERSION=0.6.17\n"})
    assert run(root, "init").code == 0
    assert f"versions.lock.json:1: note: {NAN}\n" in ask(root, "audit").out


def test_one_place_is_named_for_one_release(pinned: Path, ask: Ask) -> None:
    plant(pinned, {"a/requirements.txt": b"flashinfer-python==0.6.6\n"})
    assert ask(pinned, "audit", "0.6.17").out.count("TRTLLM NVFP4 MoE gives NaN") == 1


def test_without_a_minimum_age_the_newest_release_is_proposed(pinned: Path, ask: Ask) -> None:
    latest = ask(pinned, "latest")
    assert (
        "newest version that every member has: 0.7.0 (no conflicts); run fi-bump set flashinfer==0.7.0\n" in latest.out
    )
    assert "old" not in latest.out
    document = json.loads(ask(pinned, "latest", "--format", "json").out)["result"]["groups"][0]
    assert (document["newest"], document["younger"], document["failures"]) == ("0.7.0", None, [])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["lock", "option"])
def test_a_minimum_age_passes_over_younger_releases(pinned: Path, ask: Ask, how: str) -> None:
    options = ("--min-age", "10 days") if how == "option" else ()
    if how == "lock":
        aged(pinned, "10 days")
    young = "0.7.0 is 3 days old, but the minimum age is 10 days; the newest that is old enough is 0.6.18"
    latest = ask(pinned, "latest", *options)
    assert (
        "newest version that every member has: 0.6.18 (no conflicts); run fi-bump set flashinfer==0.6.18\n"
        in latest.out
    )
    assert f"  note: {young}\n" in latest.out
    document = json.loads(ask(pinned, "latest", "--format", "json", *options).out)["result"]["groups"][0]
    assert document["younger"] == {"version": "0.7.0", "days": 3, "minimumAge": 10}
    before = snapshot(pinned)
    strict = ask(pinned, "set", "0.7.0", "--strict", *options)
    assert (strict.code, strict.out) == (1, f"flashinfer {young}\nnothing was changed\n")
    assert snapshot(pinned) == before
    named = ask(pinned, "set", "0.7.0", "--dry-run", *options)
    assert named.code == 0
    newest = ask(pinned, "set", "latest", *options)
    assert "flashinfer 0.6.6 -> 0.6.18: 2 pins in 1 file\n" in newest.out
    assert (
        "up to date: 0.6.18 is the newest version that every member has and that is old enough"
        in ask(pinned, "latest", *options).out
    )
    assert f"note: flashinfer {young}\n" in ask(pinned, "set", "0.7.0", *options).out
    # The locked release stays, however young it is.
    assert "up to date: 0.7.0 is the newest version" in ask(pinned, "latest", *options).out
    assert ask(pinned, "set", "latest", *options).code == 0


def test_the_locked_release_is_not_called_old_enough(pinned: Path, ask: Ask) -> None:
    assert ask(pinned, "set", "0.7.0").code == 0
    age = ("--min-age", "400", "--dry-run")
    said = (
        "0.6.18 is 12 days old, but the minimum age is 400 days; no newer release than the locked 0.7.0 is old enough\n"
    )
    assert said in ask(pinned, "set", "0.6.18", *age).err
    # A release that is old enough is named as one, locked or not.
    assert ask(pinned, "set", "0.6.8.post1").code == 0
    said = "0.6.18 is 12 days old, but the minimum age is 41 days; the newest that is old enough is 0.6.8.post1\n"
    assert said in ask(pinned, "set", "0.6.18", "--min-age", "41", "--dry-run").err


@pytest.mark.slow
def test_the_option_replaces_the_age_of_the_lock(pinned: Path, ask: Ask) -> None:
    aged(pinned, "50 days")
    assert "newest version that every member has: 0.6.8.post1" in ask(pinned, "latest").out
    assert "newest version that every member has: 0.7.0" in ask(pinned, "latest", "--min-age", "0").out


def test_the_last_member_decides_the_age(pinned: Path, ask: Ask, index: Index) -> None:
    package = Package("flashinfer-cubin", {version: wheel("flashinfer-cubin", version) for version in AGES})
    package.uploaded({version: ago(min(days, 11)) for version, days in AGES.items()})
    package.serve(index)
    assert (
        "0.7.0 is 3 days old, but the minimum age is 12 days; no other release is old enough"
        in ask(pinned, "latest", "--min-age", "12").out
    )


@pytest.mark.slow
@pytest.mark.parametrize(("days", "newest"), [(0, "0.6.18"), (1, "0.6.18"), (2, "0.7.0")])
def test_a_release_of_today_is_young(pinned: Path, ask: Ask, index: Index, days: int, newest: str) -> None:
    for name in ("flashinfer-python", "flashinfer-cubin"):
        package = Package(name, {version: wheel(name, version) for version in AGES})
        package.uploaded({version: ago(old) for version, old in {**AGES, "0.7.0": days}.items()})
        package.serve(index)
    out = ask(pinned, "latest", "--min-age", "2").out
    assert f"newest version that every member has: {newest} " in out
    assert (f"0.7.0 is {'1 day' if days == 1 else f'{days} days'} old" in out) is (days < 2)


def test_an_unknown_age_is_old_enough(pinned: Path, ask: Ask, index: Index) -> None:
    for name in ("flashinfer-python", "flashinfer-cubin"):
        package = Package(name, {version: wheel(name, version) for version in AGES}, html=True)
        package.serve(index)
    assert "newest version that every member has: 0.7.0" in ask(pinned, "latest", "--min-age", "10").out
