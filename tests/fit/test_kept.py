"""A comparison is kept for the bytes that it was made of, whatever happens to the tree in between."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from fi_bump.fit.engine.files import RepositoryFiles, python_files
from fi_bump.fit.kept import KeptFits
from fi_bump.fit.model import Compared, Fit
from fi_bump.fit.releases import ReleaseAnswers
from tests.conftest import plant
from tests.scanning.test_cache_differential import CHANGES, ROUNDS, SEED, Clock, World, clock

__all__ = ["clock"]
ASKED = Compared("kit", "1.0", "2.0", "github.com/kit/kit", "kit")
ANSWERS = ReleaseAnswers((("1.0", "kit-1.0-py3-none-any.whl", "0" * 64),), (), ())


@pytest.fixture(autouse=True)
def _keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep comparisons, in a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("FI_BUMP_NO_CACHE")


@pytest.mark.slow
def test_what_is_kept_is_of_these_bytes(tmp_path: Path, clock: Clock) -> None:
    world = World(tmp_path, SEED)
    root = str(world.root)
    before: dict[str, bytes] = {}
    seen: Counter[str] = Counter()
    for number in range(ROUNDS // 2):
        if world.random.random() < 0.3:  # the same file often, so that it changes twice in a tick of the clock
            plant(world.root, {"src/a.py": b"import kit  # %d\n" % world.random.randrange(10)})
        for _ in range(world.random.choice([0, 0, 1, 2])):
            try:
                world.random.choice(CHANGES)(world)
            except OSError:
                seen["not possible"] += 1
        if world.random.random() < 0.05:
            clock.step(world.random.choice([0, 3600, -2]))
        time.sleep(world.random.choice([0, 0.01, 0.05]))
        paths = python_files(root, [])
        kept = KeptFits(root, paths)
        now = {path: RepositoryFiles(root).read(path) for path in paths}
        if kept.may_have(ASKED):
            assert now == before, f"seed {SEED}, round {number}"
            seen["kept"] += 1
        else:
            kept.keep(ASKED, Fit("kit", "1.0", "2.0"), ANSWERS)
            if kept.may_have(ASKED):
                before = now
                seen["new"] += 1
    # Otherwise the rounds would show nothing.
    assert min(seen["kept"], seen["new"]) >= ROUNDS / 40, seen


def test_any_release_where_none_is_proposed_yet(tmp_path: Path) -> None:
    KeptFits(str(tmp_path), []).keep(ASKED, Fit("kit", "1.0", "2.0"), ANSWERS)
    again = KeptFits(str(tmp_path), [])
    for asked, known in [
        (ASKED, True),
        (ASKED._replace(proposed=None), True),
        (ASKED._replace(proposed="2.1"), False),
        (ASKED._replace(pinned="1.1", proposed=None), False),
        (ASKED._replace(package="other"), False),
    ]:
        assert again.may_have(asked) is known
    assert not KeptFits(str(tmp_path / "elsewhere"), []).may_have(ASKED)


def test_what_is_not_sure_is_not_kept(tmp_path: Path) -> None:
    KeptFits(str(tmp_path), []).keep(ASKED, Fit("kit", "1.0", "2.0"), None)
    assert not KeptFits(str(tmp_path), []).may_have(ASKED)


def test_a_link_to_nothing_has_a_state_too(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").symlink_to("b.svg")
    KeptFits(str(root), ["a.py"]).keep(ASKED, Fit("kit", "1.0", "2.0"), ANSWERS)
    assert KeptFits(str(root), ["a.py"]).may_have(ASKED)
    plant(root, {"b.svg": b"import kit\n"})
    assert not KeptFits(str(root), ["a.py"]).may_have(ASKED)
