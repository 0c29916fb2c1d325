"""grep rules out only files that contain none of the words: whatever it says, a scan finds what it finds without it."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.boundary.inside import Boundary
from fi_bump.errors import FileError
from fi_bump.families import proposed
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Source
from fi_bump.scanning import evidence_search, file_scanner, files, search
from fi_bump.scanning import scan as scan_module
from fi_bump.scanning.asked import wanted_by
from fi_bump.scanning.cache import Watch
from fi_bump.scanning.look import evidence
from fi_bump.scanning.scan import Scan, scan
from fi_bump.scanning.search import pattern_search, word_search
from tests.conftest import plant
from tests.scanning.conftest import assert_ended

CASES = Path(__file__).parents[1] / "forms" / "cases"
GREP = [place for place in ("/usr/bin/grep", "/bin/grep") if os.path.exists(place)]
WORDS = (b"kit", b"flash.*infer")
LOCK = Lock((Group("kit", "1.0", (Member("kit"),)),))

pytestmark = pytest.mark.skipif(not GREP, reason="this system has no grep")


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let grep read even a few files."""
    for module, name in ((search, "_FEWEST"), (evidence_search, "FEWEST"), (evidence_search, "FEWEST_MORE")):
        monkeypatch.setattr(module, name, 0)
    monkeypatch.setattr("fi_bump.scanning.search.sys.platform", "linux")


def maybe(root: Path, paths: list[str], words: tuple[bytes, ...] = WORDS) -> set[str]:
    """Return what a search answers."""
    found = word_search(str(root), words)
    for path in paths:
        found.add(path)
    return found.maybe()


def said(found: Scan) -> str:
    """Return everything in a scan, with each source by its path."""
    return re.sub(r"source=<[^>]*>", "", repr(found)) + repr([pin.site for pin in found.pins])


def test_files_with_and_without_a_word(tmp_path: Path) -> None:
    tree = {
        "plain": b"a kit\n",
        "upper": b"KIT",
        "mixed": b"some\0bytes \xff\xfe\nkIt\0",
        "pattern": b"Flash.*Infer",
        "no pattern": b"flash infer flashinfer k\ni\nt ki\0t",
        "empty": b"",
        "-v": b"kit",
        "line\nend": b"kit",
        "line\nstart": b"k",
        "dir/ü\udcff": b"x kitchen",
        "(standard input)": b"x",
        "*": b"kit",
    }
    plant(tmp_path, {os.fsencode(path).decode("utf-8", "surrogateescape"): data for path, data in tree.items()})
    assert maybe(tmp_path, list(tree)) == {
        "plain",
        "upper",
        "mixed",
        "pattern",
        "-v",
        "line\nend",
        "dir/ü\udcff",
        "*",
    }
    assert maybe(tmp_path, list(tree), ()) == set(tree)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.sampled_from([b"k", b"K", b"it", b"IT", b"\0", b"\n", b"\xff", b"i", b"\r", b"x"])), max_size=8
    )
)
def test_no_file_with_a_word_is_ruled_out(tmp_path: Path, contents: list[list[bytes]]) -> None:
    files = {f"{number}.txt": b"".join(pieces) for number, pieces in enumerate(contents)}
    plant(tmp_path, files)
    assert maybe(tmp_path, list(files)) == {path for path, data in files.items() if b"kit" in data.lower()}


PATTERNS = evidence("python", wanted_by(proposed()))
PARTS = [
    b"flashinfer",
    b"FlashInfer-",
    b"Python",
    b"jit.cache",
    b"-ai",
    b"VERSION",
    b"version",
    b" (",
    b"(",
    b"=(",
    b":v1",
    b"-bin",
    b"$",
    b"==",
    b"[cu",
    b"]",
    b"'",
    b'"',
    b"V0",
    b"1",
    b".",
    b"_x",
    b"x",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xc3\xbc",
    b"\x0b",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=12), min_size=1, max_size=20))
def test_grep_finds_the_patterns_that_python_finds(tmp_path: Path, contents: list[list[bytes]]) -> None:
    files = {f"{number}.py": b"".join(pieces) for number, pieces in enumerate(contents)}
    for path in tmp_path.iterdir():
        path.unlink()
    plant(tmp_path, files)
    found = pattern_search(str(tmp_path), PATTERNS)
    found.add(*files)
    texts = [re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE) for pattern in PATTERNS]
    assert found.maybe() == {path for path, data in files.items() if any(text.search(data) for text in texts)}


def test_files_of_a_format_with_patterns_are_read_only_if_they_match_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = {
        "plain.py": b"import flashinfer\nflashinfer.run(1.0)\n",
        "pinned.py": b"DEPS = ['flashinfer-python==0.2']\n",
        "former.py": b"run('pip install flashinfer==0.1')\n",
        "requirements.txt": b"# flashinfer\n",
    }
    plant(tmp_path, tree)
    read: list[str] = []
    as_ever = files.read

    def reading(root: str, path: str, watch: Watch | None, boundary: Boundary | None) -> Source:
        read.append(path)
        return as_ever(root, path, watch, boundary)

    monkeypatch.setattr(files, "read", reading)
    found = scan(str(tmp_path), Lock((Group("flashinfer", "0.2", (Member("flashinfer-python"),)),)))
    assert sorted(read) == ["former.py", "pinned.py", "requirements.txt"]
    assert [pin.place.path for pin in found.pins] == ["pinned.py"]
    assert [place.place.path for place in found.unpinned] == ["former.py"]


def test_an_error_while_the_tree_is_listed_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    plant(tmp_path, {f"{number}.py": b"none" for number in range(9)})
    monkeypatch.setattr(search, "_BATCH", 1)
    monkeypatch.setattr(scan_module, "_AT_A_TIME", 3)

    def failing(path: str) -> None:
        raise FileError("cannot be listed", place=path)

    monkeypatch.setattr(file_scanner.FileScanner, "will_read_no_more", lambda _: failing("x"))
    with pytest.raises(FileError):
        scan(str(tmp_path), LOCK)
    assert len(started) == 9
    assert_ended(started)


def test_an_error_during_the_second_search_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    plant(tmp_path, {"a.py": b"import flashinfer\n", "requirements.txt": b"# flashinfer\n"})

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(file_scanner.FileScanner, "scan_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scan(str(tmp_path), Lock((Group("flashinfer", "0.2", (Member("flashinfer-python"),)),)))
    # Two for words, of which one has no path left, since here a process is worth any number of files; one for patterns.
    assert len(started) == 3
    assert_ended(started)


def test_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_BATCH", 300)
    files = {f"{number}.py": b"kit" if number % 3 else b"none" for number in range(200)}
    plant(tmp_path, files)
    assert maybe(tmp_path, list(files)) == {path for path, data in files.items() if data == b"kit"}


def test_grep_reads_the_last_files_while_the_caller_does_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEWEST", 1)
    plant(tmp_path, {"a": b"none", "b": b"kit"})
    found = word_search(str(tmp_path), WORDS)
    found.add("a", "b")
    found.begin()
    monkeypatch.setattr(os, "posix_spawn", None)
    assert found.maybe() == {"b"}


def test_not_more_processes_begin_than_may_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_BATCH", 1)
    monkeypatch.setattr(search, "_AT_ONCE", 1)
    monkeypatch.setattr(search, "_FEWEST", 1)
    plant(tmp_path, {"a": b"none", "b": b"kit"})
    found = word_search(str(tmp_path), WORDS)
    found.add("a")
    monkeypatch.setattr(search, "_BATCH", 1 << 20)
    found.add("b")
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_spawn", None)
        found.begin()
    assert found.maybe() == {"b"}


def test_a_few_files_are_not_worth_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEWEST", 3)
    monkeypatch.setattr(os, "posix_spawn", None)
    assert maybe(tmp_path, ["a", "b"]) == {"a", "b"}


def test_an_error_of_grep_leaves_all_files_to_fi_bump(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"none", "b": b"kit"})
    assert maybe(tmp_path, ["a", "b", "gone"]) == {"a", "b", "gone"}


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "exit 2",
        "exit 0",
        "printf '(standard input)\\0'; exit 1",
        "printf '(standard input)\\n'",
        "cat > /dev/null; printf '%s\\0' \"$PWD\"",
        "kill -9 $$",
    ],
)
def test_another_grep_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "grep"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(search, "_PLACES", (str(tmp_path / "none"), str(program)))
    plant(tmp_path, {"a": b"none", "b": b"kit"})
    assert maybe(tmp_path, ["a", "b"]) == {"a", "b"}


def test_no_grep_and_another_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_PLACES", (str(tmp_path / "none"),))
    assert maybe(tmp_path, ["a"]) == {"a"}
    monkeypatch.setattr(search, "_PLACES", GREP)
    monkeypatch.setattr("fi_bump.scanning.search.sys.platform", "darwin")
    assert maybe(tmp_path, ["a"]) == {"a"}


def test_what_cannot_be_read_is_an_error_with_grep_too(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": b"none", "b.py": b"none"})
    (tmp_path / "c.py").symlink_to("nowhere")
    assert scan(str(tmp_path), LOCK).pins == ()
    (tmp_path / "b.py").chmod(0)
    if os.access(tmp_path / "b.py", os.R_OK):
        pytest.skip("the superuser can read every file")
    with pytest.raises(FileError):
        scan(str(tmp_path), LOCK)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_a_scan_finds_the_same_without_grep(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    shutil.copytree(CASES / case / "tree", root)
    lock = Lock(proposed())
    found = said(scan(str(root), lock))
    monkeypatch.setattr(search, "_PLACES", ())
    assert said(scan(str(root), lock)) == found


def test_answers_are_taken_as_soon_as_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"a": b"x", "b": b"kit", "c": b"a kit", "d": b"y"})
    monkeypatch.setattr(search, "_FEWEST", 1)
    found = word_search(str(tmp_path), WORDS)
    assert found.answered() == set()
    found.add("a", "b")
    found.begin()
    seconds = 0.0
    while not found.answered() and seconds < 60:
        time.sleep(0.01)
        seconds += 0.01
    assert found.answered() == {"b"}
    found.add("c", "d")
    assert found.answered() == {"b"}
    assert found.maybe() == found.answered() == {"b", "c"}
