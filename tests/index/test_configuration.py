"""The order of the configured indexes: the command line, variables, uv's and pip's files, pip's default."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.index import configuration
from fi_bump.index.configuration import Indexes, find
from fi_bump.index.trust import Trust

A, B, C = "https://a.invalid/simple", "https://user:secret@b.invalid/simple", "https://c.invalid/simple"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr(configuration, "_pip_default", lambda: C)
    return tmp_path


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return variables that hide the machine's own configuration files."""
    return {"XDG_CONFIG_HOME": str(home / "config"), "XDG_CONFIG_DIRS": str(home / "none"), **variables}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"UV_DEFAULT_INDEX": A, "UV_INDEX": f"name={B} {C}"}, ((B, C, A), "UV_DEFAULT_INDEX")),
        ({"UV_INDEX_URL": A, "UV_EXTRA_INDEX_URL": B}, ((B, A), "UV_INDEX_URL")),
        ({"PIP_INDEX_URL": A, "PIP_EXTRA_INDEX_URL": f"{B} {C}"}, ((A, B, C), "PIP_INDEX_URL")),
        ({"PIP_INDEX_URL": A, "UV_INDEX_URL": B}, ((B,), "UV_INDEX_URL")),
        ({}, ((C,), "pip")),
        ({"UV_INDEX": f"name={B}"}, ((B, C), "pip")),
        ({"UV_EXTRA_INDEX_URL": B, "PIP_INDEX_URL": A}, ((B, A), "PIP_INDEX_URL")),
        ({"PIP_EXTRA_INDEX_URL": B}, ((C, B), "pip")),
        ({"UV_INDEX_URL": ""}, ((C,), "pip")),
    ],
)
def test_variables(home: Path, variables: dict[str, str], expected: tuple[tuple[str, ...], str]) -> None:
    found = find((), str(home), environment(home, **variables))
    assert (found.urls, found.origin) == expected
    assert "secret" not in repr(found)


def test_the_command_line_comes_first(home: Path) -> None:
    found = find((A, B), str(home), {"UV_INDEX_URL": C})
    # The machine's own configuration of pip may name a file of certificates.
    assert found._replace(trust=Trust()) == Indexes(A, "--index", after=(B,))


@pytest.mark.parametrize(
    ("name", "text", "urls"),
    [
        ("uv.toml", f'index-url = "{A}"\nextra-index-url = ["{B}"]', (B, A)),
        ("uv.toml", f'[[index]]\nurl = "{B}"\n[[index]]\nurl = "{A}"\ndefault = true', (B, A)),
        ("uv.toml", f'[[index]]\nurl = "{B}"\nexplicit = true\n[[index]]\nurl = "{A}"\ndefault = true', (A,)),
        ("uv.toml", f'[pip]\nindex-url = "{A}"', (A,)),
        ("uv.toml", f'[[index]]\nurl = "{B}"', (B, C)),
        ("uv.toml", f'[pip]\nextra-index-url = ["{B}"]', (B, C)),
        ("pyproject.toml", f'[[tool.uv.index]]\nurl = "{B}"\nname = "b"', (B, C)),
        ("pyproject.toml", f'[tool.uv]\nindex-url = "{A}"', (A,)),
        ("pyproject.toml", "[tool.uv]\ndev-dependencies = []", (C,)),
    ],
)
def test_files_of_uv(home: Path, name: str, text: str, urls: tuple[str, ...]) -> None:
    (home / name).write_text(text)
    assert find((), str(home), environment(home)).urls == urls


@pytest.mark.parametrize(
    ("path", "text", "urls"),
    [
        ("config/pip/pip.conf", f"[global]\nindex-url = {A}\nextra-index-url =\n    {B}\n    {C}\n", (A, B, C)),
        (".pip/pip.conf", f"[install]\nindex_url = {A}\n", (A,)),
        ("prefix/pip.conf", f"[global]\nextra-index-url = {B}\n", (C, B)),
        ("config/pip/pip.conf", f"[download]\nindex-url = {A}\n", (C,)),
    ],
)
def test_files_of_pip(home: Path, path: str, text: str, urls: tuple[str, ...]) -> None:
    (home / path).parent.mkdir(parents=True, exist_ok=True)
    (home / path).write_text(text)
    assert find((), str(home), environment(home)).urls == urls


def test_pip_config_file_has_the_highest_priority(home: Path) -> None:
    (home / ".pip").mkdir()
    (home / ".pip/pip.conf").write_text(f"[global]\nindex-url = {A}\n")
    (home / "named.conf").write_text(f"[global]\nindex-url = {B}\n")
    assert find((), str(home), environment(home, PIP_CONFIG_FILE=str(home / "named.conf"))).urls == (B,)
    assert find((), str(home), environment(home, PIP_CONFIG_FILE="/dev/null")).urls == (C,)


def test_the_default_is_the_one_that_pip_names(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    expected = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert configuration._pip_default() == expected
    monkeypatch.setitem(sys.modules, "pip._internal.models.index", None)
    monkeypatch.setattr(shutil, "which", lambda name: sys.executable if name == "python" else None)
    assert configuration._pip_default() == expected
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/false" if name == "python" else "/none")
    with pytest.raises(FiBumpError) as caught:
        configuration._pip_default()
    assert (caught.value.message, caught.value.hint) == (
        "no index is configured, and there is no pip whose default could be used",
        "give an index with --index URL",
    )


def refused(home: Path, **variables: str) -> str:
    """Return the error of a configuration that is broken; an index that is given is asked in any case."""
    with pytest.raises(FiBumpError) as caught:
        find((), str(home), environment(home, **variables))
    assert caught.value.exit == 3
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("give an index with --index URL")
    assert "secret" not in str(caught.value)
    assert find((A,), str(home), environment(home, **variables)).urls == (A,)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"index-url = {B}\n".encode(), "line 1 is not of its format"),
        (f"[global\nindex-url = {B}\n".encode(), "line 1 is not of its format"),
        (b"[global]\nindex-url\n", "line 2 is not of its format"),
        (f"[global]\nindex-url = {A}\nindex-url = {B}\n".encode(), "line 3 is not of its format"),
        (f"[global]\n[install]\n[global]\nindex-url = {B}\n".encode(), "line 3 is not of its format"),
        (b"[global]\nindex-url = \xff\n", "it is not UTF-8"),
        (f"[global]\nindex-url = {B}\n".encode("utf-16"), "it is not UTF-8"),
    ],
)
@pytest.mark.parametrize("path", ["config/pip/pip.conf", ".pip/pip.conf", "prefix/pip.conf", "none/pip/pip.conf"])
def test_a_broken_file_of_pip(home: Path, path: str, text: bytes, reason: str) -> None:
    (home / path).parent.mkdir(parents=True, exist_ok=True)
    (home / path).write_bytes(text)
    assert refused(home) == f"{home / path}: cannot be read: {reason}"
    # It does not matter where uv's variables name the index.
    assert find((), str(home), environment(home, UV_INDEX_URL=A)).urls == (A,)


@pytest.mark.parametrize("name", ["config/pip/pip.conf", "uv.toml", "config/uv/uv.toml", "named"])
@pytest.mark.parametrize("kind", ["a pipe", "a folder"])
def test_a_configuration_that_is_no_file(home: Path, name: str, kind: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path) if kind == "a pipe" else path.mkdir()
    shown = name if name == "uv.toml" else str(path)
    variables = {"PIP_CONFIG_FILE": str(path)} if name == "named" else {}
    assert refused(home, **variables) == f"{shown}: cannot be read: not a regular file"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("uv.toml", b"no toml", "line 1 is not TOML"),
        ("uv.toml", f'index-url = "{A}"\nextra-index-url = ["{B}"\n'.encode(), "it is not TOML"),
        ("uv.toml", b'index-url = "\xff"', "it is not UTF-8"),
        ("uv.toml", b"index = 3", "index is not a list of tables"),
        ("uv.toml", b"[[index]]\nname = 'a'", "index.url is not what uv expects there"),
        ("uv.toml", b"index-url = 4", "index-url is not what uv expects there"),
        ("uv.toml", b"no-index = 'yes'", "no-index is not what uv expects there"),
        ("pyproject.toml", b"[tool.uv.pip]\nno-index = 1", "no-index is not what uv expects there"),
        ("uv.toml", f'extra-index-url = "{B}"'.encode(), "extra-index-url is not what uv expects there"),
        ("uv.toml", b"pip = 1", "pip is not a table"),
        ("pyproject.toml", b"tool = 1", "tool is not a table"),
        ("pyproject.toml", b"[tool]\nuv = []", "uv is not a table"),
        ("pyproject.toml", b"[tool.uv", "it is not TOML"),
        ("config/uv/uv.toml", b"=", "line 1 is not TOML"),
        ("none/uv/uv.toml", b"=", "line 1 is not TOML"),
    ],
)
def test_a_broken_file_of_uv(home: Path, name: str, text: bytes, reason: str) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(text)
    shown = str(home / name) if "/" in name else name
    assert refused(home) == f"{shown}: cannot be read: {reason}"
    assert find((), str(home), environment(home, UV_NO_CONFIG="1")).urls == (C,)


def test_uv_config_file_replaces_the_other_files(home: Path) -> None:
    (home / "uv.toml").write_text(f'index-url = "{A}"\n')
    (home / "named.toml").write_text(f'index-url = "{B}"\n')
    assert find((), str(home), environment(home, UV_CONFIG_FILE=str(home / "named.toml"))).urls == (B,)
    missing = str(home / "missing.toml")
    assert refused(home, UV_CONFIG_FILE=missing) == f"{missing}: cannot be read: no such file or directory"


def test_a_configuration_of_the_repository_is_inside(home: Path) -> None:
    (home / "tree").mkdir()
    (home / "outside.toml").write_text(f'index-url = "{A}"\n')
    (home / "tree/uv.toml").symlink_to(home / "outside.toml")
    with pytest.raises(FiBumpError) as caught:
        find((), str(home / "tree"), environment(home))
    assert str(caught.value) == "uv.toml: is a link to a file outside the repository"


@pytest.mark.parametrize("value", ["1", "true", "yes", "on"])
def test_no_index(home: Path, value: str) -> None:
    assert refused(home, PIP_NO_INDEX=value) == "PIP_NO_INDEX: no-index is set: no package index may be asked"
    assert refused(home, PIP_NO_INDEX=value, PIP_INDEX_URL=A).startswith("PIP_NO_INDEX: ")
    assert refused(home, UV_NO_INDEX=value, UV_INDEX_URL=A).startswith("UV_NO_INDEX: ")
    (home / ".pip").mkdir()
    (home / ".pip/pip.conf").write_text(f"[global]\nno-index = {value}\n")
    assert refused(home).startswith(f"{home}/.pip/pip.conf: no-index is set")
    assert find((), str(home), environment(home, PIP_NO_INDEX="0")).urls == (C,)
    assert find((), str(home), environment(home, UV_INDEX_URL=A, PIP_NO_INDEX=value)).urls == (A,)
    (home / "uv.toml").write_text("no-index = true\n")
    assert refused(home, PIP_NO_INDEX="0") == "uv.toml: no-index is set: no package index may be asked"
    (home / "uv.toml").write_text("no-index = false\n[pip]\nno-index = true\n")
    assert refused(home, PIP_NO_INDEX="0") == "uv.toml: no-index is set: no package index may be asked"
    (home / "uv.toml").write_text("no-index = false\n")
    assert find((), str(home), environment(home, PIP_NO_INDEX="0")).urls == (C,)


def test_the_user_s_files_of_pip_do_not_count_beside_a_named_one(home: Path) -> None:
    (home / ".pip").mkdir()
    (home / ".pip/pip.conf").write_text(f"[global]\nextra-index-url = {A}\n")
    (home / "named.conf").write_text("[global]\ntimeout = 5\n")
    assert find((), str(home), environment(home, PIP_CONFIG_FILE=str(home / "named.conf"))).urls == (C,)
    assert find((), str(home), environment(home, PIP_CONFIG_FILE=str(home / "missing.conf"))).urls == (C, A)
