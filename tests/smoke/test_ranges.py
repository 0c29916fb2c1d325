"""Tests of the versions that metadata allows, and of the range to pin; the range also has a property test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from fi_bump.errors import FileError, UsageError
from fi_bump.smoke.model import SweptRelease
from fi_bump.smoke.ranges import (
    admitted,
    inside,
    keeps_to,
    name_of,
    parse_sweep,
    range_to_pin,
    wheel_version,
    wheels,
    within,
)


def test_the_wheels_of_a_folder(tmp_path: Path) -> None:
    names = ["b_c-1.0-py3-none-any.whl", "a-2.0+cu130-cp310-abi3-linux_x86_64.whl", "a-1.post1-py3-none-any.whl"]
    for name in [*names, "a-1.tar.gz", "odd.whl", "a-x-py3-none-any.whl"]:
        (tmp_path / name).touch()
    assert wheels(str(tmp_path)) == sorted(names)
    assert [wheel_version(name) for name in wheels(str(tmp_path), "a")] == ["1.post1", "2.0+cu130"]
    assert wheels(str(tmp_path), "b-c") == ["b_c-1.0-py3-none-any.whl"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        wheels(str(tmp_path / "none"))
    assert str(caught.value) == f"{tmp_path / 'none'}: cannot be read: no such file or directory"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nvidia-cutlass-dsl", ("nvidia-cutlass-dsl", ())),
        ("Nvidia_Cutlass.DSL", ("nvidia-cutlass-dsl", ())),
        ("dsl==4.5.2,4.6.0, 4.5.2", ("dsl", ("4.5.2", "4.6.0"))),
        ("dsl==4.5.2,==4.6", ("dsl", ("4.5.2", "4.6"))),
    ],
)
def test_what_to_sweep(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_sweep(text) == expected


@pytest.mark.parametrize("text", ["", "==1", "a b", "dsl==", "dsl==new", "dsl>=4.5"])
def test_nothing_to_sweep(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_sweep(text)
    assert (str(caught.value), caught.value.hint) == (
        f"'{text}' does not name a package and its releases",
        "give --sweep PACKAGE or PACKAGE==VERSION,…",
    )


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ({}, ""),
        ({"a": ["torch"]}, ""),
        ({"a": ["dsl"]}, ""),
        ({"a": ["torch>=2", "dsl>=4.5.0"]}, ">=4.5.0"),
        ({"a": ["DSL>=4.5.0"], "b": ["dsl!=4.6.0,<5"]}, ">=4.5.0,<5,!=4.6.0"),
        ({"a": ['dsl>=4.5.0; python_version >= "3.10"', 'dsl<4; python_version < "3.10"']}, ">=4.5.0"),
        ({"a": ['dsl<5; extra == "cu13"']}, ""),
        ({"a": ["dsl>=4.5.0 (odd", "dsl>=4.6"]}, ">=4.6"),
    ],
)
def test_what_metadata_admits(requires: dict[str, list[str]], expected: str) -> None:
    assert admitted(requires, "dsl", {"python_version": "3.12"}) == expected


@pytest.mark.parametrize(
    ("specifier", "versions", "expected"),
    [
        (">=4.5.0", ["4.8.1", "4.5.2", "4.4.9", "4.10.0"], ["4.5.2", "4.8.1", "4.10.0"]),
        ("", ["1.0", "2.0rc1", "odd", "1.0+cpu", "2.0.dev1"], ["1.0"]),
        (">=3", ["1.0"], []),
    ],
)
def test_the_releases_within(specifier: str, versions: list[str], expected: list[str]) -> None:
    assert within(specifier, versions) == expected


def test_the_name_in_a_requirement() -> None:
    assert name_of("Flashinfer_Python[cu13]==0.6.8; python_version > '3'") == "flashinfer-python"
    with pytest.raises(UsageError) as caught:
        name_of("--index-url x")
    assert (str(caught.value), caught.value.hint) == (
        "'--index-url x' is not a requirement",
        "give --with a requirement like NAME==VERSION",
    )


def tried(*texts: str) -> list[SweptRelease]:
    """Parse releases: `4.5.0` works, `4.6.0!` fails, `4.7.0?` could not be installed."""
    outcomes = {"!": "fail", "?": "not-run"}
    return [SweptRelease(text.rstrip("!?"), outcomes.get(text[-1], "compiled"), "so") for text in texts]


@pytest.mark.parametrize(
    ("releases", "pinned", "expected"),
    [
        # gpu.md: 0.6.11.post2, 0.6.13 and 0.7.2.post1.
        (["4.5.0", "4.5.2", "4.6.0!", "4.6.3!", "4.7.1!", "4.8.1!"], None, "dsl>=4.5.0,<4.6"),
        (["4.5.0", "4.5.2", "4.6.0", "4.8.1"], None, "dsl>=4.5.0"),
        (["4.5.0!", "4.6.0!", "4.6.3", "4.8.1"], None, "dsl>=4.6.3"),
        (["4.6.3!", "4.6.0"], None, "dsl>=4.6.0,<4.6.3"),
        (["4.5.0", "4.6.0!", "4.7.0"], None, "dsl>=4.7.0"),
        (["4.5.0", "4.6.0!", "4.7.0"], "4.5.0", "dsl>=4.5.0,<4.6"),
        (["4.5.0", "4.6.0!", "4.7.0"], "4.5", "dsl>=4.5.0,<4.6"),
        (["4.5.0", "4.6.0!", "4.7.0"], "4.6.0", "dsl>=4.7.0"),
        (["4.5.0", "4.6.0?", "4.7.0!"], None, "dsl>=4.5.0,<4.6"),
        (["4.5.0!", "4.6.0?"], None, None),
        ([], None, None),
        (["1", "2!"], None, "dsl>=1,<2"),
        (["1.0", "2.0.0!"], None, "dsl>=1.0,<2.0"),
        (["1.0", "1.0.post1!"], None, "dsl>=1.0,<1.0.post1"),
        (["1.0", "2.0rc1!"], None, "dsl>=1.0,<2.0rc1"),
        (["1.0", "1!0.5!"], None, "dsl>=1.0,<1!0.5"),
    ],
)
def test_the_range_to_pin(releases: list[str], pinned: str | None, expected: str | None) -> None:
    assert range_to_pin("dsl", tried(*releases), pinned) == expected


VERSIONS = st.builds(
    lambda numbers, post: ".".join(map(str, numbers)) + (f".post{post}" if post else ""),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.sampled_from([0, 0, 0, 1]),
)


@given(st.dictionaries(VERSIONS.map(lambda text: str(Version(text))), st.booleans(), max_size=8), st.data())
def test_the_range_admits_one_unbroken_run_of_survivors(outcomes: dict[str, bool], data: st.DataObject) -> None:
    # 1 and 1.0 are the same release.
    different = {Version(version): (version, survives) for version, survives in outcomes.items()}
    releases = [SweptRelease(version, "pass" if good else "fail", None) for version, good in different.values()]
    pinned = data.draw(st.none() | st.sampled_from(sorted(outcomes))) if outcomes else None
    chosen = range_to_pin("dsl", releases, pinned)
    survivors = {release.version for release in releases if release.survives}
    if chosen is None:
        assert not survivors
        return
    specifier = Requirement(chosen).specifier
    admits = {release.version for release in releases if specifier.contains(release.version)}
    assert admits
    assert admits <= survivors
    ordered = [different[version][0] for version in sorted(different)]
    places = [ordered.index(version) for version in admits]
    assert max(places) - min(places) + 1 == len(places)
    # The range is as wide as possible: the releases next to the block fail.
    beside = [ordered[place] for place in (min(places) - 1, max(places) + 1) if 0 <= place < len(ordered)]
    assert survivors.isdisjoint(beside)
    if pinned is not None and Version(pinned) in {Version(version) for version in survivors}:
        assert inside(chosen, pinned)


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [("==4.5.2", True), (">=4.5.0,<4.6", True), (">=4.5.0", False), ("~=4.5", False), ("<4.5", True)],
)
def test_whether_a_range_of_the_repository_keeps_to_it(specifier: str, expected: bool) -> None:
    assert keeps_to("dsl>=4.5.0,<4.6", specifier, ["4.5.0", "4.5.2", "4.6.0", "4.8.1"]) is expected
