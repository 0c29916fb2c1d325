"""Tests of merging two locks with their ancestor, value by value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.lock.reading import load
from fi_bump.lock.records import Lock
from fi_bump.lock.writing import dump
from fi_bump.merging.locks import Choice, Differing, merge_locks

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64


def lock(version: str = "1.0", sites: tuple[str, ...] = ("r.txt#kit",), **more: Any) -> Lock:
    packages = more.pop("packages", {"kit": {}})
    group = {"version": version, "packages": packages, "sites": list(sites), **more.pop("group", {})}
    document = {"lock-version": 1, "groups": {"kit": group, **more.pop("groups", {})}, **more}
    return load(json.dumps(document).encode())


def other(version: str) -> dict[str, Any]:
    return {"other": {"version": version, "packages": {"other": {}}}}


def test_each_side_moved_another_group() -> None:
    base = lock("1.0", groups=other("1.0"))
    merged = merge_locks(base, lock("2.0", groups=other("1.0")), lock("1.0", groups=other("3.0")), Choice())
    assert merged.lock == lock("2.0", groups=other("3.0"))
    assert (merged.open, merged.versions) == ((), {"kit": ("2.0", "1.0"), "other": ("1.0", "3.0")})


@pytest.mark.parametrize(
    ("choice", "version", "is_open"),
    [
        (Choice(), "2.0", True),
        (Choice("ours"), "2.0", False),
        (Choice("theirs"), "10.0", False),
        (Choice("newest"), "10.0", False),
        (Choice(None, {"kit": "3.0"}), "3.0", False),
    ],
)
def test_both_moved_the_group(choice: Choice, version: str, is_open: bool) -> None:
    merged = merge_locks(lock("1.0"), lock("2.0"), lock("10.0"), choice)
    assert merged.lock == lock(version)
    assert merged.open == ((Differing("kit", "2.0", "10.0"),) if is_open else ())


@pytest.mark.parametrize("base", [lock("1.0", packages={"kit": {"files": {"kit-1.0.tgz": A}}}), None])
def test_the_files_are_those_of_the_version(base: Lock | None) -> None:
    ours = lock("2.0", packages={"kit": {"files": {"kit-2.0.tgz": A}}})
    theirs = lock("3.0", packages={"kit": {"files": {"kit-3.0.tgz": B}}})
    assert merge_locks(base, ours, theirs, Choice("ours")).lock == ours
    assert merge_locks(base, ours, theirs, Choice("newest")).lock == theirs
    assert merge_locks(base, ours, theirs, Choice(None, {"kit": "4.0"})).lock == lock("4.0")


def test_sites_of_both_sides() -> None:
    base = lock(sites=("a#kit", "b#kit", "c#kit"))
    ours, theirs = lock(sites=("a#kit", "b#kit", "d#kit")), lock(sites=("a#kit", "c#kit", "e#kit"))
    assert merge_locks(base, ours, theirs, Choice()).lock == lock(sites=("a#kit", "d#kit", "e#kit"))
    # Without an ancestor nobody has deleted anything.
    assert merge_locks(None, ours, theirs, Choice()).lock.sites == ["a#kit", "b#kit", "c#kit", "d#kit", "e#kit"]


def test_a_label_that_both_sides_changed() -> None:
    base, ours, theirs = (lock(packages={"kit": {"label": each}}) for each in ("cu128", "cu129", "cu130"))
    open_ = (Differing("groups.kit.packages.kit.label", '"cu129"', '"cu130"'),)
    # Both sides have the version, so it is the side whose version counts.
    assert merge_locks(base, ours, theirs, Choice()).lock == ours
    assert merge_locks(base, ours, theirs, Choice("theirs")).lock == theirs
    moved = merge_locks(base, ours, theirs._replace(groups=(theirs.groups[0]._replace(version="2.0"),)), Choice())
    assert (moved.open, moved.lock.groups[0].packages[0].label) == ((), "cu130")
    assert open_


def test_the_order_of_indexes_is_one_value() -> None:
    urls = [f"https://{name}.example/simple" for name in "abc"]
    base = lock(packages={"kit": {"index": urls}})
    ours = lock(packages={"kit": {"index": urls[::-1]}})
    assert merge_locks(base, ours, base, Choice()).lock == ours


def test_a_group_that_one_side_removed_and_one_that_it_added() -> None:
    base = lock(groups=other("1.0"))
    assert merge_locks(base, lock(), base, Choice()).lock == lock()
    assert merge_locks(lock(), lock(groups=other("1.0")), lock("2.0"), Choice()).lock == lock(
        "2.0", groups=other("1.0")
    )
    changed = merge_locks(base, lock(), lock(groups=other("2.0")), Choice())
    assert [each.where for each in changed.open] == ["groups.other"]
    assert merge_locks(base, lock(), lock(groups=other("2.0")), Choice("theirs")).lock == lock(groups=other("2.0"))


versions = st.sampled_from(["1.0", "2.0", "2.0.post1", "3.0"])
paths = st.sets(st.sampled_from("abcdef")).map(lambda names: tuple(f"{name}#kit" for name in sorted(names)))
locks = st.builds(lock, versions, paths)


@pytest.mark.slow
@given(base=locks, side=locks, other_side=locks, choice=st.sampled_from(["ours", "theirs", "newest"]))
def test_laws(base: Lock, side: Lock, other_side: Lock, choice: str) -> None:
    assert merge_locks(base, side, base, Choice()).lock == side
    assert merge_locks(base, base, side, Choice()).lock == side
    assert merge_locks(base, side, side, Choice()).lock == side
    merged = merge_locks(base, side, other_side, Choice(choice))
    swapped = {"ours": "theirs", "theirs": "ours", "newest": "newest"}[choice]
    assert dump(merge_locks(base, other_side, side, Choice(swapped)).lock) == dump(merged.lock)
    assert merged.open == ()
