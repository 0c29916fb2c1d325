"""Which index is asked: the user's own, as pip or uv is configured, else pip's built-in default, asked from pip."""

from __future__ import annotations

import configparser
import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fi_bump.errors import FiBumpError

_ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


class Indexes(NamedTuple):
    """The addresses to ask, in order, with their credentials, and where the first of them was found."""

    urls: tuple[str, ...]
    origin: str

    def __repr__(self) -> str:
        return f"Indexes({len(self.urls)} from {self.origin})"


def find(given: tuple[str, ...] = (), root: str = ".", environment: Mapping[str, str] = os.environ) -> Indexes:
    """The user's indexes: given on the command line, in uv's or pip's variables, in uv's or pip's files, pip's default.

    Extra indexes of the same place come after. Raises FiBumpError when there is no pip to ask.
    """
    if given:
        return Indexes(given, "--index")
    for first, extra in (
        ("UV_DEFAULT_INDEX", "UV_INDEX"),
        ("UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),
        ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    ):
        if environment.get(first):
            return Indexes((environment[first], *_named(environment.get(extra, ""))), first)
    for path in _uv_files(root, environment):
        urls = _uv_indexes(path)
        if urls:
            return Indexes(urls, str(path))
    return _pip(environment)


def _named(text: str) -> list[str]:
    """Addresses between blanks; uv also takes `name=address`."""
    return [word.partition("=")[2] if "=" in word.partition("://")[0] else word for word in text.split()]


def _uv_files(root: str, environment: Mapping[str, str]) -> list[Path]:
    config = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return [Path(root, "uv.toml"), Path(root, "pyproject.toml"), Path(config, "uv", "uv.toml")]


def _uv_indexes(path: Path) -> tuple[str, ...]:
    """The default index of a uv configuration with its extra ones; empty when the file names none."""
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    table = document.get("tool", {}).get("uv", {}) if path.name == "pyproject.toml" else document
    listed = [entry for entry in table.get("index", []) if isinstance(entry, dict) and "url" in entry]
    default = [entry["url"] for entry in listed if entry.get("default")]
    pip = table.get("pip", {}) if isinstance(table.get("pip", {}), dict) else {}
    default += [each for each in (table.get("index-url"), pip.get("index-url")) if each]
    # An explicit index serves only the packages that name it.
    extra = [entry["url"] for entry in listed if not entry.get("default") and not entry.get("explicit")]
    return (*default[:1], *extra, *table.get("extra-index-url", [])) if default else ()


def _pip(environment: Mapping[str, str]) -> Indexes:
    """What pip would ask: its configuration files, else its default."""
    options: dict[str, str] = {}
    for path in _pip_files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text("utf-8"))
        except (OSError, ValueError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                options |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    extra = environment.get("PIP_EXTRA_INDEX_URL") or options.get("extra-index-url", "")
    return Indexes((options.get("index-url") or _pip_default(), *extra.split()), "pip")


def _pip_files(environment: Mapping[str, str]) -> list[Path]:
    """pip's configuration files, the stronger ones last (pip's documentation, Configuration)."""
    home = os.path.expanduser("~")
    config = environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    shared = [Path(folder, "pip", "pip.conf") for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    files = [*shared, Path("/etc/pip.conf"), Path(home, ".pip", "pip.conf"), Path(config, "pip", "pip.conf")]
    return [*files, Path(sys.prefix, "pip.conf"), *([Path(named)] if named else [])]


def _pip_default() -> str:
    """pip's built-in default: its own code names it, and ours names no host. Raises FiBumpError without a pip."""
    try:
        module = importlib.import_module("pip._internal.models.index")
        return str(module.PyPI.simple_url)
    except (ImportError, AttributeError):
        pass
    for python in filter(None, (shutil.which("python3"), shutil.which("python"))):
        try:
            done = subprocess.run([python, "-c", _ASK_PIP], capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip()
    raise FiBumpError("no index is configured, and there is no pip to ask", hint="name one with --index URL")
