"""Measure how many bytes an audit fetches, and compare the time of `set` with `uv pip compile --no-deps`."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from packaging.version import Version

from fi_bump.index import configuration
from fi_bump.index.cache import Cache
from fi_bump.index.client import Client, wheel_for_metadata
from fi_bump.index.http import Http
from tests.sdists import unpacked

RELEASE, TARGET, ROUNDS = "0.6.11.post2", "0.6.12", 10


def main() -> None:
    """Measure and print."""
    _bytes()
    with tempfile.TemporaryDirectory() as scratch:
        _times(Path(scratch))


def _bytes() -> None:
    client = Client(Http(Cache(None)))
    wheel = wheel_for_metadata(client.project("flashinfer-python", configuration.find().urls).of(Version(RELEASE)))
    assert wheel is not None
    assert wheel.size is not None
    before, asked = client.http.received, client.http.requests
    client.metadata(wheel)
    got, requests = client.http.received - before, client.http.requests - asked
    print(
        f"metadata of flashinfer-python {RELEASE}: {got:,} of {wheel.size:,} bytes ({got / wheel.size:.1%}), "
        f"{requests} requests"
    )


def _times(scratch: Path) -> None:
    root = scratch / "vllm"
    shutil.copytree(unpacked("vllm", "0.22.0"), root, symlinks=True)
    here = Path(sys.executable).parent
    subprocess.run([here / "fi-bump", "init"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
    time.sleep(2.1)  # the cache does not accept a file that changed in the last two seconds
    subprocess.run([here / "fi-bump", "check"], cwd=root, check=True, stdout=subprocess.DEVNULL)
    two = scratch / "two.in"
    two.write_text(f"flashinfer-python=={TARGET}\nflashinfer-cubin=={TARGET}\n")
    uv = shutil.which("uv") or str(here / "uv")
    ours: list[str | Path] = [here / "fi-bump", "set", TARGET, "--dry-run"]
    # Without --python uv looks for an interpreter, which takes it longer than the rest where the first one is a script.
    theirs: list[str | Path] = [uv, "pip", "compile", "--no-deps", "--quiet", "--python", sys.executable, two]
    times: dict[str, list[float]] = {"set": [], "uv": []}
    for _ in range(ROUNDS + 1):
        for name, command in (("set", ours), ("uv", theirs)):
            start = time.perf_counter()
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - start) * 1000)
    set_, uv_ = (statistics.median(values[1:]) for values in times.values())
    print(f"first run: set {times['set'][0]:.0f} ms, uv {times['uv'][0]:.0f} ms")
    print(f"then, medians of {ROUNDS}: set {set_:.0f} ms, uv {uv_:.0f} ms, ratio {set_ / uv_:.2f}")


if __name__ == "__main__":
    main()
