"""Test that `check` of a tree in step stays cheap, by counting instructions: unlike time, no busy machine changes them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LOCK, TREE, plant

COUNT = """
import sys
count = 0
def trace(frame, event, argument):
    global count
    frame.f_trace_opcodes = True
    if event == "opcode":
        count += 1
    return trace
sys.argv = ["fi-bump", "-C", sys.argv[1], "check"]
from fi_bump.commands import check
options = check.parse(sys.argv[1:])
sys.settrace(trace)
code = check.run(options)
sys.settrace(None)
print(code, count)
"""


def instructions(root: Path) -> int:
    """Return how many Python instructions a check of this tree executes, including those of its imports."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", COUNT, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    code, count = done.stdout.split()[-2:]
    assert code == "0"
    return int(count)


@pytest.mark.slow
def test_each_further_file_costs_little(tmp_path: Path) -> None:
    def tree(name: str, others: int, candidates: int) -> int:
        root = tmp_path / name
        plant(root, {**TREE, "versions.lock.json": LOCK})
        plant(root, {f"src/{number}.cpp": b"flashinfer-python==0.6.6\n" for number in range(others)})
        plant(root, {f"configs/{number}.json": b'{"a": 1}' for number in range(candidates)})
        return instructions(root)

    small = tree("small", 0, 0)
    # A file that is never read is remembered for those who look for mentions.
    assert (tree("others", 300, 0) - small) / 300 < 75
    assert (tree("candidates", 0, 300) - small) / 300 < 550


@pytest.mark.slow
def test_each_python_file_costs_little_until_a_version_stands_near_a_wanted_name(tmp_path: Path) -> None:
    def each(name: str, text: bytes) -> float:
        counts = []
        for number in (1, 301):
            root = tmp_path / f"{name}-{number}"
            plant(root, {**TREE, "versions.lock.json": LOCK})
            plant(root, {f"src/{index}.py": text for index in range(number)})
            counts.append(instructions(root))
        return (counts[1] - counts[0]) / 300

    foreign = each("foreign", b"x = '1.0'\n")
    naming = each(
        "naming", b"import flashinfer\n" + b"x = flashinfer.y('z', 0.5)\n" * 300 + b"x = 1\n" * 500 + b"y = '1.0'\n"
    )
    # grep rules out the foreign files, so this includes opening and reading a file.
    assert naming - foreign < 1750
    # It also rules out the files that name something and have no string that begins like a version with a dot.
    plain = each("plain", b"import flashinfer\n" + b"x = flashinfer.y('z', 0.5)\n" * 300 + b"y = '10'\n")
    assert plain - foreign < 200
    # The address of the repository in a comment, and calls that only sound like git's commands.
    address = b"# https://github.com/flashinfer-ai/flashinfer/issues/1\ny = remote(x.clone())\n"
    linking = each("linking", address + b"x = f('a', [b, 'c'])\n" * 300)
    assert linking - foreign < 1800


@pytest.mark.slow
def test_a_long_dockerfile_costs_little_where_it_names_nothing(tmp_path: Path) -> None:
    root = tmp_path / "engine"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    small = instructions(root)
    plant(root, {"docker/Dockerfile": TREE["docker/Dockerfile"] + b"ARG X=1\nRUN a \\\n    && b\n" * 300})
    assert (instructions(root) - small) / 900 < 500


def machine_instructions(root: Path, scratch: Path, *arguments: str, **variables: str) -> int:
    """Return how many millions of machine instructions Python executes in a tree, without the processes it starts."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON"))}
    environment |= {"FI_BUMP_NO_CACHE": "1", "PYTHONPYCACHEPREFIX": str(scratch), "PYTHONHASHSEED": "0", **variables}
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=root, check=True, env=environment, stdout=subprocess.DEVNULL)
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, env=environment)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    assert collected is not None
    return int(collected[1]) // 1_000_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind counts the instructions")
def test_a_check_without_a_cache_reads_little_itself(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    plant(root, {**TREE, "versions.lock.json": LOCK})
    small = machine_instructions(root, tmp_path / "code", "-m", "fi_bump", "check")
    plant(root, {f"src/{number}.py": b"def f(x):\n    return x + 1\n" * 400 for number in range(1000)})
    # Reading and searching each of these files in Python takes 130,000 instructions, and grep's process is not counted.
    others = machine_instructions(root, tmp_path / "code", "-m", "fi_bump", "check") - small
    assert others < 20
    # These name a backend, but no version is near it: no finder reads their strings.
    text = b"import flashinfer\n" + b"x = flashinfer.f('y', 2)\n" * 5 + b"y = g('z', 0.5)\n" * 300
    plant(root, {f"use/{number}.py": text for number in range(100)})
    assert machine_instructions(root, tmp_path / "code", "-m", "fi_bump", "check") - small - others < 52
