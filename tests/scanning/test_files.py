"""Which files are read, and the errors of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.left_out import GIT_FOLDER, MARKS, excluder
from fi_bump.errors import FileError, UsageError
from fi_bump.formats.by_name import format_of
from fi_bump.scanning import files
from tests.conftest import plant

HINT = "fix it, or exclude it in versions.lock.json"


@pytest.mark.parametrize(
    ("pattern", "path", "out"),
    [
        ("third_party/**", "third_party/a/b.txt", True),
        ("third_party/**", "third_party", False),
        ("third_party", "third_party", True),
        ("third_party", "third_party/a/b.txt", True),
        ("third_party/", "third_party/a", True),
        ("third_party", "third_party_2/a", False),
        ("third_party", "a/third_party", False),
        ("**/third_party", "a/b/third_party/c", True),
        ("**/third_party", "third_party", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "a/b.txt", False),
        ("**/*.txt", "a/b.txt", True),
        ("**/*.txt", "b.txt", True),
        ("**", "a/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a*", "b", False),
        ("a", "a\n", False),
    ],
)
def test_excluder(pattern: str, path: str, out: bool) -> None:
    compiled = excluder([pattern, "unused"])
    assert compiled is not None
    assert bool(compiled.match(path)) is out


def test_no_patterns_exclude_nothing() -> None:
    assert excluder([]) is None


def test_walk_skips_what_is_not_the_repository(tmp_path: Path) -> None:
    kept = ["Dockerfile", "a/b/c.txt", "env/x", "build/y", ".github/z", "no-git/HEAD", "no-git/objects/a"]
    passed_over = [
        ".git/config",
        ".hg/a",
        ".svn/a",
        "a/.venv/x",
        "a/venv/x",
        ".tox/x",
        ".nox/x",
        ".eggs/x",
        ".fi-bump/journal",
        "web/node_modules/a/package.json",
        "lib/site-packages/a",
        "a/__pycache__/b.pyc",
        ".mypy_cache/a",
        ".ruff_cache/a",
        ".pytest_cache/a",
        ".hypothesis/a",
        "nested/.git/HEAD",
        "nested/Dockerfile",
        "submodule/.git",
        "submodule/deep/Dockerfile",
        "my-env/pyvenv.cfg",
        "my-env/lib/requirements.txt",
        "src/a.egg-info/requires.txt",
        "a-1.0.dist-info/METADATA",
        "a/.GIT/config",
        "other/versions.lock.json",
        "other/docker/Dockerfile",
        "bare.git/HEAD",
        "bare.git/objects/a",
        "bare.git/refs/b",
        "bare.git/hooks/Dockerfile",
    ]
    plant(tmp_path, dict.fromkeys(kept + passed_over, b""))
    assert sorted(files.walk(str(tmp_path), None)) == sorted(kept)


def test_a_root_that_is_itself_a_checkout_or_an_environment_is_walked(tmp_path: Path) -> None:
    plant(tmp_path, {"pyvenv.cfg": b"", ".git/HEAD": b"", "Dockerfile": b"", "versions.lock.json": b""})
    assert sorted(files.walk(str(tmp_path), None)) == ["Dockerfile", "pyvenv.cfg", "versions.lock.json"]


def test_walk_excludes(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b.txt": b"", "a/c.txt": b"", "d/b.txt": b""})
    assert list(files.walk(str(tmp_path), excluder(["a", "d/c.txt"]))) == ["d/b.txt"]


def test_candidates_below_a_path(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b/c.py": b"", "a/d.py": b"", "e.py": b""})
    assert sorted(files.candidates(str(tmp_path), None, ["a"])) == [("a/b/c.py", "python"), ("a/d.py", "python")]


def test_links(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(root, {"docker/Dockerfile": b"", "docker/x": b""})
    plant(outside, {"requirements.txt": b"", "folder/Dockerfile": b""})
    (root / "Dockerfile").symlink_to("docker/Dockerfile")  # met under its own path
    (root / "alias").symlink_to("docker")  # a folder of this tree
    (root / "folder").symlink_to(outside / "folder")  # a folder of another tree
    (root / "requirements.txt").symlink_to(outside / "requirements.txt")
    (root / "constraints.txt").symlink_to("nowhere")
    (root / "a.in").symlink_to(outside / "nowhere")
    boundary = Boundary(str(root))
    assert sorted(files.walk(str(root), None, boundary=boundary)) == [
        "constraints.txt",
        "docker/Dockerfile",
        "docker/x",
    ]
    # Whether something is there does not matter: the answer must not depend on what is outside.
    assert sorted(boundary.links_out) == ["a.in", "folder", "requirements.txt"]


def test_pipes_are_not_met(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Dockerfile")
    assert list(files.walk(str(tmp_path), None)) == []
    assert not files.is_regular(str(tmp_path), "Dockerfile")


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(FileError) as caught:
        list(files.walk(str(tmp_path), None))
    assert (str(caught.value), caught.value.hint) == ("a: cannot be read: permission denied", HINT)


def test_a_root_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        list(files.walk(str(tmp_path / "gone"), None))
    assert (str(caught.value), caught.value.hint) == (".: cannot be read: no such file or directory", HINT)


def test_read(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b.txt": b"\xef\xbb\xbf1\r\n\xff"})
    source = files.read(str(tmp_path), "a/b.txt")
    assert (source.path, source.data) == ("a/b.txt", b"\xef\xbb\xbf1\r\n\xff")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 20_000_000])
def test_a_file_of_any_size_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    plant(tmp_path, {"a": data})
    calls: list[int] = []
    real = os.read

    def spy(descriptor: int, count: int) -> bytes:
        calls.append(count)
        return real(descriptor, count)

    monkeypatch.setattr("fi_bump.scanning.files.os.read", spy)
    assert files.read(str(tmp_path), "a").data == data
    # Joining many pieces one by one would be quadratic.
    assert len(calls) <= 3


@pytest.mark.parametrize(
    ("path", "message"),
    [("gone", "gone: cannot be read: no such file or directory"), ("a", "a: is not a regular file")],
)
def test_read_refuses(tmp_path: Path, path: str, message: str) -> None:
    plant(tmp_path, {"a/b": b""})
    with pytest.raises(FileError) as caught:
        files.read(str(tmp_path), path)
    assert (str(caught.value), caught.value.hint) == (message, HINT)


@pytest.mark.parametrize(
    ("path", "why", "hint"),
    [
        ("out.txt", "is a link to a file outside the repository", "put the file itself here"),
        ("gone.txt", "is a link to a file outside the repository", "put the file itself here"),
        ("through/x.txt", "is behind a link to a folder outside the repository", "put the file itself here"),
        ("folder/through/x.txt", "is behind a link to a folder outside the repository", "put the file itself here"),
        ("../x.txt", "is not a plain path inside the repository", None),
        ("folder/../../x.txt", "is not a plain path inside the repository", None),
        (".git/config", "is in .git, where fi-bump reads and changes no file", None),
        ("to-git.txt", "is in .git, where fi-bump reads and changes no file", None),
        ("deep/to-git/config", "is in .git, where fi-bump reads and changes no file", None),
        ("nested/x.txt", "is in another checkout (nested), which is not part of this repository", None),
        ("env/lib/x.txt", "is in a virtual environment (env), which is not part of this repository", None),
        (
            "other/x.txt",
            "is in a folder with its own versions.lock.json (other), which is not part of this repository",
            None,
        ),
    ],
)
def test_only_files_of_the_repository_are_read(tmp_path: Path, path: str, why: str, hint: str | None) -> None:
    root = tmp_path / "root"
    plant(tmp_path, {"x.txt": b"secret", "outside/x.txt": b"secret", "root/.git/config": b"x", "root/folder/x": b""})
    plant(root, {"nested/.git": b"", "nested/x.txt": b"", "env/pyvenv.cfg": b"", "env/lib/x.txt": b""})
    plant(root, {"other/versions.lock.json": b"", "other/x.txt": b"", "deep/x": b""})
    (root / "out.txt").symlink_to("../x.txt")
    (root / "gone.txt").symlink_to("../gone")
    (root / "to-git.txt").symlink_to(".git/config")
    (root / "through").symlink_to(tmp_path / "outside")
    (root / "folder/through").symlink_to(tmp_path / "outside")
    (root / "deep/to-git").symlink_to("../.git")
    with pytest.raises(FileError) as caught:
        files.read(str(root), path)
    assert (str(caught.value), caught.value.hint) == (f"{path}: {why}", hint)
    assert list(files.candidates(str(root), None, [path])) == []


def test_links_inside_the_repository_are_read(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b.txt": b"1", "versions.json": b"2"})
    (tmp_path / "c").symlink_to("a")
    (tmp_path / "d.txt").symlink_to(tmp_path / "c" / "b.txt")
    (tmp_path / "versions.lock.json").symlink_to("versions.json")
    read = [files.read(str(tmp_path), path).data for path in ("c/b.txt", "d.txt", "versions.lock.json")]
    assert read == [b"1", b"1", b"2"]


def test_read_optional(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"1", "folder/x": b""})
    (tmp_path / "dangling").symlink_to("nowhere")
    source = files.read_optional(str(tmp_path), "a")
    assert source is not None
    assert source.data == b"1"
    assert files.read_optional(str(tmp_path), "gone") is None
    for path, reason in (
        ("folder", "is not a regular file"),
        ("dangling", "cannot be read: no such file or directory"),
    ):
        with pytest.raises(FileError) as caught:
            files.read_optional(str(tmp_path), path)
        assert str(caught.value) == f"{path}: {reason}"


def test_find_root(tmp_path: Path) -> None:
    assert files.find_root(str(tmp_path)) == str(tmp_path)
    with pytest.raises(UsageError) as caught:
        files.find_root(str(tmp_path / "gone"))
    assert str(caught.value) == f"{tmp_path}/gone: there is no such folder"
    assert caught.value.hint == "give the repository's folder after -C"


def test_candidates(tmp_path: Path) -> None:
    plant(
        tmp_path, {"a/Dockerfile": b"", "a/notes.txt": b"", "a/notes.md": b"", "b/x.json": b"", "requirements.txt": b""}
    )
    root = str(tmp_path)
    folder = [("a/Dockerfile", "dockerfile"), ("a/notes.txt", "other")]
    everything = [*folder, ("b/x.json", "bake"), ("requirements.txt", "requirements")]
    assert sorted(files.candidates(root, None)) == everything
    assert sorted(files.candidates(root, None, ["a"])) == folder
    assert list(files.candidates(root, None, ["a/notes.md", "b/x.json"])) == [("b/x.json", "bake")]
    assert list(files.candidates(root, excluder(["b"]), ["b/x.json"])) == []
    assert sorted(files.candidates(root, None, [files.relative(root, ".")])) == everything


@pytest.mark.parametrize(
    "name",
    [
        "x.Json",
        "Requirements.Txt",
        "a.In",
        "CONTAINERFILE",
        "x.DockerFile",
        "a.jsonl",
        "A.Yml",
        ".Env.Ci",
        "PipFile",
        "a.Env",
    ],
)
def test_candidates_agree_with_format_of(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {name: b""})
    expected = [(name, form) for form in [format_of(name)] if form]
    assert list(files.candidates(str(tmp_path), None)) == expected


def test_relative(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b": b"", "..c": b""})
    (tmp_path / "dangling").symlink_to("nowhere")
    root = str(tmp_path)
    given = [".", "a/", "./a/b", "a/../a", "..c", "dangling", str(tmp_path / "a" / "b")]
    assert [files.relative(root, path) for path in given] == ["", "a", "a/b", "a", "..c", "dangling", "a/b"]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("..", "..: is outside the repository", "give paths inside the repository's folder"),
        ("a/../../x", "a/../../x: is outside the repository", "give paths inside the repository's folder"),
        ("/", "/: is outside the repository", "give paths inside the repository's folder"),
        ("gone", "gone: there is no such file or folder", None),
    ],
)
def test_relative_refuses(tmp_path: Path, path: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        files.relative(str(tmp_path), path)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize("name", [*MARKS, *GIT_FOLDER])
def test_a_name_that_marks_a_folder_is_never_decided_by_its_ending(name: str, tmp_path: Path) -> None:
    plant(tmp_path, {name: b""})
    entries = list(os.scandir(tmp_path))
    assert files._decided(entries, "", None) == ([], [], entries)
