"""Environments the runner makes itself: with uv when it is on PATH, else venv and pip; kept in the cache by content.

On a base it is venv and pip: uv does not see what another environment holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from typing import NamedTuple

from fi_bump import user_files
from fi_bump.errors import FiBumpError, UsageError, reason_of
from fi_bump.lock import Group
from fi_bump.smoke import process, storage
from fi_bump.smoke.base_interpreter import Base
from fi_bump.smoke.ranges import wheel_version, wheels
from fi_bump.smoke.registry import PACKAGES
from fi_bump.untrusted import printable
from fi_bump.versions import same_version

# A bare machine fetches some gigabytes of torch and CUDA.
_SECONDS = 3600.0
_READY = "ready.json"
# Where uv and pip say what is wrong, the most telling first; their last lines are advice, or the end of an argument.
_TELLING = tuple(map(re.compile, (r" +cause: (.+)", r" +(\S+ \S+ depends on .+)", r"ERROR: (.+)")))


class EnvironmentRequest(NamedTuple):
    """What an environment holds and where it comes from: indexes beside the configured one, or one folder alone.

    What the base holds, where there is one, counts as installed.
    """

    requirements: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    wheelhouse: str | None = None
    base: Base | None = None


class Maker(NamedTuple):
    """How environments are made: the cache folder, and where the installer's output goes."""

    cache: str
    watch: Callable[[str], None] = lambda line: None

    def make(self, wanted: EnvironmentRequest) -> str:
        """The interpreter of an environment that holds what is wanted, made now or before.

        Raises FiBumpError when it cannot be made, with the installer's own last words.
        """
        home = os.path.join(storage.folder(self.cache, "environments"), _key(wanted))
        python = os.path.join(home, "bin", "python")
        with storage.exclusive(f"{home}.lock"):
            if not os.path.exists(os.path.join(home, _READY)):
                # What is there was cut off half-way.
                storage.drop(home)
                self.fill(home, wanted)
                user_files.put(os.path.join(home, _READY), json.dumps(wanted._asdict(), indent=2).encode())
        return python

    def fill(self, home: str, wanted: EnvironmentRequest) -> str:
        """The interpreter of an environment made at `home`, where there is none; the output goes to `home`.log.

        Raises FiBumpError as `make` does; what was begun is left to the caller.
        """
        python = os.path.join(home, "bin", "python")
        source = [part for index in wanted.indexes for part in ("--extra-index-url", index)]
        if wanted.wheelhouse is not None:
            source = ["--no-index", "--find-links", wanted.wheelhouse]
        uv = shutil.which("uv") if wanted.base is None else None
        if uv is not None:
            # With pip inside (--seed), which lists a package's releases for a sweep.
            seed = [] if wanted.wheelhouse else ["--seed"]
            empty = [uv, "venv", "--quiet", *seed, "--python", sys.executable, home]
            install = [uv, "pip", "install", "--python", python]
        else:
            empty = [sys.executable, "-m", "venv", home] if wanted.base is None else wanted.base.venv(home)
            # As uv does: byte code for all of torch takes four times as long as the rest, a probe imports little of it.
            quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-compile"]
            install = [python, "-m", "pip", "install", *quiet]
        self._step(empty, f"{home}.log", wanted)
        if wanted.base is not None:
            wanted.base.show_in(home)
        self._step([*install, *source, *wanted.requirements], f"{home}.log", wanted)
        return python

    def _step(self, command: list[str], log: str, wanted: EnvironmentRequest) -> None:
        environment = _offline() if wanted.wheelhouse is not None else plain()
        hint = f"its output is in {log}"
        said: list[str] = []

        def watch(line: str) -> None:
            said.append(line)
            self.watch(line)

        try:
            ended = process.run(command, log=log, seconds=_SECONDS, environment=environment, watch=watch)
        except OSError as error:
            message = f"{command[0]} cannot be started: {reason_of(error)}"
            raise FiBumpError(message) from None
        if not ended.clean:
            what = " ".join(wanted.requirements)
            telling = [found[1] for pattern in _TELLING for line in said if (found := pattern.match(line))]
            reason = printable(telling[0]) if telling and ended.code else ended.reason(_SECONDS)
            raise FiBumpError(f"cannot install {what}: {reason}", hint=hint)


def wanted_for(
    group: Group, version: str, wheelhouse: str | None, extra: tuple[str, ...], base: Base | None = None
) -> EnvironmentRequest:
    """The group's packages at one version, and what else is named. Raises UsageError without a wheel of them.

    From a folder come the members of which it holds that version; from the index those that the probes are for, and
    those that have an index of their own (others may be pinned nowhere, and published nowhere near).
    """
    chosen = []
    for member in group.packages:
        pinned = version if member.label is None or wheelhouse else f"{version}+{member.label}"
        if wheelhouse is not None:
            there = [wheel_version(name) for name in wheels(wheelhouse, member.name)]
            matching = [found for found in there if same_version(found.partition("+")[0], version)]
            if not matching and member.name == PACKAGES[0]:
                held = f"it holds {', '.join(there)}" if there else f"put a wheel of {member.name} there"
                raise UsageError(f"no wheel of {member.name} {version}", place=wheelhouse, hint=held)
            if matching:
                chosen.append((member, pinned))
        elif member.name in PACKAGES or member.index_urls:
            chosen.append((member, pinned))
    return EnvironmentRequest(
        (*(f"{member.name}=={pinned}" for member, pinned in chosen), *extra),
        tuple(dict.fromkeys(url for member, _ in chosen if not wheelhouse for url in member.index_urls)),
        wheelhouse,
        base,
    )


def _key(wanted: EnvironmentRequest) -> str:
    """What tells two environments apart. A wheel that was replaced in its folder counts as another one."""
    wheel_files: list[tuple[str, int, int]] = []
    if wanted.wheelhouse is not None:
        for name in wheels(wanted.wheelhouse):
            attributes = os.stat(os.path.join(wanted.wheelhouse, name))
            wheel_files.append((name, attributes.st_size, attributes.st_mtime_ns))
    document = [sys.executable, sys.version, shutil.which("uv") is not None, *wanted, wheel_files]
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()[:20]


def plain() -> dict[str, str]:
    """This process's variables without those that would let its own packages leak into the environment."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _offline() -> dict[str, str]:
    """The same without any setting that names an index or another folder: the wheelhouse alone counts."""
    kept = ("PIP_CACHE_DIR", "UV_CACHE_DIR")
    variables = {name: value for name, value in plain().items() if name in kept or not name.startswith(("PIP_", "UV_"))}
    return {**variables, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "UV_OFFLINE": "1"}
