"""One rule for reported places: what something is installed from fails a check, what compares or describes informs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run, plant

PINNED = {"requirements.txt": b"flashinfer-python==0.6.8\n"}
INSTALLED_FROM = {
    "uv.lock": b'version = 1\n[[package]]\nname = "flashinfer-python"\nversion = "0.6.6"\n',
    "p.nix": b'{ version = "0.6.6"; pname = "flashinfer-python"; hash = "sha256-AAAA"; }\n',
    "image/versions.yml": b"kit:\n  url: https://x.invalid/flashinfer_python-0.6.6-py3-none-any.whl\n  sha256: "
    + b"a" * 64
    + b"\n",
    "locked/requirements.txt": b"flashinfer-python==0.6.6 --hash=sha256:" + b"a" * 64 + b"\n",
}
DESCRIBED = {
    "engine/run.py": b'assert_pkg_version("flashinfer_python", "0.6.6", "x")\n',
    "engine/gate.py": b'import flashinfer\nif flashinfer.__version__ == "0.6.6":\n    pass\n',
    "engine/table.py": b'EXPECTED = {"flashinfer-python": "0.6.6"}\n',
    "tags/Dockerfile": b"FROM org/runner:cu130-flashinfer-0.6.6\n",
    "cli/Dockerfile": b"FROM x\nRUN python -c 'import flashinfer; assert flashinfer.__version__ == \"0.6.6\"'\n",
    "config/x.json": b'{"install": "flashinfer-python==0.6.6"}\n',
    "old/requirements.txt": b"flashinfer==0.1.6\n",
    "open/requirements.txt": b"flashinfer-python\n",
}


@pytest.mark.parametrize("path", INSTALLED_FROM)
def test_a_place_that_something_is_installed_from_fails(tmp_path: Path, run: Run, path: str) -> None:
    plant(tmp_path, PINNED)
    assert run(tmp_path, "init").code == 0
    plant(tmp_path, {path: INSTALLED_FROM[path]})
    result = run(tmp_path, "check")
    assert result.code == 1
    first = result.out.splitlines()[0]
    assert first.startswith(f"{path}:")
    assert first.endswith(("[drift]", "[stale-lock-file]"))


@pytest.mark.parametrize("path", DESCRIBED)
def test_a_place_that_compares_or_describes_informs(tmp_path: Path, run: Run, path: str) -> None:
    plant(tmp_path, PINNED)
    assert run(tmp_path, "init").code == 0
    plant(tmp_path, {path: DESCRIBED[path]})
    result = run(tmp_path, "check")
    assert result.code == 0
    first = result.out.splitlines()[0]
    assert first.startswith(f"{path}:")
    assert ": note: " in first
    # What the code compares with is behind; what only names a version is not compared with the lock.
    is_gate = path.startswith("engine/") or path == "cli/Dockerfile"
    assert first.endswith("[gate-behind]" if is_gate else "[unpinned]")


def made(path: str, notes: int) -> dict[str, bytes]:
    return {
        path: b"{" + b",".join(b'"%d": "pip install flashinfer-python==0.6.6"' % each for each in range(notes)) + b"}\n"
    }


def test_a_file_with_many_notes_is_left_out_as_the_help_says(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, PINNED)
    assert run(tmp_path, "init").code == 0
    plant(tmp_path, made("few/index.json", 19) | made("site/index.json", 20))
    result = run(tmp_path, "check")
    assert (result.code, result.out.count("note: ")) == (0, 39)
    *_, group, line = result.out.splitlines()
    assert group == "flashinfer 0.6.8: 1 pin in 1 file, in step"
    assert line == (
        "help: if a tool makes site/index.json, which has 20 notes, leave it out: "
        'add "site/index.json" to "exclude" in versions.lock.json'
    )
    assert "if a tool makes site/index.json" in run(tmp_path, "check", "--format", "github").out
    lock = tmp_path / "versions.lock.json"
    lock.write_text(lock.read_text().replace('"groups": {', '"exclude": ["site/index.json"],\n  "groups": {', 1))
    result = run(tmp_path, "check")
    assert (result.code, result.out.count("note: "), "exclude" in result.out) == (0, 19, False)
