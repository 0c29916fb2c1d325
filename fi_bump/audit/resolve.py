"""`audit --resolve`: a resolver's own verdict on the rewritten requirement files, from `uv pip compile`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fi_bump.audit.statements import installed_together
from fi_bump.errors import FiBumpError
from fi_bump.files import format_of, read
from fi_bump.index.address import redacted
from fi_bump.plan import make_plan
from fi_bump.records import NamedTuple
from fi_bump.releases import Known
from fi_bump.repository import Repository
from fi_bump.request import Request
from fi_bump.scan import needles, wanted_by

TIME_LIMIT = 300


class Verdict(NamedTuple):
    """What uv says of one requirement file for one Python: its text is shown, never parsed."""

    ok: bool
    lines: tuple[str, ...]

    @property
    def path(self) -> str:
        """The requirement file: what the first line begins with."""
        return self.lines[0].partition(": uv ")[0]


def resolve(repository: Repository, request: Request, known: Known) -> list[Verdict]:
    """Hand every requirement file that pins a member, as it would read afterwards, to uv for each targeted Python.

    Raises FiBumpError when there is no uv, or when it could not do its work: that is no verdict.
    """
    uv = _uv()
    scan = repository._replace(lock=request.lock).scan()
    plan = make_plan(request.lock, scan, request.versions or None)
    new = {change.source.path: change.new for change in repository.verified(plan).changes}
    pinning = {pin.source.path for pin in scan.pins if format_of(pin.source.path) == "requirements"}
    verdicts = []
    with tempfile.TemporaryDirectory() as scratch:
        tops = _copy(repository, new, pinning, Path(scratch))
        for top in tops:
            for python in known.targets.pythons:
                verdicts.append(_compile(uv, scratch, top, python, known))
    if not verdicts:
        names = ", ".join(sorted(word.decode() for word in needles(wanted_by(repository.lock.groups))))
        raise FiBumpError(f"no requirement file pins {names}, so there is nothing to resolve")
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


def _copy(repository: Repository, new: Mapping[str, bytes], pinning: set[str], scratch: Path) -> list[str]:
    """The requirement files, rewritten, in a scratch folder; the names of those to compile."""
    tops = []
    for together in installed_together(repository.root, repository.lock):
        paths = {stated.place.rpartition(":")[0] for stated in together.stated}
        paths = {path for path in paths if format_of(path) == "requirements"}
        if not paths & pinning:
            continue
        tops.append(together.name)
        for path in paths | {together.name}:
            target = scratch / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(new.get(path) or read(repository.root, path).data)
    return tops


def _compile(uv: list[str], scratch: str, top: str, python: str, known: Known) -> Verdict:
    # uv reads neither pip's variables nor its files: it is told what we ask.
    command = [*uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-python-downloads"]
    command += ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28", top]
    environment = {**os.environ, "UV_DEFAULT_INDEX": known.indexes[0], "NO_COLOR": "1"}
    extra = [address for address in known.indexes[1:] if not address.startswith("file:")]
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
        return Verdict(True, (f"{top}: uv resolves it for Python {python}",))
    if done.returncode == 1:
        return Verdict(False, (f"{top}: uv does not resolve it for Python {python}", *(f"  {line}" for line in text)))
    raise FiBumpError(f"uv could not check it (exit code {done.returncode}): {' '.join(text)[:300]}", place=top)
