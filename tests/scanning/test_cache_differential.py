"""A check with the cache and a check of every file give the same answer, whatever happens to the tree in between.

The tree changes at random: edits that keep the size and restore the time, renames, folders that change places, links,
copies with their times, marks of other checkouts, changes of the lock, a clock that steps. FI_BUMP_ROUNDS and
FI_BUMP_SEED choose another number of rounds and another beginning.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fi_bump.commands import check
from fi_bump.errors import FiBumpError
from fi_bump.lock.records import LOCK_NAME
from fi_bump.scanning import cache
from tests.conftest import plant

ROUNDS = int(os.environ.get("FI_BUMP_ROUNDS", "2000"))
SEED = int(os.environ.get("FI_BUMP_SEED", "18"))
VERSIONS = ("0.6.8", "0.6.9", "0.6.7")
FOLDERS = ("", "req", "docker", "docker2", "third_party", "third_party/docker", "a/b", "requirements")
NAMES = (
    "requirements.txt",
    "Dockerfile",
    "x.yml",
    "m.py",
    "Dockerfile.b",
    "req.in",
    "notes.rst",
    "x.txt",
    "pyproject.toml",
    "b.json",
    "k.sh",
)
SITES = (
    "req/requirements.txt#flashinfer-python",
    "docker/Dockerfile#ARG FLASHINFER_VERSION",
    "notes.rst#literal:uses {version} here",
)
EXCLUDES = ((), ("third_party/**",), ("docker2",), ("*.yml",))
# The file system's clock, which is as coarse as on some network file systems, but faster. The cache's idea of a tick is
# twice as long, as with the real ones.
QUANTUM = 20_000_000
TICK = 2 * QUANTUM


class Clock:
    """A clock that steps: files keep the time that it showed when they changed."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = [(0, 0)]

    def step(self, seconds: int) -> None:
        """From now on show the real time and some seconds."""
        self.steps.append((time.time_ns(), seconds * 1_000_000_000))
        # The kernel's time of a change is some milliseconds late.
        time.sleep(0.02)

    def shown_at(self, real: int) -> int:
        """Return what the clock showed at a real time."""
        return real + next(offset for since, offset in reversed(self.steps) if since <= real)

    def time_ns(self) -> int:
        """Return what the clock shows now."""
        return self.shown_at(time.time_ns())


class Coarse:
    """The attributes of a file on a file system with a coarse clock."""

    def __init__(self, now: os.stat_result, clock: Clock) -> None:
        self._now = now
        self.st_ctime_ns = clock.shown_at(now.st_ctime_ns) // QUANTUM * QUANTUM
        self.st_mtime_ns = now.st_mtime_ns // QUANTUM * QUANTUM

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the cache and of the file system."""
    shown = Clock()
    for name in ("stat", "fstat"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda path, real=real, **options: Coarse(real(path, **options), shown))
    monkeypatch.setattr(cache, "time_ns", shown.time_ns)
    monkeypatch.setattr(cache, "_TICK", TICK)
    return shown


class World:
    """A tree that changes at random, and a place outside of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.root = folder / "tree"
        self.outside = folder / "outside"
        self.saved = folder / "saved"
        for each in (self.root, self.outside, self.saved):
            each.mkdir()
        self.version = "0.6.8"
        self.lock()
        for _ in range(6):
            self.new()

    def content(self, name: str) -> bytes:
        """A text of one size for each kind of name, half of the time without a pin."""
        version = self.version if self.random.random() < 0.8 else self.random.choice(VERSIONS)
        python, variable = "flashinfer-python", "FLASHINFER_VERSION"
        if self.random.random() < 0.5:
            python, variable = "flashinfex-python", "FLASHINFEX_VERSION"
        texts = {
            ".in": f"{python}=={version}\n",
            ".txt": f"{python}=={version}\n",
            ".yml": f'{variable}: "{version}"\n',
            ".py": f'x = ["{python}=={version}"]\n',
            ".toml": f"[project]\nname='x'\nversion='1'\ndependencies=[\"{python}=={version}\"]\n",
            ".json": json.dumps({"variable": {variable: {"default": version}}}),
            ".sh": f"{variable}={version}\n",
        }
        default = f"uses {version} here\n" if name.endswith(".rst") else f"FROM a\nARG {variable}={version}\n"
        return texts.get(Path(name).suffix, default).encode()

    def files(self) -> list[Path]:
        """The files that may change; the lock and the marks of other checkouts are not among them."""
        found = [path for path in self.root.rglob("*") if path.is_file() and path.name not in (LOCK_NAME, ".git")]
        return sorted(found)

    def folders(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_dir() and not path.is_symlink())

    def some(self, paths: list[Path], number: int = 1) -> list[Path]:
        """Some different paths. Raises OSError, as a change that is not possible does, where there are too few."""
        if len(paths) < number:
            raise OSError
        return self.random.sample(paths, number)

    def new(self) -> None:
        name = self.random.choice(NAMES)
        plant(self.root / self.random.choice(FOLDERS), {name: self.content(name)})

    def many_at_once(self) -> None:
        for _ in range(self.random.randint(3, 8)):
            self.new()

    def edit_with_the_old_time(self) -> None:
        (path,) = self.some(self.files())
        before = path.stat()
        path.write_bytes(self.content(path.name))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def edit_around_a_check(self) -> None:
        (path,) = self.some(self.files())
        for _ in range(2):
            path.write_bytes(self.content(path.name))
            answer(self.root)

    def replace_with_the_old_time(self) -> None:
        (path,) = self.some(self.files())
        before, new = path.stat(), path.with_name("new.t")
        new.write_bytes(self.content(path.name))
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        new.rename(path)

    def swap_files(self) -> None:
        self.swap(*self.some(self.files(), 2))

    def swap_folders(self) -> None:
        one, two = self.some(self.folders(), 2)
        if one not in two.parents and two not in one.parents:
            self.swap(one, two)

    def swap(self, one: Path, two: Path) -> None:
        aside = self.root / "aside.t"
        one.rename(aside)
        two.rename(one)
        aside.rename(two)

    def twins(self) -> None:
        """Make files of one size at once in two folders."""
        plant(self.root, {f"{folder}/Dockerfile": self.content("Dockerfile") for folder in ("on", "third_party/on")})

    def swap_twins(self) -> None:
        self.swap(self.root / "on", self.root / "third_party/on")

    def move_folder(self) -> None:
        (path,) = self.some(self.folders())
        target = self.root / self.random.choice(["moved", "req", "docker"])
        if not target.exists():
            path.rename(target)

    def copy_folder(self) -> None:
        (path,) = self.some(self.folders())
        target = self.root / f"copy{self.random.randint(0, 2)}"
        if path != target and target not in path.parents and path not in target.parents:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(path, target, symlinks=True)

    def delete(self) -> None:
        self.some(self.files())[0].unlink()

    def delete_folder(self) -> None:
        shutil.rmtree(self.some(self.folders())[0])

    def save(self) -> None:
        (path,) = self.some(self.files())
        kept = self.saved / str(path.relative_to(self.root)).replace("/", "%")
        shutil.copy2(path, kept)

    def restore(self) -> None:
        (kept,) = self.some(sorted(self.saved.iterdir()))
        shutil.copy2(kept, self.root / kept.name.replace("%", "/"))

    def link(self) -> None:
        name = self.random.choice(NAMES)
        path = self.root / self.random.choice(FOLDERS) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        plant(self.outside, {name: self.content(name)})
        path.symlink_to(
            self.random.choice([str(self.outside / name), str(self.root / "req/requirements.txt"), "nowhere"])
        )

    def link_folder(self) -> None:
        path = self.root / "linked"
        path.unlink(missing_ok=True)
        path.symlink_to(self.random.choice([self.outside, self.root / "docker"]))

    def hard_link(self) -> None:
        one, two = self.some(self.files(), 2)
        two.unlink()
        two.hardlink_to(one)

    def mark(self) -> None:
        (path,) = self.some(self.folders())
        mark = path / self.random.choice([".git", "pyvenv.cfg", LOCK_NAME])
        if mark.exists():
            mark.unlink()
        else:
            mark.write_bytes(b"")

    def change_mode(self) -> None:
        self.some(self.files())[0].chmod(self.random.choice([0o644, 0o600, 0o755]))

    def lock(self, sites: float = 0.2) -> None:
        if self.random.random() < 0.3:
            self.version = self.random.choice(VERSIONS)
        group: dict[str, object] = {
            "version": self.version,
            "packages": {"flashinfer-python": {}, "flashinfer-cubin": {}},
            "variables": ["FLASHINFER_VERSION"],
        }
        if self.random.random() < sites:
            group["sites"] = [self.random.choice(SITES)]
        document = {"lock-version": 1, "groups": {"flashinfer": group}, "exclude": list(self.random.choice(EXCLUDES))}
        (self.root / LOCK_NAME).write_text(json.dumps(document, indent=1))

    def fix(self) -> None:
        """Bring the tree into step; a file that makes a check impossible is deleted."""
        for attempt in range(6):
            code, _ = answer(self.root, fix=True)
            if code == 0:
                return
            culprit = self.root / str(code).partition(":")[0]
            if culprit.name != LOCK_NAME and culprit.is_file():
                culprit.unlink()
            elif attempt:
                self.repair()

    def repair(self) -> None:
        """Remove what makes a check impossible: marks at every folder, sites that are gone, no pin at all."""
        for path in [*self.root.rglob(".git"), *self.root.rglob("pyvenv.cfg"), *self.root.rglob(LOCK_NAME)]:
            path.unlink()
        self.lock(0)
        (self.root / "req.in").unlink(missing_ok=True)
        plant(self.root, {"req.in": f"flashinfer-python=={self.version}\n".encode()})


CHANGES: list[Callable[[World], None]] = [
    World.new,
    World.many_at_once,
    World.edit_with_the_old_time,
    World.edit_around_a_check,
    World.replace_with_the_old_time,
    World.swap_files,
    World.swap_folders,
    World.twins,
    World.swap_twins,
    World.swap_twins,
    World.move_folder,
    World.copy_folder,
    World.delete,
    World.delete_folder,
    World.save,
    World.restore,
    World.link,
    World.link_folder,
    World.hard_link,
    World.mark,
    World.change_mode,
    World.lock,
]


def answer(root: Path, *, fix: bool = False) -> tuple[int | str, bytes]:
    """Return the exit code, or the error, and what is printed."""
    out = io.TextIOWrapper(io.BytesIO())
    before, sys.stdout = sys.stdout, out
    try:
        code: int | str = check.run(check.CheckOptions(str(root), fix=fix))
    except FiBumpError as error:
        code = f"{error} ({error.hint})"
    finally:
        sys.stdout = before
    out.flush()
    return code, out.buffer.getvalue()


@pytest.mark.slow
def test_a_check_with_the_cache_is_a_check_of_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    world = World(tmp_path, SEED)
    codes: Counter[int | str] = Counter()
    unread = 0
    done: list[str] = []
    for number in range(ROUNDS):
        done = [*done, f"round {number}"][-40:]
        for _ in range(world.random.choice([0, 1, 1, 1, 2, 3])):
            change = world.random.choice(CHANGES)
            done.append(change.__name__)
            try:
                change(world)
            except OSError:
                done[-1] += " (not possible)"
        monkeypatch.setenv("FI_BUMP_NO_CACHE", "1")
        if world.random.random() < 0.7:
            world.fix()
        if world.random.random() < 0.2:
            clock.step(world.random.choice([0, 3600, -3600]))
            done.append("a step of the clock")
        time.sleep(world.random.choice([0, 0.01, 0.05]))
        whole = answer(world.root)
        monkeypatch.delenv("FI_BUMP_NO_CACHE")
        quick = answer(world.root)
        assert quick == whole, f"seed {SEED}: {', '.join(reversed(done))}"
        codes[whole[0] if isinstance(whole[0], int) else "error"] += 1
        last = cache.recall(str(world.root))
        unread += (
            0 if last.cached is None else len(last.cached.files.keys() - last.cached.found.keys() - last.changed.keys())
        )
    # Otherwise the rounds would show little: a report with findings says nothing about a false green.
    assert codes[0] >= ROUNDS / 2, codes
    assert unread >= ROUNDS, unread
