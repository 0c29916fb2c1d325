"""Measure `audit --api` over pairs of an engine's release and a FlashInfer release, and write its table.

    python benchmarks/api.py [PAIR...]      PAIR is PROJECT==VERSION:RELEASE:NEXT; default: all pairs of PAIRS

Each pair is compared twice in a process of its own: with an empty cache (cold), and with the sources of the wheels
stored (warm). Seconds are those of the whole command, pages of the index included, on the clock and of the processor;
bytes are what the first run receives of FlashInfer's wheels, also of those that it reads to find the release in which
something changed. The engines are source distributions from the configured index, kept as the tests
keep them (tests/sdists.py).
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from fi_bump.report.finding_lines import count
from tests.sdists import unpacked

TOP = Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "measurements" / "api.md"
MARK = "<!-- benchmarks/api.py -->"
# The engine's release, the release of FlashInfer that is proposed to it, and a later release of the engine that pins
# that one or a newer one: what it changed says what people had to do.
PAIRS = (
    "vllm==0.11.1:0.5.3:0.12.0",
    "vllm==0.12.0:0.6.1:0.16.0",
    "vllm==0.14.0:0.6.1:0.16.0",
    "vllm==0.14.0:0.6.18:0.29.0",
    "vllm==0.16.0:0.6.4:0.17.0",
    "vllm==0.17.0:0.6.6:0.18.0",
    "vllm==0.18.0:0.6.8.post1:0.20.0",
    "vllm==0.19.1:0.6.8.post1:0.20.0",
    "vllm==0.21.0:0.6.11.post2:0.22.0",
    "vllm==0.22.0:0.6.12:0.23.0",
    "vllm==0.23.0:0.6.13:0.25.0",
    "vllm==0.24.0:0.6.13:0.25.0",
    "vllm==0.25.0:0.6.14:0.26.0",
    "vllm==0.26.0:0.6.16.post3:0.27.0",
    "vllm==0.28.0:0.6.18:0.29.0",
    "vllm==0.29.0:0.6.18.post1:0.30.0",
    "vllm==0.30.0:0.7.0.post1:0.31.0",
    "vllm==0.32.0:0.7.2.post1:0.33.0",
    "vllm==0.21.0:0.7.2.post1:0.33.0",
    "sglang==0.5.5:0.5.2:0.5.5.post3",
    "sglang==0.5.5.post3:0.5.3:0.5.6",
    "sglang==0.5.7:0.6.1:0.5.8",
    "sglang==0.5.8:0.6.3:0.5.9",
    "sglang==0.5.9:0.6.7.post2:0.5.10",
    "sglang==0.5.10.post1:0.6.8.post1:",
    "sglang==0.5.10.post1:0.7.2.post1:",
)
# Prints what a run received of each wheel of FlashInfer behind its report, on standard error.
RUN = """\
import json, sys
from collections import Counter
from fi_bump.index import http
received = Counter()
ask = http.Http.get_range
def watched(self, url, first, last):
    answer = ask(self, url, first, last)
    if "/flashinfer_python-" in url:
        received[url.rpartition("/")[2]] += len(answer.body)
    return answer
http.Http.get_range = watched
from fi_bump.__main__ import main
try:
    main()
finally:
    print(json.dumps(received), file=sys.stderr)
"""


class Measured(NamedTuple):
    """One run: the part of its JSON about the code, and its seconds on the clock and of the processor.

    `received` are the bytes of each wheel.
    """

    fit: dict[str, Any]
    seconds: float
    processor: float
    received: dict[str, int]

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.processor:.1f})"


def main() -> None:
    """Measure the pairs, print each row as it comes, and write the table when all pairs were asked for."""
    pairs = sys.argv[1:] or list(PAIRS)
    rows = []
    for pair in pairs:
        rows.append(row(pair))
        print(rows[-1], flush=True)
    if not sys.argv[1:]:
        header = "| code | pinned | proposed | uses | breaks | changed | at its pin | notes | cold | warm | received |"
        table = "\n".join([header, f"|{' --- |' * (header.count('|') - 1)}", *rows])
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            re.sub(f"(?s){MARK}.*?{MARK}", lambda _: f"{MARK}\n\n{table}\n\n{MARK}", text), encoding="utf-8"
        )


def row(pair: str) -> str:
    """The row of one pair."""
    engine, release, *after = pair.split(":")
    project, _, version = engine.partition("==")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "engine"
        shutil.copytree(unpacked(project, version), root, symlinks=True)
        init = [sys.executable, "-m", "fi_bump", "-C", str(root), "init", "--group", "flashinfer"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
        alone(root / "versions.lock.json")
        cold, warm = (measured(root, release, Path(scratch) / "cache") for _ in range(2))
    fit = cold.fit
    rules = Counter(each["rule"] for each in fit["findings"])
    breaks = [each for each in fit["findings"] if each["severity"] == "error"]
    places = [(each["symbol"], place) for each in breaks for place in each["places"]]
    notes = sum(rules.values()) - len(breaks) - rules["api-pin"]
    cells = [
        f"{project} {version}",
        fit["pinned"],
        release,
        f"{fit['judged']} of {fit['uses']}",
        f"{len(breaks)} at {len(places)}" if breaks else "0",
        changed(unpacked(project, version), unpacked(project, after[0]), places) if after and after[0] else "",
        str(rules["api-pin"]),
        str(notes),
        str(cold),
        str(warm),
        f"{sum(cold.received.values()) / 1e6:.1f} MB of {count(len(cold.received), 'wheel')}",
    ]
    return f"| {' | '.join(cells)} |"


def alone(lock: Path) -> None:
    """Leave FlashInfer's Python package alone in the lock: the others have no code to compare, and other indexes."""
    document = json.loads(lock.read_bytes())
    group = document["groups"]["flashinfer"]
    group["packages"] = {name: table for name, table in group["packages"].items() if name == "flashinfer-python"}
    group["sites"] = [each for each in group["sites"] if "cubin" not in each and "jit-cache" not in each]
    lock.write_text(json.dumps(document))


def changed(before: Path, after: Path, places: list[tuple[str, dict[str, Any]]]) -> str:
    """How many of the calls at `places` the later tree does not have any more, as they were, in the same file."""
    gone = 0
    for symbol, place in places:
        name = symbol.rpartition(".")[2]
        was = {text for line, text in calls(before / place["path"], name) if line == place["line"]}
        still = {text for _, text in calls(after / place["path"], name)}
        gone += not (was & still)
    return f"{gone} of {len(places)}" if places else ""


def calls(path: Path, name: str) -> list[tuple[int, str]]:
    """The statements of a file that name a function, and the calls of it: line and text."""
    if not path.exists():
        return []
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, (ast.Call, ast.ImportFrom)) and name in ast.unparse(node):
            found.append((node.lineno, ast.unparse(node)))
    return found


def measured(root: Path, release: str, cache: Path) -> Measured:
    """One run of the comparison."""
    arguments = ["-C", str(root), "audit", release, "--api", "--format", "json"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    before = _processor()
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], env=environment, capture_output=True, check=False)
    seconds = time.monotonic() - start
    fits = json.loads(done.stdout)["result"]["api"]
    fit = next(each for each in fits if each["package"] == "flashinfer-python")
    received = json.loads(b"{" + done.stderr.rpartition(b"{")[2])
    return Measured(fit, seconds, _processor() - before, received)


def _processor() -> float:
    """The processor's seconds of all processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
