"""`audit --resolve`: a resolver's own verdict on the rewritten files, from `uv pip compile`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fi_bump.audit.statements import InstalledTogether, installed_together
from fi_bump.editing.plan import make_plan
from fi_bump.errors import FiBumpError
from fi_bump.formats.table import format_of
from fi_bump.index.address import redacted
from fi_bump.records import NamedTuple
from fi_bump.releases.known import Known
from fi_bump.repository import Repository
from fi_bump.request import Request
from fi_bump.scanning.files import read
from fi_bump.scanning.scan import needles, wanted_by

TIME_LIMIT = 300
# What the images of GPU engines are built on has glibc 2.35; some of their wheels need 2.34.
PLATFORM = "x86_64-manylinux_2_35"


class Verdict(NamedTuple):
    """What uv says of one thing that is installed as a whole, in the file at `path`, for one Python.

    Its text is shown, never parsed.
    """

    ok: bool
    lines: tuple[str, ...]
    path: str = ""


def resolve(repository: Repository, request: Request, known: Known) -> list[Verdict]:
    """Hand all that pins a member, as it would read afterwards, to uv for each targeted Python.

    Raises FiBumpError when there is no uv, or when it could not do its work: that is no verdict.
    """
    uv = _uv()
    scan = repository._replace(lock=request.lock).scan()
    plan = make_plan(request.lock, scan, request.versions or None)
    new = {change.source.path: change.new for change in repository.verified(plan).changes}
    pinning = {pin.source.path for pin in scan.pins if format_of(pin.source.path) in ("requirements", "pyproject")}
    packages = {member.name for group in request.lock.groups for member in group.packages}
    verdicts = []
    with tempfile.TemporaryDirectory() as scratch:
        for together in installed_together(repository.root, request.lock):
            paths = {stated.place.path for stated in together.stated} | {together.path}
            if not paths & pinning or packages.isdisjoint(stated.package for stated in together.stated):
                continue
            if not together.compiled:
                said = f"{together.name}: uv is not asked, since it would have to build the project"
                verdicts.append(Verdict(True, (said,), together.path))
                continue
            _copy(repository, new, paths, Path(scratch))
            verdicts += [_compile(uv, scratch, together, python, known) for python in known.targets.pythons]
    if not verdicts:
        names = ", ".join(sorted(word.decode() for word in needles(wanted_by(repository.lock.groups))))
        raise FiBumpError(f"no requirement file or pyproject.toml pins {names}, so there is nothing to resolve")
    return verdicts


def _uv() -> list[str]:
    """How to run uv: from PATH, or as a module of our own environment."""
    found = shutil.which("uv")
    if found:
        return [found]
    beside = Path(sys.executable).parent / "uv"
    if beside.exists():
        return [str(beside)]
    raise FiBumpError("--resolve needs uv, and there is none", hint="pip install uv, or fi-bump[resolve]")


def _copy(repository: Repository, new: Mapping[str, bytes], paths: set[str], scratch: Path) -> None:
    """Files, rewritten, in a scratch folder."""
    for path in paths:
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(new.get(path) or read(repository.root, path).data)


def _compile(uv: list[str], scratch: str, together: InstalledTogether, python: str, known: Known) -> Verdict:
    # uv reads neither pip's variables nor its files: it is told what we ask.
    command = [*uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
    command += ["--python-version", python, "--python-platform", PLATFORM, *together.compiled]
    top = together.name
    # The default is what uv asks last.
    environment = {**os.environ, "UV_DEFAULT_INDEX": known.indexes[-1], "NO_COLOR": "1"}
    extra = [address for address in known.indexes[:-1] if not address.startswith("file:")]
    if extra:
        environment["UV_INDEX"] = " ".join(extra)
    try:
        done = subprocess.run(
            command, cwd=scratch, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise FiBumpError(f"uv did not end within {TIME_LIMIT} seconds", place=top) from None
    text = [redacted(line) for line in done.stderr.strip().split("\n") if line.strip()]
    if done.returncode == 0:
        return Verdict(True, (f"{top}: uv resolves it for Python {python}",), together.path)
    if done.returncode == 1:
        said = (f"{top}: uv does not resolve it for Python {python}", *(f"  {line}" for line in text))
        return Verdict(False, said, together.path)
    raise FiBumpError(f"uv could not check it (exit code {done.returncode}): {' '.join(text)[:300]}", place=top)
