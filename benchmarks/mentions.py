"""Measure mentions as a search: precision and recall of `check --mentions` and of the end of `set` on labelled lines.

`mentions.json` has the labels: for each tree and group the path, the line number and a digest of the line, not its
text. A label says what the line is, read by a person: it names another version of the group than the lock's (`other`);
it names the lock's own version and is not a pin, so that a move leaves it behind (`locked`); or neither (`no`). A bound
that the lock satisfies is no mention. Of a tree with many lines the labels are a sample, taken by digest. Trees that
are `held-out` were labelled after the rules were written, and are counted for themselves.

The script takes the trees that the package index has from there. Those of repositories need a checkout of the commit:
`python -m benchmarks.mentions NAME=FOLDER ...`. `--unlabelled` prints lines without a label, for a person to label.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fi_bump import families
from fi_bump.grouping import filled
from fi_bump.lock.records import Lock
from fi_bump.scanning import mentions
from fi_bump.scanning.mention_rules import rules_of
from fi_bump.scanning.scan import scan
from tests.sdists import unpacked

LABELS = Path(__file__).with_name("mentions.json")
_NUMBER = re.compile(rb"[0-9]\.[0-9]")
_LARGEST = 1_000_000


class Found(NamedTuple):
    """The lines of one tree: every candidate with its bytes, those that are pins, and what the two commands list."""

    lines: dict[str, bytes]
    pinned: set[str]
    check: set[str]
    set_: set[str]


def main() -> None:
    """Print a table, or the lines without a label."""
    arguments = [each for each in sys.argv[1:] if each != "--unlabelled"]
    folders = dict(each.split("=", 1) for each in arguments)
    total, fresh = [0] * 8, [0] * 8
    print("| tree | group | lines | `check --mentions`: precision, recall | end of `set`: precision, recall |")
    print("|---|---|---|---|---|")
    for tree in json.loads(LABELS.read_text()):
        folder = Path(folders[tree["name"]]) if tree["name"] in folders else _released(tree)
        if folder is None:
            print(f"| {tree['name']} | {tree['group']} | not measured: it needs a checkout of {tree['commit']} | | |")
            continue
        found = look(folder, tree["group"], tree["version"])
        if len(sys.argv) > len(arguments) + 1:
            print("\n".join(unlabelled(found, tree)))
            continue
        counts = measure(found, tree)
        total = [one + other for one, other in zip(total, counts, strict=True)]
        if tree.get("held-out"):
            fresh = [one + other for one, other in zip(fresh, counts, strict=True)]
        print(_row(tree["name"], tree["group"], len(tree["lines"]), counts))
    trees = json.loads(LABELS.read_text())
    print(_row("all", "", sum(len(tree["lines"]) for tree in trees), total))
    print(_row("held out", "", sum(len(tree["lines"]) for tree in trees if tree.get("held-out")), fresh))


def _released(tree: dict[str, str]) -> Path | None:
    return unpacked(tree["name"], tree["release"]) if "release" in tree else None


def _row(name: str, group: str, lines: int, counts: list[int]) -> str:
    cells = []
    for right, listed, hit, true in (counts[:4], counts[4:]):
        precision = f"{right / listed:.2f} ({right} of {listed})" if listed else "none listed"
        recall = f"{hit / true:.2f} ({hit} of {true})" if true else "none to find"
        cells.append(f"{precision}, {recall}")
    return f"| {name} | {group} | {lines} | {' | '.join(cells)} |"


def look(folder: Path, name: str, version: str) -> Found:
    """Return the candidates of a tree and what fi-bump would list after `init --group NAME --version VERSION` in it."""
    root = str(folder)
    family = families.families()[name]
    scanned = scan(root, Lock((family,)), quiet=True)
    group = filled(family, Lock((family,)), scanned, version) or family._replace(version=version)
    lock = Lock((group,))
    others = mentions.of_others(root, lock, scanned, {})
    left = mentions.to_look_at(root, lock, group, version, scanned, ())
    pinned = {f"{pin.source.path}:{pin.place.line}" for pin in scanned.pins}
    words = rules_of(group).words
    lines = {at: line for at, line in _candidates(folder, words, version.encode()) if at not in pinned}
    return Found(lines, pinned, _places(others), _places(left))


def _places(found: list[mentions.Mention]) -> set[str]:
    return {f"{each.path}:{each.line}" for each in found}


def _candidates(root: Path, words: tuple[bytes, ...], version: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each line with a number and a name of the group on it or above it, or with the version."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name == "PKG-INFO" or path.stat().st_size > _LARGEST:
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        above = b""
        for number, line in enumerate(data.split(b"\n"), 1):
            near = (above + line).lower()
            if version in line or (_NUMBER.search(line) and any(word in near for word in words)):
                yield f"{path.relative_to(root).as_posix()}:{number}", line
            above = line


def digest(line: bytes) -> str:
    """Return what a label keeps of a line."""
    return hashlib.sha256(line.strip()).hexdigest()[:12]


def measure(found: Found, tree: dict[str, dict[str, list[str]]]) -> list[int]:
    """Count among the labelled lines: mentions that are listed, all that are listed, those found, and those to find.

    The first four numbers are for `check --mentions`, the others for the end of `set`. `set` must find what has the old
    version. It may list a mention of another version too: what is stale already is shown until it is gone.
    """
    labels = {}
    for at, (known, label) in tree["lines"].items():
        if at in found.pinned:
            continue  # A finder reads it since it was labelled.
        if at not in found.lines or digest(found.lines[at]) != known:
            raise SystemExit(f"{tree['name']}: {at} is not the line that was labelled")
        labels[at] = label
    counts: list[int] = []
    for listed, wanted in ((found.check, ("other", "locked")), (found.set_, ("locked",))):
        ours = {at for at in labels if at in listed}
        true = {at for at, label in labels.items() if label in wanted}
        counts += [sum(labels[at] != "no" for at in ours), len(ours), len(ours & true), len(true)]
    return counts


def unlabelled(found: Found, tree: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return the lines without a label in the order of their digests, each with what fi-bump says of it now."""
    said = []
    for at, line in sorted(found.lines.items(), key=lambda item: digest(item[0].encode())):
        if at not in tree["lines"]:
            listed = ("C" if at in found.check else "-") + ("S" if at in found.set_ else "-")
            text = line.strip().decode(errors="replace")
            said.append(f"{tree['name']} {tree['group']} {at}\t{digest(line)}\t{listed}\t{text}")
    return said


if __name__ == "__main__":
    main()
