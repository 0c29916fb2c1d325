"""The files that are passed over install nothing of the lock: reading all of them finds the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.formats.requirements_statements import may_include, read
from fi_bump.installs import tree
from fi_bump.installs.requirement_files import RequirementFiles
from fi_bump.installs.tree import installed
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.pins import Source
from fi_bump.scanning.scan import scan
from tests.conftest import plant

LOCK = Lock((Group("pair", "1.0", (Member("first-pkg"), Member("second-pkg"))),), ())
NAMES = ("Dockerfile", "build.sh", "ci.yml", "Makefile")
# A command that may install a requirement file, in parts, and what may come between them.
STARTS = ["RUN pip install", "pip install", "  - uv pip install", "uv add", "\tpip3 download", "# pip install", "uv"]
OPTIONS = ["-r", "--requirement", "--requirements", "-c", "--constraint", "'-r'", '-"r"', "-", "else==2"]
VALUES = [
    "pins.txt",
    "./requirements/pins.txt/.",
    "requirements/other.txt",
    "pi\\ns.txt",
    "pi\\\nns.txt",
    '"pins".txt',
    "'requirements/pins.txt'",
    "'a $DIR/pins.txt'",
    "$FILE",
    '"$FILE"',
    "${DIR}/pins.txt",
    "${FILE:-pins.txt}",
    "$(FILE)",
    "`cat name`",
    "`cat\nname`",
    "first-pkg",
    "second_pkg==1.0",
]
BEFORE = [
    "",
    "FILE=pins.txt\n",
    "ARG FILE=requirements/pins.txt\n",
    "  FILE: pins.txt\n",
    "# escape=`\n",
    "FROM base\n",
]
BETWEEN = [
    " ",
    "=",
    "",
    " \\\n",
    "\\\r\n",
    " \\ \n  # comment\n",
    "\\\n\n",
    " `\n",
    "\n",
    " '",
    ' "',
    " else==1 ",
    " # ",
    ";",
    " é ",
]
AFTER = [
    "",
    "\n",
    " \\\n",
    "`",
    "'",
    '"',
    " && pip -r x",
    ")",
    " --requirement=top.txt",
    " -r top.txt\n",
    "<<EOF\npip install -r pins.txt\nEOF\n",
]
LINES = [
    "first-pkg==1.0",
    "second",
    "_pkg>=1",
    "else",
    "-r ",
    "-c other.txt",
    "pins.txt",
    "--index-url https://index.example/simple",
    " -r ../top.txt",
    "requirements/pins.txt",
    "\\",
    "\n",
    "\r\n",
    "\x0c",
    "\u2028",
    " ",
    "\ufeff",
    "# via -r ",
    "--requirement=pins.txt",
    "-",
    "r x.txt",
]
PARTS = (BEFORE, STARTS, BETWEEN, OPTIONS, BETWEEN, VALUES, BETWEEN, OPTIONS, BETWEEN, VALUES, AFTER)
TEXTS = st.tuples(*map(st.sampled_from, PARTS)).map("".join)
FILES = st.just("first-pkg==1.0") | st.lists(st.sampled_from(LINES), max_size=8).map("".join)


@given(name=st.sampled_from(NAMES), command=TEXTS, top=FILES, pins=FILES, other=FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_what_is_passed_over_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str, top: str, pins: str, other: str
) -> None:
    texts = {name: command, "top.txt": top, "requirements/pins.txt": pins, "requirements/other.txt": other}
    texts["requirements.txt"] = "-r top.txt\n"
    root = tmp_path / name
    plant(root, {path: text.encode() for path, text in texts.items()})
    for each in NAMES:
        if each != name:
            (root / each).unlink(missing_ok=True)
    found = scan(str(root), LOCK)
    passing_over = installed(str(root), LOCK, found)
    with monkeypatch.context() as patch:
        patch.setattr(tree, "may_install", _as_before)
        patch.setattr(RequirementFiles, "naming", lambda self, words: frozenset(self))
        assert installed(str(root), LOCK, found) == passing_over


def _as_before(source: Source, form: str, words: tuple[bytes, ...], requirement_files: frozenset[str]) -> bool:
    """The test of the words alone, without a look at the commands."""
    data = source.data
    has_command = b"pip" in data or b"uv" in data or b"index-url" in data
    return has_command and (any(word in data.lower() for word in words) or b" -r" in data or b"--requirement" in data)


@given(FILES)
def test_law_only_a_line_that_begins_with_a_hyphen_includes(text: str) -> None:
    source = Source("requirements.txt", text.encode())
    assert may_include(source.data) or not read(source).includes


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip install -r requirements/pins.txt", {"first-pkg"}),
        ("pip install -r requirements/\\\npins.txt", {"first-pkg"}),
        ("FILE=requirements/pins.txt pip install -r $FILE", {"first-pkg"}),
        ("pip install -r requirements/else.txt", {"first-pkg"}),
    ],
)
def test_a_file_that_names_no_package_itself(tmp_path: Path, command: str, expected: set[str]) -> None:
    texts = {"build.sh": command, "requirements/pins.txt": "first-pkg==1.0\n", "requirements/else.txt": "else\n"}
    plant(tmp_path, {path: text.encode() for path, text in texts.items()})
    found = installed(str(tmp_path), LOCK, scan(str(tmp_path), LOCK))
    assert found.names == expected
    by_command = {each.place.path for each in found.installations} == {"build.sh"}
    assert by_command is ("else" not in command)
