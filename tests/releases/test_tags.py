"""How versions become tags: the rules, the places that are tags, and what init, set and check --online do with them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fi_bump.errors import Exit, LockError
from fi_bump.families import families
from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.lock.reading import load
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.lock.writing import dump
from fi_bump.pins import Source, Wanted
from fi_bump.releases.tags import TagUse, rule_in_tree, rules_of, tag_of, use_of
from tests.conftest import Run, plant, snapshot

REPOSITORY = "github.com/owner/kit"
URL = f"https://{REPOSITORY}"
NIGHTLY = ("dev: nightly-v{base}-{date}", "v{version}")
LATE = (">=1.0: v{version}", "{version}")


@pytest.mark.parametrize(
    ("rules", "version", "tag"),
    [
        (("v{version}",), "0.6.9.post1", "v0.6.9.post1"),
        (("{version}",), "1.2", "1.2"),
        (NIGHTLY, "0.6.15.dev20260724", "nightly-v0.6.15-20260724"),
        (NIGHTLY, "0.6.15rc1", "v0.6.15rc1"),
        (LATE, "0.10.1", "0.10.1"),
        (LATE, "1.0", "v1.0"),
        (LATE, "1.0rc1", "1.0rc1"),
        (("pre: {version}", "r{version}"), "2.0b1", "2.0b1"),
        (("pre: {version}", "r{version}"), "2.0", "r2.0"),
        (("dev: x-{date}",), "2.0", None),
        (("x-{base}-{date}", "y{version}"), "2.0", "y2.0"),
        ((">=1,<2: a{version}", ">=2: b{version}"), "1.5", "a1.5"),
        ((">=1,<2: a{version}", ">=2: b{version}"), "2.5", "b2.5"),
        ((), "1.0", None),
    ],
)
def test_tag_of(rules: tuple[str, ...], version: str, tag: str | None) -> None:
    assert tag_of(rules, version) == tag


GROUP = Group("kit", "0.6.1", (Member("kit"),), ("KIT_VERSION",), (REPOSITORY,))


@pytest.mark.parametrize(
    ("path", "text", "uses"),
    [
        ("a.sh", f"git clone -b v0.6.1 {URL}.git", ["v"]),
        ("a.sh", f"git clone --branch=0.6.1 {URL}", [""]),
        ("a.sh", f"git clone {URL}\ncd kit\ngit checkout release-v0.6.1", []),
        ("requirements.txt", f"git+{URL}.git@v0.6.1", ["v"]),
        ("a.sh", f"curl -L {URL}/archive/refs/tags/v0.6.1.tar.gz", ["v"]),
        ("a.sh", f"curl -L {URL}/releases/download/0.6.1/kit-0.6.1.tar.gz", [""]),
        ("a.yaml", f"repo: {URL}\nref: v0.6.1\n", ["v"]),
        ("Dockerfile", f"FROM x\nARG KIT_VERSION=0.6.1\nRUN git clone --branch v${{KIT_VERSION}} {URL}\n", ["v"]),
        ("Dockerfile", f"FROM x\nARG KIT_VERSION=0.6.1\nRUN git clone --branch ${{KIT_VERSION}} {URL}\n", [""]),
        ("Dockerfile", f"FROM x\nARG KIT_VERSION=v0.6.1\nRUN git clone {URL} && git checkout $KIT_VERSION\n", ["v"]),
        ("CMakeLists.txt", f"CPMAddPackage(NAME kit VERSION 0.6.1 URL {URL}/archive/v0.6.1.tar.gz)\n", [None, "v"]),
        ("CMakeLists.txt", f"FetchContent_Declare(kit GIT_REPOSITORY {URL} GIT_TAG 0.6.1)\n", [""]),
        ("PKGBUILD", f"pkgname=kit\npkgver=0.6.1\nurl={URL}\n", [None]),
        ("pyproject.toml", f'[tool.uv.sources]\nkit = {{ git = "{URL}", tag = "v0.6.1" }}\n', ["v"]),
        ("Dockerfile", "FROM x\nARG KIT_VERSION=0.6.1\nRUN pip install kit==$KIT_VERSION\n", [None]),
        ("Dockerfile", f"FROM x\nARG KIT_VERSION=0.6.1\nRUN git clone -b ${{KIT_VERSION_2}} {URL}\n", [None]),
    ],
)
def test_use_of(path: str, text: str, uses: list[str | None]) -> None:
    wanted = Wanted(frozenset({"kit"}), frozenset({"KIT_VERSION"}), frozenset({REPOSITORY}))
    form = format_of(path)
    assert form is not None
    pins = finder(form)(Source(path, text.encode()), wanted).pins
    expected = [None if each is None else TagUse(REPOSITORY, each) for each in uses]
    assert [use_of(pin, GROUP) for pin in pins] == expected
    if uses and uses[0] is not None:
        rule = None if uses == ["v"] else f"{uses[0]}{{version}}"
        assert rule_in_tree(GROUP, pins) == rule


def test_the_rules_of_families() -> None:
    assert rules_of(families()["nixl"]) == LATE
    assert rules_of(families()["flashinfer"]) == NIGHTLY
    assert rules_of(GROUP) == ()
    assert rules_of(families()["nixl"]._replace(tags=("x{version}",))) == ("x{version}",)


def test_the_lock_keeps_them_in_order() -> None:
    lock = Lock((GROUP._replace(tags=LATE),))
    assert json.loads(dump(lock))["groups"]["kit"]["tags"] == list(LATE)
    assert load(dump(lock)) == lock
    for wrong in ("v", "late: v{version}", ">=1.0:v{version}", "{version} x", "v{other}"):
        with pytest.raises(LockError):
            load(dump(Lock((GROUP._replace(tags=(wrong,)),))))


CLONES = {
    "flashinfer": "https://github.com/flashinfer-ai/flashinfer.git",
    "nixl": "https://github.com/ai-dynamo/nixl.git",
}


def test_set_stops_at_a_tag_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    plant(tmp_path, {"Dockerfile": f"FROM b\nRUN git clone -b v0.6.14 {CLONES['flashinfer']}\n".encode()})
    assert run(tmp_path, "init").code == 0
    before = snapshot(tmp_path)
    result = run(tmp_path, "set", "0.6.15.dev20260724")
    assert (result.code, result.err) == (int(Exit.FINDINGS), "")
    repository = "github.com/flashinfer-ai/flashinfer"
    what = f"{repository} would become the tag v0.6.15.dev20260724; {repository} has nightly-v0.6.15-20260724"
    assert result.out.startswith(f"Dockerfile:2:19: {what} [missing-tag]\nnothing was changed\n")
    assert snapshot(tmp_path) == before
    assert run(tmp_path, "set", "0.6.15").code == 0


def test_v_only_from_a_version_on(run: Run, tmp_path: Path) -> None:
    text = f"FROM b\nARG NIXL_VERSION=0.10.1\nRUN git clone --depth 1 --branch ${{NIXL_VERSION}} {CLONES['nixl']}\n"
    plant(tmp_path, {"Dockerfile": text.encode()})
    assert run(tmp_path, "init", "--group", "nixl").code == 0
    assert "tags" not in (tmp_path / "versions.lock.json").read_text()
    result = run(tmp_path, "set", "1.1.0")
    assert result.code == Exit.FINDINGS
    what = "NIXL_VERSION would become the tag 1.1.0; github.com/ai-dynamo/nixl has v1.1.0"
    assert result.out.startswith(f"Dockerfile:2:18: {what} [missing-tag]\nnothing was changed\n")
    assert run(tmp_path, "set", "0.10.2").code == 0


def test_init_records_the_rule_of_the_tree(run: Run, tmp_path: Path) -> None:
    plant(tmp_path, {"a.sh": f"git clone -b release-0.6.1 {URL}\n".encode(), "requirements.txt": b"kit==0.6.1\n"})
    plant(tmp_path, {"a.sh": f"git clone -b 0.6.1 {URL}\n".encode()})
    result = run(tmp_path, "init", "--group", "kit", "--package", "kit", "--repository", REPOSITORY)
    assert result.code == 0
    assert "recorded how a version becomes a tag of kit: {version}\n" in result.out
    assert '"tags": [\n        "{version}"\n      ]' in (tmp_path / "versions.lock.json").read_text()
    assert run(tmp_path, "set", "0.6.2").code == 0
    plant(tmp_path, {"b.sh": f"git clone -b v0.6.2 {URL}\n".encode()})
    result = run(tmp_path, "set", "0.6.3")
    assert result.code == Exit.FINDINGS
    assert f"{REPOSITORY} would become the tag v0.6.3; {REPOSITORY} has 0.6.3 [missing-tag]" in result.out


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bare repository with the tag v0.6.1, which git finds at the address of `REPOSITORY`."""
    bare, work = tmp_path / "served" / "owner" / "kit.git", tmp_path / "work"
    commands = [
        ["init", "-q", "--bare", str(bare)],
        ["init", "-q", str(work)],
        [
            "-C",
            str(work),
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.invalid",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "a",
        ],
        ["-C", str(work), "tag", "v0.6.1"],
        ["-C", str(work), "push", "-q", str(bare), "v0.6.1"],
    ]
    for command in commands:
        subprocess.run(["git", *command], check=True)
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{tmp_path}/served/"]\n\tinsteadOf = https://github.com/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    return bare


def test_git_says_which_tags_there_are(served: Path) -> None:
    from fi_bump.git import door

    assert door.tags(REPOSITORY, {"v0.6.1", "v0.6.2", "0.6.1"}, 20) == {"v0.6.1"}


def test_check_asks_git_for_the_tags(served: Path, tmp_path: Path) -> None:
    from fi_bump.commands.check_online import tag_findings
    from fi_bump.repository import open_repository

    root = tmp_path / "tree"
    lock = {"version": "0.6.2", "packages": {"kit": {}}, "repositories": [REPOSITORY, "github.com/owner/gone"]}
    tree = {
        "a.sh": f"git clone -b v0.6.1 {URL}\ngit clone -b v0.6.2 {URL}.git x\ngit clone -b v0.6.2 https://github.com/owner/gone\n",
        "versions.lock.json": json.dumps({"lock-version": 1, "groups": {"kit": lock}}),
    }
    plant(root, {name: text.encode() for name, text in tree.items()})
    repository = open_repository(str(root))
    found = tag_findings(repository, repository.scan())
    assert [(each.place.at_line, each.rule.value, each.message.partition(": ")[0]) for each in found] == [
        ("a.sh:3", "unknown-tag", "github.com/owner/gone"),
        ("a.sh:2", "missing-tag", f"{REPOSITORY} has no tag v0.6.2"),
    ]


def test_a_repository_whose_server_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    from fi_bump.errors import FiBumpError
    from fi_bump.git import door

    def expired(*_: object, **__: object) -> object:
        raise subprocess.TimeoutExpired("git", 3)

    monkeypatch.setattr("fi_bump.boundary.programs.run", expired)
    with pytest.raises(FiBumpError) as caught:
        door.tags(REPOSITORY, {"v1"}, 3)
    assert caught.value.message == "git ls-remote did not end within 3 seconds"


@pytest.mark.parametrize(
    ("text", "version", "tags"),
    [
        # The name of the variable says that it is a tag.
        (b"images:\n  nixl_ref: 0.10.1\n", "1.2.0", ["1.2.0", "v1.2.0"]),
        (b"images:\n  nixl_tag: '0.10.1'\n", "1.2.0", ["1.2.0", "v1.2.0"]),
        (b"images:\n  nixl_ref: v1.0.0\n", "0.9.0", ["v0.9.0", "0.9.0"]),
        # Here text comes before it in another file, or the tag needs no `v`, or it is no tag.
        (b"images:\n  nixl_ref: 1.0.0\n", "1.2.0", None),
        (b"images:\n  nixl_ref: v1.0.0\n", "1.2.0", None),
        (b"images:\n  nixl_ref: 0.10.1\n", "0.11.0", None),
        (b"images:\n  nixl_version: 0.10.1\n", "1.2.0", None),
    ],
)
def test_a_variable_that_is_named_after_a_tag(
    tmp_path: Path, run: Run, text: bytes, version: str, tags: list[str] | None
) -> None:
    plant(tmp_path, {"images.yaml": text})
    assert run(tmp_path, "init", "--group", "nixl").code == 0
    result = run(tmp_path, "set", "--offline", version)
    if tags is None:
        assert result.code == 0
    else:
        assert result.code == 1
        assert f"would become the tag {tags[0]}; github.com/ai-dynamo/nixl has {tags[1]} [missing-tag]" in result.out
        assert (tmp_path / "images.yaml").read_bytes() == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", "FROM x\nRUN git clone -b {} https://github.com/flashinfer-ai/flashinfer.git\n"),
        ("ci.yaml", "steps:\n- with:\n    repository: flashinfer-ai/flashinfer\n    ref: {}\n"),
        ("b.sh", "FI_TAG={}\ngit clone -b $FI_TAG https://github.com/flashinfer-ai/flashinfer\n"),
    ],
)
def test_the_tag_of_a_nightly_is_not_left_behind(tmp_path: Path, run: Run, path: str, text: str) -> None:
    old, new = "nightly-v0.6.15-20260724", "v0.7.1"
    plant(tmp_path, {path: text.format(old).encode(), "requirements.txt": b"flashinfer-cubin==0.6.15.dev20260724\n"})
    assert run(tmp_path, "init").code == 0
    before = snapshot(tmp_path)
    result = run(tmp_path, "set", "--offline", "0.7.1")
    message = f"is at the tag {old}, the move goes to 0.7.1, whose tag is {new} [drift]"
    assert (result.code, snapshot(tmp_path)) == (1, before)
    assert message in result.out
    assert f"help: change it by hand to {new}\n" in result.out
    # Who does what the help says can go on.
    plant(tmp_path, {path: text.format(new).encode()})
    assert run(tmp_path, "set", "--offline", "0.7.1").code == 0
    assert run(tmp_path, "check").code == 0
    # To another nightly the tag moves by hand too.
    assert run(tmp_path, "set", "--offline", "0.7.2").code == 0
    assert (tmp_path / path).read_text() == text.format("v0.7.2")
