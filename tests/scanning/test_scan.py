"""Which files are searched, and what is reported about files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.errors import FileError, ParseError
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Wanted
from fi_bump.scanning import files
from fi_bump.scanning.asked import needles, wanted_by
from fi_bump.scanning.scan import Scan, scan
from tests.conftest import plant

HINT = "fix it, or exclude it in versions.lock.json"
GROUP = Group("kit", "1.0", (Member("kit-python"),), ("KIT_VERSION",), ("github.com/o/kit",))


def lock(*sites: str, exclude: tuple[str, ...] = ()) -> Lock:
    """Return a lock with one group that has these sites."""
    return Lock((GROUP._replace(sites=sites),), exclude)


@pytest.mark.parametrize(
    ("packages", "variables", "repositories", "expected"),
    [
        (["flashinfer-python", "flashinfer-cubin"], [], [], [b"flashinfer"]),
        (["flashinfer-python"], ["FLASHINFER_VERSION"], ["github.com/flashinfer-ai/flashinfer"], [b"flashinfer"]),
        (["torch", "torchvision"], ["TORCH_VERSION"], [], [b"torch"]),
        (["a"], [], [], [b"a"]),
        (["torch"], [], ["github.com/pytorch/pytorch"], [b"torch"]),
        (["torch"], ["X_VERSION"], [], [b"torch", b"x_version"]),
        (["torch"], ["VERSION"], [], [b"torch", b"version"]),
        (["torch"], ["KITREF"], ["h/o/n-m"], [b"kitref", b"n-m", b"torch"]),
        ([], [], [], []),
    ],
)
def test_needles(packages: list[str], variables: list[str], repositories: list[str], expected: list[bytes]) -> None:
    wanted = Wanted(frozenset(packages), frozenset(variables), frozenset(repositories))
    assert list(needles(wanted)) == expected


def test_wanted_by() -> None:
    other = Group("b", "1", (Member("b"), Member("c")), ("B",))
    assert wanted_by([GROUP, other]) == (
        frozenset(["kit-python", "b", "c"]),
        frozenset(["KIT_VERSION", "B"]),
        frozenset(["github.com/o/kit"]),
    )


def test_scan_reads_every_format_in_the_order_of_the_paths(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "b/requirements.txt": b"kit-python==1.0\nkit-python>=0.9\n",
            "a/Dockerfile": b"FROM x\nARG KIT_VERSION=1.1\n",
            "c.json": b'{"variable": {"KIT_VERSION": {"default": "1.2"}}}',
            "d.txt": b"kit-python==1.3\n",
            "third_party/requirements.txt": b"kit-python==1.4\n",
            "versions.lock.json": b'{"variable": {"KIT_VERSION": {"default": "1.5"}}}',
        },
    )
    found = scan(str(tmp_path), lock(exclude=("third_party/**",)))
    assert [(pin.site, pin.version) for pin in found.pins] == [
        ("a/Dockerfile#ARG KIT_VERSION", "1.1"),
        ("b/requirements.txt#kit-python", "1.0"),
        ("c.json#variable.KIT_VERSION.default", "1.2"),
    ]
    assert [(floor.source.path, floor.specifier) for floor in found.floors] == [("b/requirements.txt", ">=0.9")]
    assert (found.unparsed, found.below) == ((), ())


def test_scan_below_paths(tmp_path: Path) -> None:
    plant(tmp_path, {"a/requirements.txt": b"kit-python==1\n", "b/requirements.txt": b"kit-python==2\n"})
    found = scan(str(tmp_path), lock(), ["./a/", "a/requirements.txt"])
    assert [pin.site for pin in found.pins] == ["a/requirements.txt#kit-python"]
    assert found.below == ("a", "a/requirements.txt")


@pytest.mark.parametrize(
    ("below", "path", "covered"),
    [
        ((), "a", True),
        (("",), "a", True),
        (("a",), "a", True),
        (("a",), "a/b", True),
        (("a",), "ab", False),
        (("b", "a"), "a/b", True),
        (("a/b",), "a", False),
    ],
)
def test_covers(below: tuple[str, ...], path: str, covered: bool) -> None:
    assert Scan((), (), (), (), below).covers(path) is covered


def test_a_broken_json_file_is_a_note(tmp_path: Path) -> None:
    plant(tmp_path, {"a.json": b'{"kit-python": ', "tsconfig.json": b"// no JSON, and nothing of ours\n{}"})
    ((path, error),) = scan(str(tmp_path), lock()).unparsed
    assert (path, str(error)) == ("a.json", "a.json:1:16: not JSON: expected a value here")


def test_a_broken_json_file_with_a_recorded_site_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, {"a.json": b'{"KIT_VERSION": '})
    with pytest.raises(ParseError) as caught:
        scan(str(tmp_path), lock("a.json#variable.KIT_VERSION.default"))
    assert str(caught.value) == "a.json:1:17: not JSON: expected a value here"
    assert caught.value.hint == HINT


def test_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").symlink_to("nowhere")
    assert scan(str(tmp_path), lock()) == Scan(
        pins=(), unpinned=(), floors=(), unparsed=(), below=(), paths=(("requirements.txt", "requirements"),)
    )
    with pytest.raises(FileError) as caught:
        scan(str(tmp_path), lock("requirements.txt#kit-python"))
    assert str(caught.value) == "requirements.txt: cannot be read: no such file or directory"
    assert caught.value.hint == HINT


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"requirements.txt": b""})

    def read(root: str, path: str, watch: object, boundary: object) -> None:
        raise files.unreadable(path, PermissionError(13, "Permission denied"))

    monkeypatch.setattr(files, "read", read)
    with pytest.raises(FileError) as caught:
        scan(str(tmp_path), lock())
    assert str(caught.value) == "requirements.txt: cannot be read: permission denied"
