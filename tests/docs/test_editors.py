"""The problem matcher of docs/editors.md reads what `check` prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.conftest import OLD, TREE, Run, plant

PAGE = (Path(__file__).parents[2] / "docs/editors.md").read_text()
BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]


def test_the_matcher_reads_a_finding(engine: Path, run: Run) -> None:
    plant(engine, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    pattern = BLOCKS[2]["tasks"][0]["problemMatcher"]["pattern"]
    found = [match for line in run(engine, "check").out.splitlines() if (match := re.search(pattern["regexp"], line))]
    (match,) = found
    named = {key: match[pattern[key]] for key in ("file", "line", "column", "message", "code")}
    assert named == {
        "file": "docker/Dockerfile",
        "line": "3",
        "column": "24",
        "message": f"FLASHINFER_VERSION is 0.6.6, the lock says {OLD}",
        "code": "drift",
    }
    assert run(engine, "check", "--fix").code == 0
    assert not any(re.search(pattern["regexp"], line) for line in run(engine, "check").out.splitlines())


def test_the_schema_that_it_names_is_in_the_package() -> None:
    path = BLOCKS[0]["$schema"].partition("site-packages/")[2]
    assert (Path(__file__).parents[2] / path).is_file()
