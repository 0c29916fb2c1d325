"""Make environments for the probes, with uv if it is on PATH, else with venv and pip; cache them by their content.

An environment on a base is made with venv and pip, because uv does not see packages of another environment.
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
from fi_bump.lock.records import Group
from fi_bump.smoke import process, storage
from fi_bump.smoke.base_interpreter import Base
from fi_bump.smoke.ranges import wheel_version, wheels
from fi_bump.smoke.registry import PACKAGES
from fi_bump.untrusted import printable
from fi_bump.versions import same_version

# A machine with an empty cache downloads several gigabytes of torch and CUDA.
_SECONDS = 3600.0
_READY = "ready.json"
# The lines in which uv and pip name the cause, the most useful first. Their last lines are only advice.
_TELLING = tuple(map(re.compile, (r" +cause: (.+)", r" +(\S+ \S+ depends on .+)", r"ERROR: (.+)")))


class EnvironmentRequest(NamedTuple):
    """The requirements of an environment and their source.

    The source is the configured index and `indexes`, or only the folder `wheelhouse`. Packages of the base, if there is
    one, count as installed.
    """

    requirements: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    wheelhouse: str | None = None
    base: Base | None = None


class Maker(NamedTuple):
    """Makes environments in a cache folder, and passes each line of the installer's output to `watch`."""

    cache: str
    watch: Callable[[str], None] = lambda line: None

    def make(self, wanted: EnvironmentRequest) -> str:
        """Return the interpreter of an environment with what is wanted, from the cache or made now.

        Raises FiBumpError with the installer's own message when it cannot be made.
        """
        home = os.path.join(storage.folder(self.cache, "environments"), _key(wanted))
        python = os.path.join(home, "bin", "python")
        with storage.exclusive(f"{home}.lock"):
            if not os.path.exists(os.path.join(home, _READY)):
                # Without the marker, a folder is the rest of an interrupted installation.
                storage.drop(home)
                self.fill(home, wanted)
                storage.keep_private(home)
                user_files.put(os.path.join(home, _READY), json.dumps(wanted._asdict(), indent=2).encode())
            storage.refuse_shared(home)
        return python

    def fill(self, home: str, wanted: EnvironmentRequest) -> str:
        """Make an environment in the new folder `home`, and return its interpreter. The output goes to `home`.log.

        Raises FiBumpError like `make`; the caller removes an incomplete folder.
        """
        python = os.path.join(home, "bin", "python")
        source = [part for index in wanted.indexes for part in ("--extra-index-url", index)]
        if wanted.wheelhouse is not None:
            source = ["--no-index", "--find-links", wanted.wheelhouse]
        uv = shutil.which("uv") if wanted.base is None else None
        if uv is not None:
            # --seed installs pip, which a sweep uses to list a package's releases.
            seed = [] if wanted.wheelhouse else ["--seed"]
            empty = [uv, "venv", "--quiet", *seed, "--python", sys.executable, home]
            install = [uv, "pip", "install", "--python", python]
        else:
            empty = [sys.executable, "-m", "venv", home] if wanted.base is None else wanted.base.venv(home)
            # --no-compile, as uv does: compiling torch's byte code takes four times as long as all the rest, and a
            # probe imports only a little of it.
            quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-compile"]
            install = [python, "-m", "pip", "install", *quiet]
        self._step(empty, f"{home}.log", wanted)
        if wanted.base is not None:
            wanted.base.show_in(home)
        self._step([*install, *source, *wanted.requirements], f"{home}.log", wanted)
        return python

    def _step(self, command: list[str], log: str, wanted: EnvironmentRequest) -> None:
        environment = _offline() if wanted.wheelhouse is not None else plain()
        hint = f"see its output in {log}"
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
    """Return a request for the group's packages at one version, and for the `extra` requirements.

    From a wheelhouse it takes the members that have a wheel of this version there. From an index it takes the members
    that the probes test and those with an index of their own; other members may not be published at all. Raises
    UsageError if the wheelhouse lacks the main package.
    """
    chosen = []
    for member in group.packages:
        pinned = version if member.label is None or wheelhouse else f"{version}+{member.label}"
        if wheelhouse is not None:
            there = [wheel_version(name) for name in wheels(wheelhouse, member.name)]
            matching = [found for found in there if same_version(found.partition("+")[0], version)]
            if not matching and member.name == PACKAGES[0]:
                hint = f"put that wheel there; the folder has {', '.join(there)}" if there else "put that wheel there"
                raise UsageError(f"this folder has no wheel of {member.name} {version}", place=wheelhouse, hint=hint)
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
    """Return a hash of everything that makes two environments different, including the wheel files of a wheelhouse."""
    wheel_files: list[tuple[str, int, int]] = []
    if wanted.wheelhouse is not None:
        for name in wheels(wanted.wheelhouse):
            attributes = os.stat(os.path.join(wanted.wheelhouse, name))
            wheel_files.append((name, attributes.st_size, attributes.st_mtime_ns))
    document = [sys.executable, sys.version, shutil.which("uv") is not None, *wanted, wheel_files]
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()[:20]


def plain() -> dict[str, str]:
    """Return this process's variables without those that would show its own packages to the environment."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _offline() -> dict[str, str]:
    """Like `plain`, without any setting of an index or a folder, so that only the wheelhouse counts."""
    kept = ("PIP_CACHE_DIR", "UV_CACHE_DIR")
    variables = {name: value for name, value in plain().items() if name in kept or not name.startswith(("PIP_", "UV_"))}
    return {**variables, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "UV_OFFLINE": "1"}
