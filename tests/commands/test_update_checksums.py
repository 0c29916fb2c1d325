"""`set --update-checksums`: versions that move together with the checksum beside them, or not at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.errors import Exit
from tests.commands.conftest import Ask
from tests.conftest import Run, plant, snapshot
from tests.index.server import Index, Package, Reply, answering, running, wheel

OLD, NEW = "0.6.1", "0.6.2"
PACKAGE = "flashinfer-python"
OLD_WHEEL, NEW_WHEEL = wheel(PACKAGE, OLD), wheel(PACKAGE, NEW, "numpy")
LOCK = (
    f'{{"lock-version": 1, "groups": {{"flashinfer": {{"version": "{OLD}", "packages": {{"{PACKAGE}": {{}}}},'
    ' "variables": ["FLASHINFER_VERSION"], "repositories": ["github.com/flashinfer-ai/flashinfer"], "sites": []}}}\n'
).encode()
ARCHIVES = {OLD: b"the old archive", NEW: b"the new archive"}
TAGS = "flashinfer-ai/flashinfer/archive/refs/tags"


@pytest.fixture
def index() -> Iterator[Index]:
    """An index with two releases, and a server with the archives of both."""
    with running() as started:
        Package(PACKAGE, {OLD: OLD_WHEEL, NEW: NEW_WHEEL}).serve(started)
        for version, data in ARCHIVES.items():
            started.routes[f"/{TAGS}/v{version}.tar.gz"] = answering(Reply(200, {}, data))
        yield started


def sha(data: bytes, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, data).hexdigest()


def sri(data: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode()


def wheel_name(version: str) -> str:
    return f"flashinfer_python-{version}-py3-none-any.whl"


# Files of which the index knows the checksum: their path, and their text for a version and its wheel.
BY_INDEX = {
    "yaml": ("a.yaml", "flashinfer_version: '{version}'\nflashinfer_sha256: {sha}\n"),
    "recipe": (
        "recipe.yaml",
        "context:\n  name: flashinfer-python\n  version: '{version}'\nsource:\n"
        "  url: https://pkgs.invalid/flashinfer_python-${{{{ version }}}}.tar.gz\n  sha256: {sha}\n",
    ),
    "json": ("a.json", '{{"flashinfer": {{"version": "{version}", "integrity": "{sri}"}}}}\n'),
    "toml": ("a.toml", '[flashinfer]\nversion = "{version}"\nsha256 = "sha256:{sha}"\n'),
    "shell": ("a.sh", "FLASHINFER_VERSION={version}\nFLASHINFER_SHA256={SHA}\n"),
    "docker": ("Dockerfile", "FROM x\nARG FLASHINFER_VERSION={version}\nARG FLASHINFER_SHA256={sha}\n"),
    "hcl": ("a.hcl", 'FLASHINFER_VERSION = "{version}"\nFLASHINFER_SHA256 = "{sha}"\n'),
    "pkgbuild": ("PKGBUILD", "pkgname=python-flashinfer\npkgver={version}\nsha256sums=('{sha}')\n"),
}


def filled(text: str, version: str, data: bytes) -> bytes:
    return text.format(version=version, sha=sha(data), SHA=sha(data).upper(), sri=sri(data)).encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_INDEX)
def test_the_index_gives_the_checksum(name: str, ask: Ask, tmp_path: Path) -> None:
    path, text = BY_INDEX[name]
    root = tmp_path / "tree"
    plant(root, {path: filled(text, OLD, OLD_WHEEL), "versions.lock.json": LOCK})
    stopped = ask(root, "set", NEW)
    assert stopped.code == Exit.FINDINGS
    assert "nothing was changed\n" in stopped.out
    assert (root / path).read_bytes() == filled(text, OLD, OLD_WHEEL)
    result = ask(root, "set", NEW, "--update-checksums")
    assert (result.code, result.err) == (0, "")
    assert f" {OLD} -> {NEW}, with its checksum\n" in result.out
    assert (root / path).read_bytes() == filled(text, NEW, NEW_WHEEL)
    assert ask(root, "set", OLD, "--update-checksums").code == 0
    assert (root / path).read_bytes() == filled(text, OLD, OLD_WHEEL)


# Files with the address of an archive and its checksum.
BY_ADDRESS = {
    "yaml": ("deps.yaml", "flashinfer:\n  url: {url}\n  sha256: {sha256}\n"),
    "sha512": ("deps.yaml", "flashinfer:\n  url: {url}\n  sha512: {sha512}\n"),
    "both": ("deps.yaml", "flashinfer:\n  url: {url}\n  sha256: {sha256}\n  md5: {md5}\n"),
    "bazel": ("MODULE.bazel", 'http_archive(name = "x", urls = ["{url}"], integrity = "{sri}")\n'),
    "ruby": ("flashinfer.rb", 'url "{url}"\nsha256 "{sha256}"\n'),
    "docker": ("Dockerfile", "FROM x\nADD --checksum=sha256:{sha256} {url} /x\n"),
}


def at_address(text: str, url: str, version: str, data: bytes) -> bytes:
    sums = {name: sha(data, name) for name in ("sha256", "sha512", "md5")}
    return text.format(url=f"{url}/{TAGS}/v{version}.tar.gz", sri=sri(data), **sums).encode()


@pytest.fixture
def here(index: Index) -> tuple[str, bytes]:
    """The address of the server as a host, and a lock whose repository is on it."""
    host = index.url.removeprefix("http://")
    return host, LOCK.replace(b"github.com/flashinfer-ai", f"{host}/flashinfer-ai".encode())


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_ADDRESS)
def test_the_file_gives_the_checksum(
    name: str, ask: Ask, index: Index, here: tuple[str, bytes], tmp_path: Path
) -> None:
    path, text = BY_ADDRESS[name]
    root = tmp_path / "tree"
    plant(root, {path: at_address(text, index.url, OLD, ARCHIVES[OLD]), "versions.lock.json": here[1]})
    result = ask(root, "set", NEW, "--update-checksums")
    assert (result.code, result.err) == (0, "")
    assert (root / path).read_bytes() == at_address(text, index.url, NEW, ARCHIVES[NEW])


def test_a_checksum_of_something_else_stops_all(ask: Ask, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    path, text = BY_INDEX["yaml"]
    tree = {"b.yaml": filled(text, OLD, b"else"), path: filled(text, OLD, OLD_WHEEL), "versions.lock.json": LOCK}
    plant(root, tree)
    before = snapshot(root)
    result = ask(root, "set", NEW, "--update-checksums")
    assert (result.code, result.err) == (int(Exit.FINDINGS), "")
    reason = "no index has a file of the old release with this checksum, and no address of a file is beside it"
    assert (
        f"b.yaml:1:22: the new checksum of FLASHINFER_VERSION is not known: {reason}\nnothing was changed\n"
        in result.out
    )
    assert "a.yaml" not in result.out
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(Reply(404, {}, b""), "there is no file at {url}", id="missing"),
        pytest.param(Reply(403, {}, b""), "{url} the index answered with status 403", id="refused"),
    ],
)
def test_a_file_that_is_not_there(
    reply: Reply, reason: str, ask: Ask, index: Index, here: tuple[str, bytes], tmp_path: Path
) -> None:
    index.routes[f"/{TAGS}/v{NEW}.tar.gz"] = answering(reply)
    root = tmp_path / "tree"
    path, text = BY_ADDRESS["yaml"]
    plant(root, {path: at_address(text, index.url, OLD, ARCHIVES[OLD]), "versions.lock.json": here[1]})
    before = snapshot(root)
    result = ask(root, "set", NEW, "--update-checksums")
    assert (result.code, result.err) == (int(Exit.FINDINGS), "")
    assert f"is not known: {reason.format(url=f'URL/{TAGS}/v{NEW}.tar.gz')}\n" in result.out
    assert snapshot(root) == before


@pytest.mark.parametrize("rows", [[OLD], [OLD, "0.6.0"], ["0.6.0", OLD]])
def test_a_table_of_spack_needs_a_row_from_a_person(rows: list[str], ask: Ask, run: Run, tmp_path: Path) -> None:
    """Spack keeps the rows of old releases, so there is no checksum to replace; the place is named and nothing moves."""
    table = "".join(f'    version("{version}", sha256="{sha(version.encode())}")\n' for version in rows)
    recipe = f'class PyFlashinferPython(PythonPackage):\n    pypi = "flashinfer-python/a-{OLD}.tar.gz"\n{table}'
    path = "packages/py-flashinfer-python/package.py"
    root = tmp_path / "tree"
    plant(root, {path: recipe.encode(), "requirements.txt": f"{PACKAGE}=={OLD}\n".encode(), "versions.lock.json": LOCK})
    assert run(root, "check", "--fix").code == 0
    before = snapshot(root)
    result = ask(root, "set", NEW, "--update-checksums")
    assert (result.code, result.err) == (int(Exit.FINDINGS), "")
    assert result.out == (
        f"{path}:3:14: flashinfer-python: this table of versions and checksums has no row for {NEW} [missing-row]\n"
        f"nothing was changed\nhelp: add a row for {NEW} with its checksum, then run again\n"
    )
    assert snapshot(root) == before
    row = f'    version("{NEW}", sha256="{sha(NEW.encode())}")\n'
    (root / path).write_text(recipe + row, encoding="utf-8")
    assert ask(root, "set", NEW, "--update-checksums").code == 0
    assert (root / path).read_text(encoding="utf-8") == recipe + row
    assert (root / "requirements.txt").read_text(encoding="utf-8") == f"{PACKAGE}=={NEW}\n"
    assert run(root, "check").code == 0


def test_another_file_at_the_old_address(ask: Ask, index: Index, here: tuple[str, bytes], tmp_path: Path) -> None:
    root = tmp_path / "tree"
    path, text = BY_ADDRESS["yaml"]
    plant(root, {path: at_address(text, index.url, OLD, b"other"), "versions.lock.json": here[1]})
    before = snapshot(root)
    result = ask(root, "set", NEW, "--update-checksums")
    assert result.code == Exit.FINDINGS
    url = f"URL/{TAGS}/v{OLD}.tar.gz"
    assert f"is not known: {url} has another checksum than the one that is written here\n" in result.out
    assert snapshot(root) == before


def test_offline_refuses(run: Run, tmp_path: Path) -> None:
    plant(tmp_path, {"versions.lock.json": LOCK})
    result = run(tmp_path, "set", NEW, "--update-checksums")
    assert (result.code, result.out) == (int(Exit.USAGE), "")
    assert result.err == (
        "fi-bump: --update-checksums cannot be used with --offline: the new checksums come from the package indexes or "
        "from the files themselves\nhelp: leave out --offline or --update-checksums\n"
    )


def test_the_second_check_sees_a_wrong_checksum(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit of a checksum to another text than the planned one is found before anything is written."""
    from fi_bump.editing import plan
    from fi_bump.pins import Edit, Source, Span

    def edit(source: Source, span: Span, new: str) -> Edit:
        return Edit(span, source.data[span.start : span.end], (new[::-1] if len(new) > 20 else new).encode())

    monkeypatch.setattr(plan, "_edit", edit)
    root = tmp_path / "tree"
    path, text = BY_INDEX["yaml"]
    plant(root, {path: filled(text, OLD, OLD_WHEEL), "versions.lock.json": LOCK})
    before = snapshot(root)
    result = ask(root, "set", NEW, "--update-checksums")
    assert result.code == Exit.FAILED
    assert "other pins than planned, so nothing was written" in result.err
    assert snapshot(root) == before
