"""Which indexes to ask: those that the user configured for pip or uv, else pip's built-in default, asked from pip."""

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
from fi_bump.untrusted import entries, table, texts

_ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


class Indexes(NamedTuple):
    """The user's indexes, with their credentials: those before the default, the default, and those after it.

    `origin` is where the default was found.
    """

    default: str
    origin: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def urls(self) -> tuple[str, ...]:
        """All of them in the order in which they are asked, each once."""
        return tuple(dict.fromkeys((*self.before, self.default, *self.after)))

    def __repr__(self) -> str:
        return f"Indexes({len(self.urls)} from {self.origin})"


def find(given: tuple[str, ...] = (), root: str = ".", environment: Mapping[str, str] = os.environ) -> Indexes:
    """Return the user's indexes: from the command line, uv's or pip's variables, uv's or pip's files, or pip's default.

    Extra indexes of uv come before its default, as in uv, and extra indexes of pip after its default. Raises
    FiBumpError if no index is configured and there is no pip.
    """
    if given:
        return Indexes(given[0], "--index", after=given[1:])
    extra = [*_named(environment.get("UV_INDEX", "")), *_named(environment.get("UV_EXTRA_INDEX_URL", ""))]
    default: Indexes | None = None
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if default is None and environment.get(name):
            more = _named(environment.get("PIP_EXTRA_INDEX_URL", "")) if name == "PIP_INDEX_URL" else []
            default = Indexes(environment[name], name, after=tuple(more))
    for path in _uv_files(root, environment):
        own, more = _uv_indexes(path)
        extra += more
        default = default or (Indexes(own, str(path)) if own else None)
    return (default or _pip(environment))._replace(before=tuple(extra))


def _named(text: str) -> list[str]:
    """Split URLs at white space; uv also accepts `name=URL`."""
    return [word.partition("=")[2] if "=" in word.partition("://")[0] else word for word in text.split()]


def _uv_files(root: str, environment: Mapping[str, str]) -> list[Path]:
    config = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return [Path(root, "uv.toml"), Path(root, "pyproject.toml"), Path(config, "uv", "uv.toml")]


def _uv_indexes(path: Path) -> tuple[str | None, list[str]]:
    """Return the default index and the extra indexes of a uv configuration file; an unreadable file has none."""
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None, []
    settings = table(table(document, "tool"), "uv") if path.name == "pyproject.toml" else document
    default: list[str] = []
    extra: list[str] = []
    for entry in filter(lambda each: isinstance(each, dict), entries(settings.get("index"))):
        if entry.get("default"):
            default += texts([entry.get("url")])
        elif not entry.get("explicit"):  # An explicit index serves only the packages that name it.
            extra += texts([entry.get("url")])
    for each in (settings, table(settings, "pip")):
        default += texts([each.get("index-url")])
        extra += texts(each.get("extra-index-url"))
    return (default[0] if default else None), extra


def _pip(environment: Mapping[str, str]) -> Indexes:
    """Return pip's indexes: from its configuration files, else its default."""
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
    return Indexes(options.get("index-url") or _pip_default(), "pip", after=tuple(extra.split()))


def _pip_files(environment: Mapping[str, str]) -> list[Path]:
    """Return pip's configuration files, from low to high priority (pip's documentation, Configuration)."""
    home = os.path.expanduser("~")
    config = environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    shared = [Path(folder, "pip", "pip.conf") for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    files = [*shared, Path("/etc/pip.conf"), Path(home, ".pip", "pip.conf"), Path(config, "pip", "pip.conf")]
    return [*files, Path(sys.prefix, "pip.conf"), *([Path(named)] if named else [])]


def _pip_default() -> str:
    """Return pip's built-in default index, asked from pip so that no host is named here. Raises FiBumpError."""
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
    message = "no index is configured, and there is no pip whose default could be used"
    raise FiBumpError(message, hint="give an index with --index URL")
