"""Which indexes are asked: the same by every command, and those that pip and uv ask where a member is installed.

The arrangements are the rows of the table in docs/indexes.md.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fi_bump.index import retries
from tests.conftest import GIT_SETTINGS, Result, Run, plant
from tests.index.server import Index, Package, running

NAME, OLD = "flashinfer-python", "0.6.8"
# What each index has. An installer that asks both takes 0.6.13; one that asks the extra index alone, or first, 0.6.12.
ON_DEFAULT, ON_EXTRA = ("0.6.8", "0.6.13"), ("0.6.8", "0.6.12")

Ask = Callable[..., Result]


def installable(version: str) -> bytes:
    """Return a wheel that pip accepts."""
    folder = f"flashinfer_python-{version}.dist-info"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")
    return stream.getvalue()


@pytest.fixture
def index() -> Iterator[Index]:
    """A default index and an extra one below the same address."""
    with running() as started:
        for folder, versions in (("", ON_DEFAULT), ("/extra", ON_EXTRA)):
            Package(NAME, {each: installable(each) for each in versions}).serve(started, folder)
        yield started


@pytest.fixture
def ask(run: Run, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command whose user has configured the default index for pip, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.url}/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(retries, "RETRIES", 0)
    return lambda root, *arguments: run(root, *arguments, offline=False)


def asked(index: Index) -> list[str]:
    """Return the indexes that were asked about the package, without the address of the server."""
    pages = {each.path for each in index.log if each.path.rstrip("/").endswith(NAME)}
    return sorted(path.removesuffix(f"{NAME}/").rstrip("/") for path in pages)


DEFAULT, EXTRA = "/simple", "/extra/simple"
REQUIREMENT = f"{NAME}=={OLD}\n"

# Each arrangement: its name, its files with URL for the server, the command of pip or uv, which tools can run it, the
# indexes that fi-bump asks for pip and for uv.
ARRANGEMENTS = [
    ("no option", {"requirements.txt": REQUIREMENT}, "install -r requirements.txt", [DEFAULT], [DEFAULT]),
    (
        "`--extra-index-url` in the requirement file",
        {"requirements.txt": f"--extra-index-url URL{EXTRA}\n{REQUIREMENT}"},
        "install -r requirements.txt",
        [EXTRA, DEFAULT],
        [EXTRA],
    ),
    (
        "`--index-url` in the requirement file",
        {"requirements.txt": f"{REQUIREMENT}--index-url URL{EXTRA}\n"},
        "install -r requirements.txt",
        [EXTRA],
        # uv prefers a default index of its configuration file.
        None,
    ),
    (
        "`--extra-index-url` in a file that it includes",
        {
            "requirements.txt": f"-r inner-requirements.txt\n{REQUIREMENT}",
            "inner-requirements.txt": f"--extra-index-url URL{EXTRA}\n",
        },
        "install -r requirements.txt",
        [EXTRA, DEFAULT],
        [EXTRA],
    ),
    (
        "`--extra-index-url` of the command",
        {"requirements.txt": REQUIREMENT},
        f"install -r requirements.txt --extra-index-url URL{EXTRA}",
        [EXTRA, DEFAULT],
        [EXTRA],
    ),
    (
        "`--index-url` of the command",
        {"requirements.txt": REQUIREMENT},
        f"install -r requirements.txt --index-url URL{EXTRA}",
        [EXTRA],
        [EXTRA],
    ),
    (
        "`[[tool.uv.index]]`",
        {
            "pyproject.toml": f'[project]\nname = "x"\nversion = "1"\ndependencies = ["{NAME}=={OLD}"]\n'
            f'[[tool.uv.index]]\nname = "gpu"\nurl = "URL{EXTRA}"\n'
        },
        "compile pyproject.toml",
        None,
        [EXTRA],
    ),
    (
        "an `explicit` index and `tool.uv.sources`",
        {
            "pyproject.toml": f'[project]\nname = "x"\nversion = "1"\ndependencies = ["{NAME}=={OLD}"]\n'
            f'[[tool.uv.index]]\nname = "gpu"\nurl = "URL{EXTRA}"\nexplicit = true\n'
            f'[tool.uv.sources]\n{NAME} = {{ index = "gpu" }}\n'
        },
        "compile pyproject.toml",
        None,
        [EXTRA],
    ),
]
ROWS = [
    (title, files, command, tool, expected)
    for title, files, command, pip, uv in ARRANGEMENTS
    for tool, expected in (("pip", pip), ("uv", uv))
    if expected is not None
]


def installed_by(tool: str, command: str, folder: Path, url: str) -> str:
    """Return the version that the tool itself chooses, after the files' pin was opened."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
    words = command.replace("URL", url).split()
    if tool == "pip":
        report = folder / "report.json"
        pip = [sys.executable, "-m", "pip", "--isolated", *words, "--dry-run", "--no-deps", "--ignore-installed"]
        pip += ["--report", str(report), "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
        pip += [] if "--index-url" in words else ["--index-url", f"{url}/simple"]
        done = subprocess.run(pip, cwd=folder, check=False, capture_output=True, text=True, env={**kept, **home})
        assert (done.returncode, done.stderr) == (0, "")
        return str(json.loads(report.read_bytes())["install"][0]["metadata"]["version"])
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    words = [*words[1:], "--quiet"] if words[0] == "compile" else [words[2], *words[3:], "--quiet"]
    plant(folder, {"uv/uv.toml": f'index-url = "{url}/simple"\n'.encode()})
    given = {**kept, **home, "UV_NO_CACHE": "1", "UV_NO_PROGRESS": "1"}
    done = subprocess.run(
        [uv, "pip", "compile", "--no-deps", "--no-header", "--no-annotate", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=given,
    )
    return done.stdout.strip().splitlines()[-1].partition("==")[2]


@pytest.mark.slow
@pytest.mark.parametrize(("title", "files", "command", "tool", "expected"), ROWS)
def test_fi_bump_finds_what_the_installer_finds(
    tmp_path: Path,
    ask: Ask,
    index: Index,
    title: str,
    files: dict[str, str],
    command: str,
    tool: str,
    expected: list[str],
) -> None:
    root, opened = tmp_path / "tree", tmp_path / "opened"
    real = {name: text.replace("URL", index.url) for name, text in files.items()}
    if command.startswith("install"):
        prefix = "pip" if tool == "pip" else "uv pip"
        real["install.sh"] = f"{prefix} {command.replace('URL', index.url)}\n"
    plant(root, {name: text.encode() for name, text in real.items()})
    plant(opened, {name: text.replace(f"=={OLD}", "").encode() for name, text in real.items()})
    assert ask(root, "init").code == 0
    lock = root / "versions.lock.json"
    found = []
    for with_lock in (True, False):  # What init has recorded, and what the files say, lead to the same.
        if not with_lock:
            document = json.loads(lock.read_bytes())
            document["groups"]["flashinfer"]["packages"][NAME].pop("index", None)
            lock.write_text(json.dumps(document))
        index.log.clear()
        group = json.loads(ask(root, "latest", "--format", "json").out)["result"]["groups"][0]
        found.append((group["newest"], asked(index)))
    version = installed_by(tool, command, opened, index.url)
    assert found == [(version, expected), (version, expected)]


@pytest.mark.slow
def test_every_command_asks_the_same_indexes(tmp_path: Path, ask: Ask, index: Index) -> None:
    root = tmp_path / "tree"
    text = f"--extra-index-url {index.url}{EXTRA}\n{REQUIREMENT}"
    plant(root, {"requirements.txt": text.encode(), "Dockerfile": b"FROM x\nRUN pip install -r requirements.txt\n"})
    init = ask(root, "init").out
    assert f"recorded the index of {NAME}: default, {index.url}{EXTRA}\n" in init
    packages = json.loads((root / "versions.lock.json").read_bytes())["groups"]["flashinfer"]["packages"]
    assert packages[NAME] == {"index": ["default", f"{index.url}{EXTRA}"]}
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True, env={**os.environ, **GIT_SETTINGS})
    for with_lock in (True, False):
        if not with_lock:
            assert ask(root, "member", "set", NAME, "--no-index").code == 0
        for command in (
            ["latest"],
            ["audit"],
            ["check", "--online"],
            ["set", "0.6.12", "--dry-run"],
            ["fleet", "--online", str(root)],
        ):
            index.log.clear()
            assert (command, ask(root, *command).code) == (command, 0)
            assert (command, asked(index)) == (command, [EXTRA, DEFAULT])
    assert ask(root, "set", "0.6.12").code == 0
    index.log.clear()
    assert ask(root, "pr-body").code == 0
    assert asked(index) == [EXTRA, DEFAULT]


def test_the_page_shows_the_arrangements() -> None:
    """docs/indexes.md has a row for each arrangement, with the versions that the tests above see."""
    words = {DEFAULT: "default", EXTRA: "extra"}

    def cells(expected: list[str] | None) -> tuple[str, str]:
        if expected is None:
            return "-", "-"
        best = ON_DEFAULT[-1] if DEFAULT in expected else ON_EXTRA[-1]
        return best, ", ".join(sorted(words[each] for each in expected))

    rows = [(title, cells(pip), cells(uv)) for title, _, _, pip, uv in ARRANGEMENTS]
    table = [f"| {title} | {pip[0]} | {pip[1]} | {uv[0]} | {uv[1]} |" for title, pip, uv in rows]
    page = (Path(__file__).parents[2] / "docs" / "indexes.md").read_text(encoding="utf-8")
    assert len(table) == 8
    assert "\n".join(table) in page
