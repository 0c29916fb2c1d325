"""Carry out a bisection: one environment after the other, each removed after its answer, the state kept after each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from fi_bump.bisection.environments import requested, to_hold
from fi_bump.bisection.judging import Trial, judge
from fi_bump.bisection.model import Bisection, Judgement, Tried
from fi_bump.bisection.search import next_place
from fi_bump.errors import FiBumpError
from fi_bump.lock.records import Group
from fi_bump.repository import Repository
from fi_bump.smoke import storage
from fi_bump.smoke.base_interpreter import Base, examine
from fi_bump.smoke.beside import pinned_beside
from fi_bump.smoke.environment import Maker, plain
from fi_bump.smoke.interpreter import Interpreter, inspect
from fi_bump.smoke.model import Target
from fi_bump.smoke.probes.protocol import ProbeRequest
from fi_bump.smoke.progress import INSTALL, Progress
from fi_bump.smoke.ranges import name_of
from fi_bump.smoke.registry import TARGET
from fi_bump.smoke.shard import Shard
from fi_bump.versions import same_version


class BisectPlace(NamedTuple):
    """Where a bisection runs: the repository and its group, the cache folder, the devices and the time limit."""

    repository: Repository
    group: Group
    cache: str
    devices: str | None = None
    seconds: float | None = None


class BisectSession:
    """Tries releases and passes the state to `keep` after each."""

    def __init__(
        self, place: BisectPlace, state: Bisection, progress: Progress, keep: Callable[[Bisection], None]
    ) -> None:
        self.state = state
        self._place = place
        self._progress = progress
        self._keep = keep
        question = state.question
        self._maker = Maker(storage.folder(place.cache), lambda line: progress.line(INSTALL, line))
        self._base = self._examined(question.base)
        decided = {each.name for each in place.group.packages} | {name_of(each) for each in question.extra}
        decided |= {question.package} | set(self._base.packages if self._base else ())
        self._beside = pinned_beside(place.repository, decided, question.wheelhouse, progress.note)
        self._folder = storage.fresh_folder(storage.folder(place.cache, "runs"), f"bisect-{question.package}")
        progress.note(f"output is kept in {self._folder}")

    def search(self) -> Bisection:
        """Try releases until the search is over, and return the state."""
        while (place := next_place(self.state.judgements)) is not None:
            self._try(self.state.candidates[place].version)
        return self.state

    def part(self, shard: Shard) -> Bisection:
        """Try every release of one part of the candidates that was not tried, and return the state."""
        for place in shard.part(len(self.state.candidates)):
            if self.state.judgements[place] is None:
                self._try(self.state.candidates[place].version)
        return self.state

    def _try(self, version: str) -> None:
        begun = time.monotonic()
        packages: dict[str, str] = {}
        name = f"{self.state.question.package} {version}"
        home = os.path.join(storage.folder(self._folder, version), "environment")
        try:
            judgement, reason = self._judged(version, home, packages)
        except _NotInstalledError as error:
            judgement, reason = "skip", str(error)
        finally:
            # An environment takes gigabytes, and there may be dozens, so each is removed after its answer.
            storage.drop(home)
        seconds = round(time.monotonic() - begun, 3)
        self._progress.note(f"{name} is {_IS[judgement]}{f': {reason}' if reason else ''}")
        tried = Tried(version, judgement, reason, seconds, dict(sorted(packages.items())))
        self.state = self.state._replace(tried=(*self.state.tried, tried))
        self._keep(self.state)

    def _judged(self, version: str, home: str, packages: dict[str, str]) -> tuple[Judgement, str | None]:
        """Install one release and judge it; `packages` receives what is installed."""
        question, place = self.state.question, self._place
        held = self.state.held or ()
        wanted = requested(question, place.group, version, self._beside, held, self._base)
        self._progress.note(f"making an environment with {' '.join(wanted.requirements)}")
        try:
            python = self._maker.fill(home, wanted)
        except FiBumpError as error:
            raise _NotInstalledError(error.message) from None
        interpreter = Interpreter(python, os.path.dirname(home), None if self._base is None else self._base.tools)
        at = question.version if question.of_dependency else version
        members = {each.name: each.label for each in place.group.packages}
        cache = storage.folder(place.cache, "jit")
        request = ProbeRequest(TARGET, question.group, at, members, cache, jit=question.jit)
        target = inspect(interpreter, request)
        packages.update(target.packages)
        self._check(target, version)
        if self.state.held is None:
            self.state = self.state._replace(held=to_hold(question, place.group, target.packages, self._base))
        trial = Trial(question, place.repository.root, place.devices, place.seconds)
        return judge(trial, interpreter, request, target, self._progress)

    def _check(self, target: Target, version: str) -> None:
        package = self.state.question.package
        installed = target.packages.get(package)
        if installed is None or not same_version(installed.partition("+")[0], version):
            raise _NotInstalledError(f"the environment has {package} {installed or 'in no version'}, not {version}")

    def _examined(self, base: str | None) -> Base | None:
        if base is None:
            return None
        log = os.path.join(storage.folder(self._place.cache, "environments"), "base.log")
        return examine(base, log, plain())


_IS = {"good": "good", "bad": "bad", "skip": "skipped"}


class _NotInstalledError(FiBumpError):
    """A release cannot be installed beside what is held, so it cannot be judged."""
