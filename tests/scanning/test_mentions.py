"""Mentions: which lines are reported, of what kind they are, and which are left out."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest

from fi_bump.lock.records import Group, Lock, Member
from fi_bump.lock.writing import dump
from fi_bump.pins import Kind, Mark, Pin, Source, Span, Unpinned
from fi_bump.report.finding_lines import mention_line
from fi_bump.scanning import mentions
from fi_bump.scanning.scan import Scan
from tests.conftest import plant

GROUP = Group("kit", "0.7", (Member("kit"), Member("kit-cubin")), ("KIT_VERSION",), ("github.com/o/kit-src",))
LOCK = Lock((GROUP,), ("out",))


def scanned(pins: list[Pin] | None = None, unpinned: list[Unpinned] | None = None) -> Scan:
    return Scan(tuple(pins or ()), tuple(unpinned or ()), (), (), ())


def mentioned(root: Path, data: bytes, pins: list[Pin] | None = None, old: str = "0.6.1") -> list[str]:
    """Return the mentions of a version in a script."""
    plant(root, {"run.sh": data})
    return [mention_line(each) for each in mentions.of_version(str(root), LOCK, GROUP, old, scanned(pins))]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kit 0.6.1", True),
        ("KIT=v0.6.1", True),
        ('kit=="0.6.1"', True),
        ("kit-0.6.1.", True),
        ("kit 0.6.1, and more", True),
        ("kit-0.6.1-py3-none-any.whl", True),
        ("kit 0.6.1+cu130", True),
        ("kit 0.6.11.post2", False),
        ("kit 0.6.1.post2", False),
        ("kit 0.6.1rc1", False),
        ("kit 0.6.10", False),
        ("kit 10.6.1", False),
        ("kit 1.0.6.1", False),
        ("kit x0.6.1", False),
        ("docker push engine:fi0.6.1-cu130", True),
        ("other 0.6.1", True),
        ("0.6.1", True),
        ("kit-0.6.1.tar.gz", True),
        ("kit[cu13]==0.6.1", True),
        ("releases/v0.6.1.zip", True),
        ("other==0.6.1", False),
        ('installed_version="0.6.1+cu130",', True),
        ('assert expected == "0.6.1+cu130"', True),
        ("TARGET_VERSION=0.6.1", True),
        ('other_version = "0.6.1"', False),
        ("kit-extras==0.6.1", True),
        ("toolkit==0.6.1", False),
        ("other[kit]==0.6.1", False),
        ("other-0.6.1.tar.gz", False),
        ("other@0.6.1", False),
        # A tag of another package, or one that says nothing of a package.
        ("docker pull org/x:engine-v0.5.6_other-v0.6.1_x86-cu128", False),
        ("other_kernel-v0.6.1", False),
        ("git tag toolkit-V0.6.1", False),
        ("release-v0.6.1", True),
        ("bump-to-v0.6.1", True),
        ("kit-src-v0.6.1", True),
        ("engine:x-v0.6.1-kit", False),
        ("other-0.6.1-cu128", True),
        ("other-eval v0.6.1", False),
        ("torch 0.6.1", False),
        ("with `nixl_cu12`: v0.6.1", False),
        ("torch: '0.6.1'", False),
        ("torches 0.6.1", True),
        ("torch and 0.6.1", True),
        ("## 0.6.1 Kit", False),
        ("see section 0.6.1", False),
    ],
)
def test_what_mentions_an_old_version(tmp_path: Path, line: str, said: bool) -> None:
    assert mentioned(tmp_path, f"  {line}  \r\n".encode()) == ([f"run.sh:1: text: {line}"] if said else [])


def test_mentions_are_near(tmp_path: Path) -> None:
    # A version with two components only is one where a name is near.
    assert mentioned(tmp_path, b"kit\n\n0.6\n", old="0.6") == ["run.sh:3: text: 0.6"]
    assert mentioned(tmp_path, b"\n\nkit\n\n0.6\n", old="0.6") == ["run.sh:5: text: 0.6"]
    assert mentioned(tmp_path, b"kit\n\n\n0.6\n", old="0.6") == []
    assert mentioned(tmp_path, b"0.6\nkit\n", old="0.6") == []


@pytest.mark.parametrize("old", ["0.6.1", "0.6.post1", "1.0rc1", "1!2.3.4"])
def test_a_distinctive_version_needs_no_name(tmp_path: Path, old: str) -> None:
    assert mentioned(tmp_path, f"X={old}\n".encode(), old=old) == [f"run.sh:1: text: X={old}"]


def test_a_version_of_another_group_needs_a_name(tmp_path: Path) -> None:
    other = Group("other", "0.6.1", (Member("other"),), (), ())
    plant(tmp_path, {"run.sh": b"0.6.1\n\n\nkit 0.6.1\n"})
    lock = Lock((GROUP, other), ())
    found = mentions.of_version(str(tmp_path), lock, GROUP, "0.6.1", scanned())
    assert [each.line for each in found] == [4]


@pytest.mark.parametrize(
    ("line", "said"),
    [("kit 2.13", True), ("cu13kit2.13", True), ("kit==2.13", True), ("2.13", False), ("other 2.13", False)],
)
def test_a_version_with_a_zero_at_its_end_is_written_without_it_too(tmp_path: Path, line: str, said: bool) -> None:
    assert mentioned(tmp_path, line.encode(), old="2.13.0") == ([f"run.sh:1: text: {line}"] if said else [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kit==2.13.0", True),
        ("kit==2.13.0.post1", False),
        ("kit==2.13.1", False),
        ("x==2.13.0", False),
    ],
)
def test_a_version_is_written_with_a_zero_at_its_end_too(tmp_path: Path, line: str, said: bool) -> None:
    assert mentioned(tmp_path, line.encode(), old="2.13") == ([f"run.sh:1: text: {line}"] if said else [])


def test_earlier_versions() -> None:
    locks = [dump(LOCK._replace(groups=(GROUP._replace(version=each),))) for each in ("0.6.1", "0.7", "0.5.3")]
    assert mentions.earlier_versions(LOCK, [*locks, b"{"]) == {"kit": ("0.6.1", "0.5.3")}


def test_a_line_is_mentioned_once_and_cut(tmp_path: Path) -> None:
    assert mentioned(tmp_path, b"kit 0.6.1 0.6.1 " + b"x" * 200) == [
        "run.sh:1: text: kit 0.6.1 0.6.1 " + "x" * 104 + "…"
    ]


def test_mentions_leave_out(tmp_path: Path) -> None:
    text = b"kit 0.6.1\n"
    plant(
        tmp_path,
        {
            "versions.lock.json": text,
            "binary": text + b"\0",
            "large": text + b" " * 1_000_000,
            "out/a.sh": text,
            ".git/a": text,
            "PKG-INFO": text,
            "a.egg-info/PKG-INFO": text,
            "b.md": text,
        },
    )
    (tmp_path / "dangling").symlink_to("nowhere")
    source = Source("run.sh", text + text)
    pins = [Pin(source, Span(len(text) + 4, len(text) + 9), "kit", Kind.LITERAL, "kit")]
    assert mentioned(tmp_path, text + text, pins) == ["b.md:1: doc: kit 0.6.1", "run.sh:1: text: kit 0.6.1"]


def test_a_dot_in_the_version_is_a_dot(tmp_path: Path) -> None:
    assert mentioned(tmp_path, b"kit 0x6y1 0.6.1\n") == ["run.sh:1: text: kit 0x6y1 0.6.1"]
    assert mentioned(tmp_path, b"kit 0x6y1\n") == []


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("a.sh", "# kit 0.6.1", "comment"),
        ("a.c", "  // kit 0.6.1", "comment"),
        ("a.html", "<!-- kit 0.6.1", "comment"),
        ("a.rst", "# kit 0.6.1", "doc"),
        ("Dockerfile", "FROM org/kit:0.6.1", "image tag"),
        ("compose.yaml", "  image: org/kit:0.6.1", "image tag"),
        ("fix.patch", "+kit==0.6.1", "patch"),
        ("a.sh", "kit 0.6.1", "text"),
    ],
)
def test_kinds(tmp_path: Path, name: str, line: str, kind: str) -> None:
    plant(tmp_path, {name: line.encode()})
    found = mentions.of_version(str(tmp_path), LOCK, GROUP, "0.6.1", scanned())
    assert found == [mentions.Mention(name, 1, kind, "0.6.1", line.strip())]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("pip install kit==0.6.1", "0.6.1"),
        ('KIT_VERSION = "0.6.1"', "0.6.1"),
        ("kit-cubin 0.6.1.post2", "0.6.1.post2"),
        ("kit_cubin-0.6.1+cu130-py3-none-any.whl", "0.6.1"),
        ("kit[cu13]==0.6.1", "0.6.1"),
        ("https://x.invalid/o/kit-src/archive/refs/tags/v0.6.1.tar.gz", "0.6.1"),
        ("Works with kit 0.6.1 and 0.7", "0.6.1"),
        ("kit<0.6.1", "0.6.1"),
        ("kit==0.6.*", "0.6"),
        ("kit 0.6.1 or older", "0.6.1"),
        ("cu13kit0.6/x", "0.6"),
        ("the **kit**: 0.6.1", "0.6.1"),
        ("if version.parse(kit.__version__) < version.parse('0.6.1')", "0.6.1"),
        ("kit>=0.6.1,<0.8", None),
        ("kit~=0.5", None),
        ("kit 0.6.1 or newer", None),
        ("kit 0.6.1+ is needed", None),
        ("the minimum version of kit is 0.6.1", None),
        ("requires kit 0.6.1", None),
        ("kit==0.7.*", "0.7"),
        ("kit is 0.6.1% faster", "0.6.1"),
        ("kit is 19.6% faster", None),
        ("kit needs 2.5 GB", None),
        ("kit at 127.0.0.1", None),
        ("y = kit(1.702 * x)", None),
        ("kit.close(a, b, atol=0.05)", None),
        ("kit = 0.05", None),
        ("kit for CUDA 12.8", None),
        ("other[kit]==0.6.1", None),
        ("other-kit==0.6.1", None),
        ("other-kit==0.5", None),
        ("install other.kit == 0.5", None),
        ("--with other_kit[all]==0.5", None),
        ("other_kit-0.6.1-py3-none-any.whl", None),
        ("FROM nvcr.io/nvidia/kit:26.06", None),
        ("kit-src release v0.6.1.", "0.6.1"),
        ("Kit version: v0.6.1", "0.6.1"),
        ("needs kit >= 0.8rc1", "0.8rc1"),
        ("needs kit >= 0.6.1rc1", None),
        ("kit 0.7", "0.7"),
        ("kit 0.7.0", "0.7.0"),
        ("kit on CUDA 13", None),
        ("kit, and further on the line, much further, 0.6.1", None),
        ("toolkit 0.6.1", None),
        ("kit2 0.6.1", None),
        # An image by year and month, unless the package counts like that.
        ("base-kit26.06-cuda13", None),
        ("image kit:25.11-py3", None),
        ("kit 2026.06", None),
        ("kit 26.13", "26.13"),
        # A `+` after a blank is no bound.
        ("built for kit 0.6.1 + cu121", "0.6.1"),
        ("`kit` 0.6.1+", None),
        # A number that a variable gets whose name ends with the package's.
        ("non_kit = max(0.0, used)", None),
        ("bias_kit[0] = 0.75", None),
        ("my_kit = 0.6.1", "0.6.1"),
        ("MY_KIT = '0.6'", "0.6"),
        ("MY_KIT_VERSIONS=0.6,0.7", "0.6"),
        # A program that introduces itself, and a path.
        ("agent = 'other-kit/0.1.0'", None),
        ("my-kit/0.6.1", None),
        ("https://x.invalid/o/other-kit/0.6.1", "0.6.1"),
    ],
)
def test_other_versions(tmp_path: Path, line: str, version: str | None) -> None:
    plant(tmp_path, {"notes.txt": f"{line}\n".encode(), "versions.lock.json": b"kit 0.1.0"})
    found = mentions.of_others(str(tmp_path), LOCK, scanned(), {})
    assert found == ([] if version is None else [mentions.Mention("notes.txt", 1, "text", version, line)])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('name = "kit"\nversion = "0.6.1"', "0.6.1"),
        ('"name": "KIT_cubin",\n"version": "0.6.1"', "0.6.1"),
        ('name = "kit-sys"\nversion = "0.6.1"', None),
        ("name: 'kit-examples'\nversion: 0.6.1", None),
        ("# the fault of kit 0.6\n# is mended since (0.7.1)", "0.7.1"),
        ("// for kit\n// in another line\n// 0.7.3 is slow", "0.7.3"),
        ("# kit\n# >=0.7.0 is enough", None),
        ("# kit\n# a fault since 0.6, mended in 0.7.2", "0.7.2"),
        ("# kit\n# torch 0.7.1", None),
        ("# kit\n# other 1.7.1 and 0.8", None),
        ("# kit\nrun 0.7.1", None),
        ("# kit\n#\n#\n#\n#\n# 0.7.1", None),
        ("kit\n# 0.7.1", None),
    ],
)
def test_other_versions_below_a_name(tmp_path: Path, text: str, version: str | None) -> None:
    plant(tmp_path, {"notes.txt": text.encode()})
    found = [each.version for each in mentions.of_others(str(tmp_path), LOCK, scanned(), {})]
    # What the first line says itself is no part of this test.
    assert [each for each in found if each != "0.6"] == ([] if version is None else [version])


def test_a_package_that_counts_by_year_has_no_images(tmp_path: Path) -> None:
    group = GROUP._replace(version="25.04")
    plant(tmp_path, {"notes.txt": b"kit 26.06\n"})
    found = mentions.of_others(str(tmp_path), Lock((group,)), scanned(), {})
    assert [each.version for each in found] == ["26.06"]


@pytest.mark.parametrize(
    ("mark", "subject", "version", "said"),
    [
        (Mark.EXACT_GATE, "kit", None, "run.sh:2: exact gate: b 0.6.2 c"),
        (Mark.HASH_NEEDED, "KIT_VERSION", "0.6.2", "run.sh:2: hash needed: b 0.6.2 c"),
        (Mark.IMAGE_TAG, "github.com/o/kit-src", None, "run.sh:2: image tag: b 0.6.2 c"),
        (Mark.LOCK_FILE, "kit", "0.6.2", "run.sh:2: lock file: b 0.6.2 c"),
        (Mark.LOCK_FILE, "kit", "0.7.0", None),
        (Mark.EXACT_GATE, "other", None, None),
        (None, "kit", "0.6.2", None),
    ],
)
def test_marked_places_are_mentions(
    tmp_path: Path, mark: Mark | None, subject: str, version: str | None, said: str | None
) -> None:
    data = b"a\nb 0.6.2 c\n"
    plant(tmp_path, {"run.sh": data})
    place = Unpinned(
        source=Source("run.sh", data), span=Span(4, 9), subject=subject, reason="why", version=version, mark=mark
    )
    expected = [said] if said else []
    for found in (
        mentions.of_version(str(tmp_path), LOCK, GROUP, "0.6.1", scanned(unpinned=[place])),
        mentions.of_others(str(tmp_path), LOCK, scanned(unpinned=[place]), {}),
    ):
        assert [mention_line(each) for each in found] == expected


def test_a_mark_replaces_a_mention(tmp_path: Path) -> None:
    data = b"kit 0.6.1\n"
    plant(tmp_path, {"run.sh": data})
    place = Unpinned(
        source=Source("run.sh", data), span=Span(4, 9), subject="kit", reason="why", version=None, mark=Mark.EXACT_GATE
    )
    found = mentions.of_version(str(tmp_path), LOCK, GROUP, "0.6.1", scanned(unpinned=[place]))
    assert [mention_line(each) for each in found] == ["run.sh:1: exact gate: kit 0.6.1"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kit torchcodec==0.6.1", False),
        ("kit torchcodec[cu13] == '0.6.1'", False),
        ("kit OTHER_VERSION=0.6.1", False),
        ("kit other_version: '0.6.1'", False),
        ('kit {"version": "0.6.1"}', True),
        ("kit KIT_VERSION: 0.6.1", True),
        ('kit {"default": "0.6.1"}', True),
        ("kit = 0.6.1", True),
    ],
)
def test_a_version_of_another_name_is_not_a_mention(tmp_path: Path, line: str, said: bool) -> None:
    assert mentioned(tmp_path, f"{line}\n".encode()) == ([f"run.sh:1: text: {line}"] if said else [])


def test_a_long_line_is_shown_around_its_version(tmp_path: Path) -> None:
    line = b"kit " + b"a" * 200 + b" kit 0.6.1 " + b"b" * 200
    assert mentioned(tmp_path, line) == ["run.sh:1: text: …" + "a" * 55 + " kit 0.6.1 " + "b" * 54 + "…"]


def searched(root: Path) -> int:
    """Return how many times a pattern is run over a text while the mentions of 0.6.1 are looked for."""
    runs = 0

    def count(frame: FrameType, event: str, called: object) -> None:
        nonlocal runs
        runs += event == "c_call" and getattr(called, "__name__", "") == "finditer"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        mentions.of_version(str(root), LOCK, GROUP, "0.6.1", scanned())
    finally:
        sys.setprofile(before)
    return runs


def test_no_pattern_runs_over_a_file_without_the_version(tmp_path: Path) -> None:
    # A pattern takes many times as long as `in`, and `set` reads every file of the repository.
    plant(tmp_path, {f"src/{number}.cpp": b"kit 0.6.2 0x6y1 0_6_1\n" for number in range(50)})
    assert searched(tmp_path) == 0
    plant(tmp_path, {"a.sh": b"kit 0.6.1\n", "b.sh": b"kit 0.6.10\n"})
    # One for each of the two files, and two for each of the lines with the version: its names and its numbers.
    assert searched(tmp_path) == 6
