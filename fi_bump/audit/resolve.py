"""`audit --resolve`: let `uv pip compile` resolve the requirement files as they would be after the move."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fi_bump.audit.statements import InstalledTogether, installed_together
from fi_bump.boundary.addresses import redacted
from fi_bump.boundary.programs import run
from fi_bump.editing.plan import make_plan
from fi_bump.errors import FiBumpError
from fi_bump.releases.known import Known
from fi_bump.repository import Repository
from fi_bump.request import Request
from fi_bump.scanning.files import read

TIME_LIMIT = 300
# The base images of GPU engines have glibc 2.35; some of their wheels need 2.34.
PLATFORM = "x86_64-manylinux_2_35"


class Verdict(NamedTuple):
    """uv's result for one requirement file or one extra, in the file at `path`, for one Python.

    `lines` are shown to the user and never parsed.
    """

    ok: bool
    lines: tuple[str, ...]
    path: str = ""


def resolve(repository: Repository, request: Request, known: Known) -> list[Verdict]:
    """Let uv resolve every requirement file and extra that pins a member, as it would be after the move.

    Returns one verdict per file or extra and target Python. Raises FiBumpError if uv is missing or fails without a
    verdict.
    """
    uv = _uv()
    scan = repository._replace(lock=request.lock).scan()
    plan = make_plan(request.lock, scan, request.versions or None)
    new = {change.source.path: change.new for change in repository.verified(plan).changes}
    forms = dict(scan.paths)
    pinning = {pin.source.path for pin in scan.pins if forms.get(pin.source.path) in ("requirements", "pyproject")}
    packages = {member.name for group in request.lock.groups for member in group.packages}
    verdicts = []
    with tempfile.TemporaryDirectory() as scratch:
        for together in installed_together(repository.root, request.lock):
            paths = {stated.place.path for stated in together.stated} | {together.path}
            if not paths & pinning or packages.isdisjoint(stated.package for stated in together.stated):
                continue
            if not together.compiled:
                said = f"{together.name}: uv was not asked, because it would have to build the project"
                verdicts.append(Verdict(True, (said,), together.path))
                continue
            _copy(repository, new, paths, Path(scratch))
            verdicts += [_compile(uv, scratch, together, python, known) for python in known.targets.pythons]
    if not verdicts:
        names = ", ".join(sorted(group.name for group in repository.lock.groups))
        raise FiBumpError(f"no requirement file or pyproject.toml pins {names}, so there is nothing to resolve")
    return verdicts


def _uv() -> list[str]:
    """Return the command for uv: from PATH, or from the environment of fi-bump itself."""
    found = shutil.which("uv")
    if found:
        return [found]
    beside = Path(sys.executable).parent / "uv"
    if beside.exists():
        return [str(beside)]
    raise FiBumpError("--resolve needs uv, which is not on PATH", hint="run pip install uv")


def _copy(repository: Repository, new: Mapping[str, bytes], paths: set[str], scratch: Path) -> None:
    """Copy files to a scratch folder, with the new content of those that the plan changes."""
    for path in paths:
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(new.get(path) or read(repository.root, path).data)


def _compile(uv: list[str], scratch: str, together: InstalledTogether, python: str, known: Known) -> Verdict:
    # uv does not read pip's variables and files, so it is given the indexes that fi-bump asks.
    command = [*uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
    command += ["--python-version", python, "--python-platform", PLATFORM, *together.compiled]
    top = together.name
    # uv asks its default index last.
    *first, last = known.user.urls
    environment = {**os.environ, **known.user.trust.variables(), "UV_DEFAULT_INDEX": last, "NO_COLOR": "1"}
    extra = [address for address in first if not address.startswith("file:")]
    if extra:
        environment["UV_INDEX"] = " ".join(extra)
    try:
        done = run(command, folder=scratch, environment=environment, seconds=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise FiBumpError(f"uv did not finish within {TIME_LIMIT} seconds", place=top) from None
    text = [redacted(line) for line in done.stderr.decode("utf-8", "replace").strip().split("\n") if line.strip()]
    if done.returncode == 0:
        return Verdict(True, (f"{top}: uv resolves it for Python {python}",), together.path)
    if done.returncode == 1:
        said = (f"{top}: uv cannot resolve it for Python {python}", *(f"  {line}" for line in text))
        return Verdict(False, said, together.path)
    raise FiBumpError(f"uv could not check it (exit code {done.returncode}): {' '.join(text)[:300]}", place=top)
