"""The order of the configured indexes: the command line, variables, uv's and pip's files, pip's default."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import FiBumpError
from fi_bump.index import configuration
from fi_bump.index.configuration import Indexes, find

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
    assert find((A, B), str(home), {"UV_INDEX_URL": C}) == Indexes(A, "--index", after=(B,))


@pytest.mark.parametrize(
    ("name", "text", "urls"),
    [
        ("uv.toml", f'index-url = "{A}"\nextra-index-url = ["{B}"]', (B, A)),
        ("uv.toml", f'[[index]]\nurl = "{B}"\n[[index]]\nurl = "{A}"\ndefault = true', (B, A)),
        ("uv.toml", f'[[index]]\nurl = "{B}"\nexplicit = true\n[[index]]\nurl = "{A}"\ndefault = true', (A,)),
        ("uv.toml", f'[pip]\nindex-url = "{A}"', (A,)),
        ("uv.toml", "no toml", (C,)),
        ("uv.toml", f'[[index]]\nurl = "{B}"', (B, C)),
        ("uv.toml", f'[pip]\nextra-index-url = ["{B}"]', (B, C)),
        ("uv.toml", f'index = 3\nindex-url = 4\nextra-index-url = "{B}"', (C,)),
        ("pyproject.toml", "tool = 1", (C,)),
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
        ("config/pip/pip.conf", "[broken", (C,)),
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
