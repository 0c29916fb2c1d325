"""Count what fi-bump moves of a real bump: a repository before and after its own next bump, and `init` and `set` on it.

    python -m benchmarks.coverage vllm==0.21.0,0.22.0 skyrl=BEFORE,AFTER lmcache@nixl=BEFORE,AFTER …

An argument is a project with two releases, whose source distributions are downloaded from the package index, or a name
with two folders. `@` comes before the family that moves, if that is not flashinfer. For each it prints a row of
docs/coverage.md, and below the table every line that is not moved, and every line that is moved although the
repository's own bump left it, each with what happens to it.

A line of the bump is a line with the old version which the tree after the bump has with the new version instead. A
line is named if `init`, `check` or `set` print its path and its number.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fi_bump.boundary.left_out import is_skipped
from fi_bump.lock.reading import load
from fi_bump.lock.records import LOCK_NAME

TOP = Path(__file__).resolve().parent.parent


# A path and the number of a line in it.
Line = tuple[str, int]

_ADD = re.compile(r"^([^\s:]+):(\d+):.* fi-bump (site add (?:--group \S+ )?(?:'[^']+'|\S+))", re.MULTILINE)
# What a build writes into a source distribution, and what a resolver regenerates from the pins.
_WRITTEN = (LOCK_NAME, "PKG-INFO", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+(?:\.?(?:post|rc|dev|a|b)[0-9]+)?")
_HUNK = re.compile(r"^@@ -([0-9]+)(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@", re.MULTILINE)
_LARGEST = 1_000_000


class Row(NamedTuple):
    """The numbers of one tree, and its lines to explain."""

    name: str
    old: str
    new: str
    bumped: set[Line]
    by_init: set[Line]
    after_adding: set[Line]
    named: set[Line]
    foreign: set[Line]
    texts: dict[Line, str]


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run fi-bump on a tree."""
    command = [sys.executable, "-m", "fi_bump", "-C", str(root), *arguments]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)


def texts(root: Path) -> dict[str, list[str]]:
    """Return the lines of every text file by its path."""
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if any(map(is_skipped, relative.parts)) or path.is_symlink() or not path.is_file() or path.name in _WRITTEN:
            continue
        data = path.read_bytes()
        if len(data) <= _LARGEST and b"\0" not in data:
            found[str(relative)] = data.decode("utf-8", "surrogateescape").split("\n")
    return found


def bumped(before: dict[str, list[str]], after: dict[str, list[str]], old: str, new: str) -> set[Line]:
    """Return the lines of the bump in the tree before it.

    Where a file has several equal lines, those that the diff replaces come first.
    """
    pattern = re.compile(
        rf"(?<![0-9A-Za-z.]){re.escape(old)}(?![0-9A-Za-z]|\.[0-9A-Za-z])|(?<=v){re.escape(old)}(?![0-9])"
    )
    found = set()
    for path, lines in before.items():
        then = after.get(path, [])
        gained = Counter(then)
        gained.subtract(lines)
        moved = {number: text for number, line in enumerate(lines, start=1) if (text := pattern.sub(new, line)) != line}
        replaced = _replaced(lines, then, moved) if any(gained[text] > 0 for text in moved.values()) else []
        for number in (*replaced, *(number for number in moved if number not in replaced)):
            if gained[moved[number]] > 0:
                gained[moved[number]] -= 1
                found.add((path, number))
    return found


def _replaced(lines: list[str], then: list[str], moved: dict[int, str]) -> list[int]:
    """Return the numbers of the lines that git's diff of two files replaces by themselves at the new version."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in (("a", lines), ("b", then)):
            (Path(scratch) / name).write_bytes("\n".join(text).encode("utf-8", "surrogateescape"))
        command = ["git", "diff", "--no-index", "--unified=0", "a", "b"]
        patch = subprocess.run(command, cwd=scratch, capture_output=True, check=False).stdout.decode("utf-8", "replace")
    found = []
    for match in _HUNK.finditer(patch):
        first, count, begin, more = (int(each or 1) for each in match.groups())
        left = Counter(then[begin - 1 : begin - 1 + more])
        for number in range(first, first + count):
            if number in moved and left[moved[number]] > 0:
                left[moved[number]] -= 1
                found.append(number)
    return found


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[Line]:
    """Return the lines that differ between two trees with the same files and numbers of lines."""
    return {
        (path, number)
        for path, lines in before.items()
        for number, (one, other) in enumerate(zip(lines, after[path], strict=True), start=1)
        if one != other
    }


def initialized(root: Path, family: str) -> tuple[dict[str, str], str]:
    """Run init on a tree, with --split if the pins tie; return the version of each group, and what init printed."""
    output = ""
    for more in ([], ["--split"]):
        done = run(root, "init", "--group", family, *more)
        output += done.stdout + done.stderr
        if (root / LOCK_NAME).exists():
            return {group.name: group.version for group in load((root / LOCK_NAME).read_bytes()).groups}, output
    return {}, output


def moves(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return each move that is possible: a group, its version, and one that only the tree after the bump has.

    Where no version is new, a group may have moved to the version of another one.
    """
    come = sorted({version for version in after.values() if version not in before.values()})
    come = come or sorted(set(after.values()))
    return [(name, version, new) for name, version in before.items() for new in come if new != version]


def counted(name: str, family: str, old_tree: Path, new_tree: Path) -> Row | None:
    """Return the row of a tree, or None if no version moves between the two."""
    with tempfile.TemporaryDirectory() as scratch:
        first, second, last = (Path(scratch) / each for each in ("first", "second", "last"))
        for source, copy in ((old_tree, first), (new_tree, last)):
            shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", LOCK_NAME))
        shutil.copytree(first, second, symlinks=True)
        before = texts(first)
        known, printed = initialized(first, family)
        possible = moves(known, initialized(last, family)[0])
        if not possible:
            print(f"{name}: no version moves: {known}\n{printed[-400:]}", file=sys.stderr)
            return None
        then = texts(last)
        group, old, new = max(possible, key=lambda move: len(bumped(before, then, move[1], move[2])))
        target = f"{group}=={new}"
        checked = run(first, "check", "--mentions")
        moved = run(first, "set", target, "--offline")
        now = texts(first)
        words = printed + checked.stdout + moved.stdout
        lines = bumped(before, then, old, new)
        # A path may contain blanks.
        named = {(path, number) for path, number in lines if re.search(rf"{re.escape(path)}:{number}[:\s]", words)}
        by_init = changed(before, now)
        foreign = {each for each in by_init if not _only_version(before, now, each, new)}
        # The printed commands, for the lines that the bump moved and init alone did not.
        initialized(second, family)
        for place, number, command in _ADD.findall(run(second, "check").stdout):
            if (place, int(number)) in lines - by_init:
                run(second, *shlex.split(command))
        run(second, "set", target, "--offline")
        added = changed(before, texts(second))
        shown = {each: before[each[0]][each[1] - 1].strip() for each in lines | by_init | added}
        return Row(
            name=name,
            old=old,
            new=new,
            bumped=lines,
            by_init=by_init,
            after_adding=added,
            named=named,
            foreign=foreign,
            texts=shown,
        )


def _only_version(before: dict[str, list[str]], now: dict[str, list[str]], at: Line, new: str) -> bool:
    """Whether a line differs in versions only, each of which is the new one now."""
    path, number = at
    one, other = before[path][number - 1], now[path][number - 1]
    return _VERSION.sub(new, one) == _VERSION.sub(new, other)


def cells(row: Row) -> str:
    """Return a row of the table."""
    hit = len(row.bumped & row.by_init)
    added = len(row.bumped & row.after_adding)
    silent = row.bumped - row.after_adding - row.named
    more = len(row.by_init - row.bumped)
    share = f"{100 * hit // max(len(row.bumped), 1)} %"
    return (
        f"| {row.name} | {row.old} → {row.new} | {len(row.bumped)} | {hit} ({share}) | {added} | {more} "
        f"| {len(row.foreign)} | {len(silent)} |"
    )


def trees(argument: str) -> tuple[str, str, Path, Path]:
    """Return the name, the family and the two folders of an argument."""
    name, _, rest = argument.partition("=")
    name, _, family = name.partition("@")
    if rest.startswith("="):
        from tests.sdists import unpacked

        old, new = rest[1:].split(",")
        return name, family or "flashinfer", unpacked(name, old), unpacked(name, new)
    before, after = rest.split(",")
    return name, family or "flashinfer", Path(before), Path(after)


def main() -> int:
    """Print the table, and the lines to explain."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    rows = []
    head = ["repository", "bump", "lines of the bump", "after init", "after site add", "besides", "foreign", "silent"]
    print(f"| {' | '.join(head)} |")
    print("|---|---|---|---|---|---|---|---|")
    for argument in sys.argv[1:]:
        row = counted(*trees(argument))
        if row is not None:
            rows.append(row)
            print(cells(row), flush=True)
    total = sum(len(row.bumped) for row in rows)
    hit = sum(len(row.bumped & row.by_init) for row in rows)
    added = sum(len(row.bumped & row.after_adding) for row in rows)
    print(f"\n{hit} of {total} lines ({100 * hit / max(total, 1):.1f} %) after init, {added} after site add\n")
    for row in rows:
        for path, number in sorted(row.bumped - row.by_init):
            at = (path, number)
            how = "after site add" if at in row.after_adding else "named" if at in row.named else "SILENT"
            print(f"{row.name}: not moved, {how}: {path}:{number}: {row.texts[at][:110]}")
        for path, number in sorted(row.by_init - row.bumped):
            what = "FOREIGN" if (path, number) in row.foreign else "besides"
            print(f"{row.name}: {what}: {path}:{number}: {row.texts[path, number][:110]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
