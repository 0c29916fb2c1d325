"""The lock: every error with its whole message, and the canonical bytes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import LockError
from fi_bump.lock.fields import CANONICAL_VERSION, is_canonical_version
from fi_bump.lock.reading import load
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.lock.writing import dump

SITE = "docker/Dockerfile#ARG FLASHINFER_VERSION"
IN = "versions.lock.json: in "
NAMES = "lower-case letters, digits and single hyphens"


def document(extra: dict[str, Any] | None = None, **group: Any) -> dict[str, Any]:
    """Return a lock of one group with some of its keys replaced (`...` removes a key)."""
    fields = {"version": "0.6.8", "packages": {"flashinfer-python": {}}, **group}
    fields = {key: value for key, value in fields.items() if value is not ...}
    whole = {"lock-version": 1, "groups": {"flashinfer": fields}, **(extra or {})}
    return {key: value for key, value in whole.items() if value is not ...}


def two(**second: Any) -> dict[str, Any]:
    """Return a lock of two groups, the first with a site."""
    first = document(sites=[SITE])["groups"]["flashinfer"]
    return document({"groups": {"flashinfer": first, "second": {"version": "1", "packages": {"other": {}}, **second}}})


NO_FILE = "where fi-bump reads and changes no file"
IN_EXCLUDED = "delete these sites, or the pattern in exclude"
# Errors that only the loader finds, since no schema can express them: document, message, hint.
LOADER_ONLY: list[tuple[Any, str, str | None]] = [
    (two(sites=[SITE]), f"{IN}'groups.second.sites[0]': '{SITE}' is already a site of 'flashinfer'", None),
    (
        two(packages={"flashinfer-python": {}}),
        f"{IN}'groups.second': 'flashinfer-python' is also in the group 'flashinfer', "
        "but not both groups list their sites",
        "list the sites of both groups, or remove the name from one of them",
    ),
    (
        document(repositories=["github.com/o/n.git"]),
        f"{IN}'groups.flashinfer.repositories[0]': \"github.com/o/n.git\" is not a repository: "
        "host/owner/name in lower case, without scheme and .git",
        None,
    ),
    *(
        (
            document(sites=["a#b", f"{path}#literal:x = {{version}}"]),
            f"{IN}'groups.flashinfer.sites[1]': '{path}' {why}",
            "delete this site",
        )
        for path, why in (
            (".git/config", f"is in .git, {NO_FILE}"),
            (".GIT/config", f"is in .GIT, {NO_FILE}"),
            ("sub/.git/hooks/pre-commit", f"is in .git, {NO_FILE}"),
            (".git", "belongs to git"),
            ("worktree/.Git", "belongs to git"),
            (".venv/bin/activate", f"is in .venv, {NO_FILE}"),
            (".fi-bump/journal.json", f"is in .fi-bump, {NO_FILE}"),
            ("a/node_modules/b.json", f"is in node_modules, {NO_FILE}"),
            ("kit.dist-info/RECORD", f"is in kit.dist-info, {NO_FILE}"),
            ("versions.lock.json", "is the lock"),
        )
    ),
    (
        {**document(sites=["a/b#c", "d#e"]), "exclude": ["a/**"]},
        f"{IN}'groups.flashinfer.sites[0]': 'a/b#c' is in an excluded path",
        IN_EXCLUDED,
    ),
    (
        {**document(sites=["d#e", "a/b#c", "a/d#e"]), "exclude": ["x", "a"]},
        f"{IN}'groups.flashinfer.sites[1]': 'a/b#c' is in an excluded path, and so is 1 more of this group's sites",
        IN_EXCLUDED,
    ),
]
REPOSITORY = "is not a repository: host/owner/name in lower case, without scheme and .git"
SITE_RULE = "is not a site: path#anchor, the path inside the repository"
CANONICAL = "set the version with fi-bump set"
WRONG: list[tuple[Any, str, str | None]] = [
    ([], "versions.lock.json: must be an object", None),
    ({}, "versions.lock.json: the key 'lock-version' is missing", None),
    ({"lock-version": 1}, "versions.lock.json: the key 'groups' is missing", None),
    (
        document({"group": {}}),
        f"{IN}'group': unknown key",
        "the keys here are lock-version, groups, $schema, exclude",
    ),
    (document({"lock-version": 2}), f"{IN}'lock-version': this fi-bump reads lock-version 1", "update fi-bump"),
    (document({"lock-version": True}), f"{IN}'lock-version': this fi-bump reads lock-version 1", "update fi-bump"),
    (document({"lock-version": "1"}), f"{IN}'lock-version': this fi-bump reads lock-version 1", "update fi-bump"),
    (document({"groups": []}), f"{IN}'groups': must be an object", None),
    (document({"groups": {}}), f"{IN}'groups': the lock has no group", "run fi-bump init --force"),
    (document({"$schema": 1}), f"{IN}'$schema': must be a string", None),
    (document({"$schema": None}), f"{IN}'$schema': must be a string", None),
    (document({"exclude": "a"}), f"{IN}'exclude': must be a list", None),
    (document({"exclude": None}), f"{IN}'exclude': must be a list", None),
    (document({"exclude": [""]}), f"{IN}'exclude[0]': \"\" is not a path pattern", None),
    (document({"exclude": ["a\n"]}), f"{IN}'exclude[0]': \"a\\n\" is not a path pattern", None),
    (document({"exclude": ["a", "a"]}), f"{IN}'exclude[1]': this list has 'a' twice", "keep one of the two"),
    (document({"groups": {"Torch": {}}}), f"{IN}'groups.Torch': \"Torch\" is not a group name: {NAMES}", None),
    (document({"groups": {"a\n": {}}}), f"{IN}'groups.a\n': \"a\\n\" is not a group name: {NAMES}", None),
    (document({"groups": {"a": 1}}), f"{IN}'groups.a': must be an object", None),
    (document(version=...), f"{IN}'groups.flashinfer': the key 'version' is missing", None),
    (document(packages=...), f"{IN}'groups.flashinfer': the key 'packages' is missing", None),
    (
        document(package={}),
        f"{IN}'groups.flashinfer.package': unknown key",
        "the keys here are version, packages, minimum-age, hold, variables, repositories, tags, sites",
    ),
    (document(version=1), f"{IN}'groups.flashinfer.version': 1 is not a public PEP 440 version", None),
    (document(version="x"), f"{IN}'groups.flashinfer.version': \"x\" is not a public PEP 440 version", None),
    (
        document(version="0.6.8+cu130"),
        f"{IN}'groups.flashinfer.version': \"0.6.8+cu130\" is not a public PEP 440 version",
        None,
    ),
    (
        document(version="v0.6.8"),
        f"{IN}'groups.flashinfer.version': \"v0.6.8\" is not in PEP 440's canonical form",
        CANONICAL,
    ),
    (
        document(version="0.6.8-post1"),
        f"{IN}'groups.flashinfer.version': \"0.6.8-post1\" is not in PEP 440's canonical form",
        CANONICAL,
    ),
    (document(version="1\n"), f"{IN}'groups.flashinfer.version': \"1\\n\" is not a public PEP 440 version", None),
    (document(packages=[]), f"{IN}'groups.flashinfer.packages': must be an object", None),
    (document(packages={}), f"{IN}'groups.flashinfer.packages': a group needs at least one package", None),
    (
        document(packages={"FlashInfer_Python": {}}),
        f"{IN}'groups.flashinfer.packages.FlashInfer_Python': 'FlashInfer_Python' is not a canonical package name",
        "write flashinfer-python",
    ),
    (
        document(packages={"a b": {}}),
        f"{IN}'groups.flashinfer.packages.a b': 'a b' is not a canonical package name",
        None,
    ),
    (document(packages={"a": None}), f"{IN}'groups.flashinfer.packages.a': must be an object", None),
    (
        document(packages={"a": {"url": ""}}),
        f"{IN}'groups.flashinfer.packages.a.url': unknown key",
        "the keys here are index, label, files",
    ),
    (
        document(packages={"a": {"index": "pypi"}}),
        f'{IN}\'groups.flashinfer.packages.a.index\': "pypi" is not an index URL or "default"',
        None,
    ),
    (
        document(packages={"a": {"index": None}}),
        f"{IN}'groups.flashinfer.packages.a.index': null is not an index URL or \"default\"",
        None,
    ),
    (
        document(packages={"a": {"label": "+cu130"}}),
        f"{IN}'groups.flashinfer.packages.a.label': \"+cu130\" is not a local label such as cu130",
        None,
    ),
    (
        document(packages={"a": {"label": None}}),
        f"{IN}'groups.flashinfer.packages.a.label': null is not a local label such as cu130",
        None,
    ),
    (
        document(variables=["version"]),
        f"{IN}'groups.flashinfer.variables[0]': \"version\" is not an upper-case variable name",
        None,
    ),
    (document(variables={}), f"{IN}'groups.flashinfer.variables': must be a list", None),
    (
        document(variables=["A", "A"]),
        f"{IN}'groups.flashinfer.variables[1]': this list has 'A' twice",
        "keep one of the two",
    ),
    (
        document(repositories=["https://github.com/o/n"]),
        f"{IN}'groups.flashinfer.repositories[0]': \"https://github.com/o/n\" {REPOSITORY}",
        None,
    ),
    (document(repositories=[0]), f"{IN}'groups.flashinfer.repositories[0]': 0 {REPOSITORY}", None),
    *(
        (document(sites=[site]), f"{IN}'groups.flashinfer.sites[0]': {json.dumps(site)} {SITE_RULE}", None)
        for site in (
            "a",
            "#a",
            "a#",
            "/a#b",
            "//a#b",
            "/dev/zero#literal:x {version}",
            "../a#b",
            "a/../b#c",
            "a/..#c",
            "./a#b",
            "a/./b#c",
            ".#a",
            "a/.#b",
            "a//b#c",
            "a/#b",
            "a#b\n",
            "a\x00#b",
        )
    ),
]
UNREADABLE = [
    (b"", "versions.lock.json:1:1: is not JSON: expecting value", "fix it or restore it from git"),
    (
        b'{\n  "lock-version": 1,,\n}',
        "versions.lock.json:2:21: is not JSON: expecting property name enclosed in double quotes",
        "fix it or restore it from git",
    ),
    (b'{"a": "\xff"}', "versions.lock.json: is not UTF-8 at byte 7", None),
    (b'{"a": 1, "a": 1}', "versions.lock.json: one object has the key 'a' twice", "keep one of the two"),
    (b"[" * 200_000, "versions.lock.json: is not a lock: it is nested too deeply", None),
    (b"1" * 5000, "versions.lock.json: is not a lock: it contains a number with too many digits", None),
]


def encoded(value: Any) -> bytes:
    """Return a document as JSON bytes."""
    return json.dumps(value).encode()


@pytest.mark.parametrize(("value", "message", "hint"), [*WRONG, *LOADER_ONLY])
def test_wrong_document(value: Any, message: str, hint: str | None) -> None:
    with pytest.raises(LockError) as caught:
        load(encoded(value))
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize(("data", "message", "hint"), UNREADABLE)
def test_unreadable(data: bytes, message: str, hint: str | None) -> None:
    with pytest.raises(LockError) as caught:
        load(data)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_dump_is_canonical() -> None:
    members_ = (Member("b", ("https://a.b/c",), "cu130"), Member("a"))
    groups = (
        Group(
            name="z",
            version="1",
            packages=members_,
            variables=("B", "A", "A"),
            repositories=("h/b", "h/a"),
            sites=("é#b", "a#b"),
        ),
        Group("a", "2.0rc1", (Member("c"),)),
    )
    expected = """{
  "$schema": "s",
  "lock-version": 1,
  "groups": {
    "a": {
      "version": "2.0rc1",
      "packages": {
        "c": {}
      }
    },
    "z": {
      "version": "1",
      "packages": {
        "a": {},
        "b": {
          "index": "https://a.b/c",
          "label": "cu130"
        }
      },
      "variables": [
        "A",
        "B"
      ],
      "repositories": [
        "h/a",
        "h/b"
      ],
      "sites": [
        "a#b",
        "é#b"
      ]
    }
  },
  "exclude": [
    "a",
    "b"
  ]
}
"""
    assert dump(Lock(groups, ("b", "a"), "s")) == expected.encode()


def test_load_keeps_everything_and_accepts_a_bom() -> None:
    lock = Lock(
        (
            Group(
                name="g",
                version="1",
                packages=(Member("a", ("file:///x", "https://y/z"), "l"),),
                variables=("A",),
                repositories=("h/n",),
                sites=("p#a",),
            ),
        ),
        ("x",),
        "s",
    )
    assert load(b"\xef\xbb\xbf" + dump(lock)) == lock


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("0", True), ("1!0.6.11rc1.post2.dev3", True), ("1.0", True), ("0!1", False), ("1.", False), ("1post1", False)],
)
def test_is_canonical_version(text: str, canonical: bool) -> None:
    assert is_canonical_version(text) is canonical


@pytest.mark.parametrize("site", ["a\udcffb/r.txt#kit", "\udcff#kit", "r\udcff\udcfe#ARG \udcff"])
def test_the_error_names_a_path_that_is_not_utf8(site: str) -> None:
    with pytest.raises(LockError) as caught:
        dump(Lock((Group("kit", "1.0", (Member("kit"),), sites=("a.txt#kit", site)),)))
    assert (str(caught.value), caught.value.hint) == (
        f"{site.partition('#')[0]}: is not UTF-8, so it cannot be recorded",
        "rename it, or exclude it: init --exclude, or exclude in versions.lock.json",
    )


class Compared(str):
    """A text that counts how often it is compared with another."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("key", ["sites", "variables", "repositories"])
def test_a_list_is_not_compared_with_itself_entry_by_entry(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = {"sites": "a/{}.txt#kit", "variables": "KIT_{}", "repositories": "example.invalid/o/kit{}"}
    names = [Compared(forms[key].format(number)) for number in range(2000)]
    fields: dict[str, Any] = {key: names}
    whole = document(**fields)
    monkeypatch.setattr(json, "loads", lambda *_, **__: whole)
    Compared.times = 0
    (group,) = load(b"").groups
    assert getattr(group, key) == tuple(map(str, names))
    # Some comparisons per entry are right; 2,000 entries that are compared with each other are 2,000,000.
    assert Compared.times <= 10 * len(names)


@given(
    st.lists(st.sampled_from(["0", "1", "10", "01", ".", "!", "a", "rc", ".post", ".dev", "²", "\n", "-"]), max_size=7)
)
def test_canonical_versions_are_those_of_the_pattern(parts: list[str]) -> None:
    text = "".join(parts)
    assert is_canonical_version(text) is (re.fullmatch(CANONICAL_VERSION, text) is not None)
