"""Which indexes to ask: those that the user configured for pip or uv, else pip's built-in default, asked from pip."""

from __future__ import annotations

import configparser
import importlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fi_bump.boundary.inside import Boundary
from fi_bump.boundary.programs import run
from fi_bump.boundary.reading import read_regular
from fi_bump.errors import FiBumpError, reason_of
from fi_bump.index.consulted import OF_REPOSITORY, is_true, pip_files, uv_files
from fi_bump.index.trust import Trust, pip_variable, trust_of

_GIVE_ONE = "give an index with --index URL"
_LARGEST = 16 << 20
# The options whose variables are read as the options in files are.
_PIP_OPTIONS = ("no-index", "proxy", "no-proxy-env", "cert", "client-cert", "trusted-host")
_ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


class Indexes(NamedTuple):
    """The user's indexes, with their credentials: those before the default, the default, and those after it.

    `origin` is where the default was found. `proxy` is the proxy of pip's configuration for every request, empty for
    none, or None if the variables of the environment decide. `trust` says whose certificates count.
    """

    default: str
    origin: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    proxy: str | None = None
    trust: Trust = Trust()

    @property
    def urls(self) -> tuple[str, ...]:
        """All of them in the order in which they are asked, each once."""
        return tuple(dict.fromkeys((*self.before, self.default, *self.after)))

    def __repr__(self) -> str:
        return f"Indexes({len(self.urls)} from {self.origin})"


def find(given: tuple[str, ...] = (), root: str = ".", environment: Mapping[str, str] = os.environ) -> Indexes:
    """Return the user's indexes: from the command line, uv's or pip's variables, uv's or pip's files, or pip's default.

    Extra indexes of uv come before its default, as in uv, and extra indexes of pip after its default. The proxy of pip,
    and its options for TLS, count for its own default index and for a given one; uv does not read them. Of a file of
    the repository, uv's list of hosts without a check is not read. Raises FiBumpError if no index is configured and
    there is no pip, if the configuration says that no index may be asked, and for a file that pip or uv could not read
    either: it may name another index.
    """
    if given:
        options = _for_given(environment)
        trust = trust_of(environment, options, _hosts_for_given(root, environment))
        return Indexes(given[0], "--index", after=given[1:], proxy=_proxy(options), trust=trust)
    extra = [*_named(environment.get("UV_INDEX", "")), *_named(environment.get("UV_EXTRA_INDEX_URL", ""))]
    default: Indexes | None = None
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if default is None and environment.get(name):
            more = _named(environment.get("PIP_EXTRA_INDEX_URL", "")) if name == "PIP_INDEX_URL" else []
            default = Indexes(environment[name], name, after=tuple(more))
    if is_true(environment.get("UV_NO_INDEX", "")):
        raise _no_index("UV_NO_INDEX")
    hosts: list[str] = []
    pip: dict[str, str] = {}
    for path, text, is_own in _uv_files(root, environment):
        settings = _uv_settings(path, text)
        hosts += _uv_hosts(path, settings) if is_own else []
        own, more = _uv_indexes(path, settings)
        if _uv_says_no_index(path, settings):
            raise _no_index(path)
        extra += more
        default = default or (Indexes(own, path) if own else None)
    if default is None or default.origin == "PIP_INDEX_URL":
        pip, named_at = _pip(environment)
        if is_true(pip.get("no-index", "")):
            raise _no_index(named_at)
        more_of_pip = environment.get("PIP_EXTRA_INDEX_URL") or pip.get("extra-index-url", "")
        default = default or Indexes(pip.get("index-url") or _pip_default(), "pip", after=tuple(more_of_pip.split()))
        default = default._replace(proxy=_proxy(pip))
    return default._replace(before=tuple(extra), trust=trust_of(environment, pip, hosts))


def _no_index(where: str) -> FiBumpError:
    return FiBumpError("no-index is set: no package index may be asked", place=where, hint=_GIVE_ONE)


def _named(text: str) -> list[str]:
    """Split URLs at white space; uv also accepts `name=URL`."""
    return [word.partition("=")[2] if "=" in word.partition("://")[0] else word for word in text.split()]


def _uv_files(root: str, environment: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Yield the path and the text of each configuration file of uv, and whether it is the user's own.

    The others are the repository's. The source is uv's documentation, Configuration files.
    """
    named = environment.get("UV_CONFIG_FILE")
    if named:
        yield named, _text(named, missing_is_wrong=True) or "", True
        return
    if is_true(environment.get("UV_NO_CONFIG", "")):
        return
    boundary = Boundary(root)
    for name in OF_REPOSITORY:
        refused = boundary.refusal(name)
        if refused is not None:
            raise FiBumpError(refused, place=name, hint=_GIVE_ONE)
        text = _text(os.path.join(root, name), shown=name)
        if text is not None:
            yield name, text, False
    for path in uv_files(environment):
        text = _text(path)
        if text is not None:
            yield path, text, True


def _text(path: str, *, shown: str | None = None, missing_is_wrong: bool = False) -> str | None:
    """Return the text of a configuration file, or None if there is none. Raises FiBumpError."""
    try:
        return read_regular(path, _LARGEST).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        if not missing_is_wrong:
            return None
        reason = reason_of(error)
    except OSError as error:
        reason = reason_of(error)
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "no file has a NUL in its name"
    raise _broken(shown or path, reason)


def _broken(path: str, reason: str) -> FiBumpError:
    return FiBumpError(f"cannot be read: {reason}", place=path, hint=f"mend the file, or {_GIVE_ONE}")


def _uv_settings(path: str, text: str) -> dict[str, Any]:
    """Return the settings of uv in a file. Raises FiBumpError for a file that is no TOML."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        where = re.search(r"\(at (?:line ([0-9]+), .*|end of document)\)", str(error))
        # The parser's own message may quote a part of an address.
        raise _broken(path, f"line {where[1]} is not TOML" if where and where[1] else "it is not TOML") from None
    if os.path.basename(path) != "pyproject.toml":
        return document
    return _table(path, _table(path, document, "tool"), "uv")


def _table(path: str, document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise _broken(path, f"{name} is not a table")
    return value


def _texts(path: str, name: str, values: object) -> list[str]:
    """Return the texts in a list. Raises FiBumpError for anything else."""
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise _broken(path, f"{name} is not what uv expects there")
    return values


def _uv_indexes(path: str, settings: dict[str, Any]) -> tuple[str | None, list[str]]:
    """Return the default index and the extra indexes of uv's settings. Raises FiBumpError for values of other types."""
    default: list[str] = []
    extra: list[str] = []
    listed = settings.get("index", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _broken(path, "index is not a list of tables")
    for entry in listed:
        if entry.get("default"):
            default += _texts(path, "index.url", [entry.get("url")])
        elif not entry.get("explicit"):  # An explicit index serves only the packages that name it.
            extra += _texts(path, "index.url", [entry.get("url")])
    for each in (settings, _table(path, settings, "pip")):
        if "index-url" in each:
            default += _texts(path, "index-url", [each["index-url"]])
        extra += _texts(path, "extra-index-url", each.get("extra-index-url", []))
    return (default[0] if default else None), extra


def _uv_says_no_index(path: str, settings: dict[str, Any]) -> bool:
    """Whether uv's settings forbid every index. Raises FiBumpError for values of other types."""
    values = [each.get("no-index", False) for each in (settings, _table(path, settings, "pip"))]
    if not all(isinstance(value, bool) for value in values):
        raise _broken(path, "no-index is not what uv expects there")
    return any(values)


def _uv_hosts(path: str, settings: dict[str, Any]) -> list[str]:
    """Return the hosts whose certificate uv does not check. Raises FiBumpError for values of other types."""
    return _texts(path, "allow-insecure-host", settings.get("allow-insecure-host", []))


def _hosts_for_given(root: str, environment: Mapping[str, str]) -> list[str]:
    """Return uv's hosts for an index of the command line, which is asked although a file of uv is broken."""
    try:
        files = [(path, text) for path, text, is_own in _uv_files(root, environment) if is_own]
        return [host for path, text in files for host in _uv_hosts(path, _uv_settings(path, text))]
    except FiBumpError:
        return []


def _for_given(environment: Mapping[str, str]) -> dict[str, str]:
    """Return pip's options for an index of the command line, which is asked although a file of pip is broken."""
    try:
        return _pip(environment)[0]
    except FiBumpError:
        return _pip_variables(environment)


def _proxy(pip: Mapping[str, str]) -> str | None:
    """Return the `proxy` of Indexes. pip leaves the variables of the environment, also NO_PROXY, out of account if one
    of both options is set."""
    return pip.get("proxy") or ("" if is_true(pip.get("no-proxy-env", "")) else None)


def _pip_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the environment that take the place of those in files; pip leaves empty ones out."""
    names = {option: pip_variable(option) for option in _PIP_OPTIONS}
    return {option: environment[name] for option, name in names.items() if environment.get(name)}


def _pip(environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return pip's options from its files and variables, and where no-index is set. Raises FiBumpError."""
    options: dict[str, str] = {}
    origin = ""
    for path in pip_files(environment):
        text = _text(path)
        if text is None:
            continue
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text, path)
        except configparser.Error as error:
            line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", ())), None)
            raise _broken(path, f"line {line} is not of its format" if line else "it is not of its format") from None
        for section in ("global", "install"):
            if parser.has_section(section):
                found = {name.replace("_", "-"): value for name, value in parser.items(section)}
                options |= {name: value for name, value in found.items() if value}
                origin = path if found.get("no-index") else origin
    named = _pip_variables(environment)
    return {**options, **named}, "PIP_NO_INDEX" if "no-index" in named else origin


def _pip_default() -> str:
    """Return pip's built-in default index, asked from pip so that no host is named here. Raises FiBumpError."""
    try:
        module = importlib.import_module("pip._internal.models.index")
        return str(module.PyPI.simple_url)
    except (ImportError, AttributeError):
        pass
    for python in filter(None, (shutil.which("python3"), shutil.which("python"))):
        try:
            done = run([python, "-c", _ASK_PIP], seconds=60)
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.decode("utf-8", "replace").strip()
    message = "no index is configured, and there is no pip whose default could be used"
    raise FiBumpError(message, hint=_GIVE_ONE)
