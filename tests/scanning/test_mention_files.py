"""The files that may mention a version are looked for while something else is done; what is found stays the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fi_bump.errors import ParseError
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.scanning import search
from fi_bump.scanning.mention_files import MentionFiles
from fi_bump.scanning.mentions import files_ahead, of_version
from fi_bump.scanning.scan import scan
from tests.conftest import plant
from tests.scanning.conftest import assert_ended

KIT = Group("kit", "1.2.3", (Member("kit"),))
TOY = Group("toy", "0.6.1.post2", (Member("toy"),))
LOCK = Lock((KIT, TOY), exclude=("out/",))
TREE = {
    "a.md": b"# kit 1.2.3\n",
    "b.c": b"// toy 0.6.1.post2, kit 1.2.3\n",
    "c.txt": b"kit 1.2.4\n",
    "out/d.md": b"kit 1.2.3\n",
    "versions.lock.json": b"kit 1.2.3\n",
    "uv.lock": b"kit 1.2.3\n",
    "large.txt": b"kit 1.2.3\n" * 200_000,
    "image": b"kit 1.2.3\0",
}


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let grep read even a few files."""
    monkeypatch.setattr(search, "_FEWEST", 0)


def test_the_files_of_all_groups_serve_each_group(tmp_path: Path) -> None:
    plant(tmp_path, TREE)
    root, found = str(tmp_path), scan(str(tmp_path), LOCK)
    with files_ahead(root, LOCK, [KIT, TOY]) as files:
        for group, paths in ((KIT, ["a.md", "b.c"]), (TOY, ["b.c"])):
            ahead = of_version(root, LOCK, group, group.version, found, among=files)
            assert ahead == of_version(root, LOCK, group, group.version, found)
            assert [each.path for each in ahead] == paths


def test_a_file_that_is_written_meanwhile_counts_with_its_new_bytes(tmp_path: Path) -> None:
    plant(tmp_path, TREE)
    with MentionFiles(str(tmp_path), LOCK, (b"1.2.3",)) as files:
        written = {"a.md": b"# kit 2\n"}
        plant(tmp_path, written)
        data = {source.path: source.data for source in files.sources(written)}
    assert data.get("a.md", b"# kit 2\n") == b"# kit 2\n"
    assert data["b.c"] == TREE["b.c"]
    assert data.keys() <= {"a.md", "b.c"}


CASES = Path(__file__).parents[1] / "forms" / "cases"
LINKED = Lock((KIT,), exclude=("out/",))


def recorded(lock: Lock, site: str) -> Lock:
    """Return the lock with a site of its first group."""
    first, *others = lock.groups
    return lock._replace(groups=(first._replace(sites=(site,)), *others))


def paths_of(files: MentionFiles, words: tuple[bytes, ...]) -> set[str]:
    """Return the files that have one of the words: the search may return others too."""
    with files:
        return {each.path for each in files.sources() if any(word in each.lowered for word in words)}


@pytest.mark.parametrize("words", [(b"1.2.3",), (b"kit",), (b"kit", b"1.2.3"), (b"toy",), (b"no such word",)])
def test_what_a_scan_knew_is_what_a_search_finds(tmp_path: Path, words: tuple[bytes, ...]) -> None:
    plant(
        tmp_path,
        TREE
        | {
            "notes.md": b"kit 1.2.3",
            "a/b/Dockerfile": b"# 1.2.3\nRUN x\n",
            "src/a.cu": b"// kit",
            "shared": b"kit 1.2.3",
        },
    )
    links = {
        "c.md": "notes.md",
        "link.txt": "c.txt",
        "Dockerfile": "src/a.cu",
        "Containerfile": "shared",
        "requirements.txt": "out/d.md",
        "gone.py": "nothing",
        "gone": "nothing",
        "outside.yml": "/etc/hostname",
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    for lock in (LINKED, recorded(LINKED, "notes.md#literal:kit {version}")):
        known = scan(str(tmp_path), lock, words=words).worded
        assert known is not None
        knew = paths_of(MentionFiles(str(tmp_path), lock, words, known), words)
        assert knew == paths_of(MentionFiles(str(tmp_path), lock, words), words)
        # Words for which the scan did not look.
        assert paths_of(MentionFiles(str(tmp_path), lock, (b"x",), known), (b"x",)) == paths_of(
            MentionFiles(str(tmp_path), lock, (b"x",)), (b"x",)
        )


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_what_a_scan_knew_of_a_case(tmp_path: Path, case: str) -> None:
    root = str(tmp_path / case)
    shutil.copytree(CASES / case, root, symlinks=True)
    lock = Lock((Group("flashinfer", "0.6.1", (Member("flashinfer-python"),)),))
    words = (b"0.6.1", b"flashinfer")
    try:
        known = scan(root, lock, words=words).worded
    except ParseError:
        return  # Nobody asks for mentions after an error.
    assert paths_of(MentionFiles(root, lock, words, known), words) == paths_of(MentionFiles(root, lock, words), words)


def test_a_scan_of_a_part_knows_nothing_of_words(tmp_path: Path) -> None:
    plant(tmp_path, TREE)
    assert scan(str(tmp_path), LOCK, ["a.md"], words=[b"kit"]).worded is None
    assert scan(str(tmp_path), LOCK).worded is None


def test_nothing_is_read_for_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "posix_spawn", None)
    with files_ahead(str(tmp_path / "none"), LOCK, []) as files:
        assert list(files.sources()) == []


@pytest.mark.skipif(not os.path.exists("/usr/bin/grep"), reason="this system has no grep")
def test_grep_has_ended_when_nobody_asks(tmp_path: Path, started: list[int]) -> None:
    plant(tmp_path, TREE)
    with pytest.raises(KeyError), MentionFiles(str(tmp_path), LOCK, (b"1.2.3",)):
        raise KeyError
    assert len(started) == 1
    assert_ended(started)
