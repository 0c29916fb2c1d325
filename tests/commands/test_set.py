"""Tests of `fi-bump set`: whole outputs and whole files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.cli.app import app
from fi_bump.commands import set as bump
from tests.conftest import LOCK, NEW, OLD, TREE, Run, plant, snapshot

MOVED = f"""\
docker/Dockerfile:3:24: FLASHINFER_VERSION {OLD} -> {NEW}
docker/Dockerfile.nightly:2:37: github.com/flashinfer-ai/flashinfer {OLD} -> {NEW}
docker/versions.json:5:19: FLASHINFER_VERSION {OLD} -> {NEW}
requirements/cuda.txt:5:20: flashinfer-python {OLD} -> {NEW}
requirements/cuda.txt:6:19: flashinfer-cubin {OLD} -> {NEW}
flashinfer {OLD} -> {NEW}: 5 pins in 4 files, no index asked
"""


def moved(version: str) -> dict[str, bytes]:
    """Return the tree and its lock at a version, by replacing text: in these files every occurrence is a pin."""
    return {
        name: data.replace(OLD.encode(), version.encode())
        for name, data in {**TREE, "versions.lock.json": LOCK}.items()
    }


def files(root: Path) -> dict[str, bytes]:
    return {name: data for name, (data, _) in snapshot(root).items()}


def test_set_moves_every_site_and_nothing_else(engine: Path, run: Run) -> None:
    assert run(engine, "set", NEW) == (0, MOVED, "")
    assert files(engine) == moved(NEW)
    assert run(engine, "check") == (0, f"flashinfer {NEW}: 5 pins in 4 files, in step\n", "")


def test_set_back_gives_identical_bytes(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    run(engine, "set", f"flashinfer=={NEW}")
    assert run(engine, "set", OLD).code == 0
    assert snapshot(engine) == before


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("0.6.6", "0.6.6"),
        ("v0.7.0RC1", "0.7.0rc1"),
        ("v0.7.0.POST1", "0.7.0.post1"),
        ("0.6.11-2", "0.6.11.post2"),
    ],
)
def test_any_pep_440_version_is_written_canonically(engine: Path, run: Run, asked: str, canonical: str) -> None:
    assert run(engine, "set", asked).code == 0
    assert files(engine) == moved(canonical)


def test_a_nightly_version(engine: Path, run: Run) -> None:
    """A nightly has another tag than its version, and the engine clones a tag."""
    before = snapshot(engine)
    result = run(engine, "set", "0.7.0.dev20260101")
    assert (result.code, result.err) == (1, "")
    assert "github.com/flashinfer-ai/flashinfer has nightly-v0.7.0-20260101 [missing-tag]\n" in result.out
    assert snapshot(engine) == before
    (engine / "docker/Dockerfile.nightly").write_bytes(b"FROM x\n")
    site = "docker/Dockerfile.nightly#git clone github.com/flashinfer-ai/flashinfer"
    assert run(engine, "site", "remove", site).code == 0
    assert run(engine, "set", "0.7.0.dev20260101").code == 0


def test_set_to_the_same_version_says_so(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    assert run(engine, "set", OLD) == (0, f"flashinfer is already at {OLD}\n", "")
    assert snapshot(engine) == before


def test_set_to_the_same_version_brings_back_what_drifted(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    path = engine / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(OLD.encode(), b"0.6.1"))
    moved = f"docker/Dockerfile:3:24: FLASHINFER_VERSION 0.6.1 -> {OLD}\n"
    summary = f"flashinfer stays at {OLD}: 1 pin in 1 file, no index asked\n"
    assert run(engine, "set", OLD) == (0, moved + summary, "")
    assert snapshot(engine) == before


def test_spellings_stay(tmp_path: Path, run: Run) -> None:
    tree = {
        "requirements.txt": b"FlashInfer_Python[cu13] == 0.6.6+cu130 ; python_version > '3.9'\r\n",
        "Dockerfile": b"arg VLLM_FLASHINFER_VERSION='v0.6.6'\nFROM x\n",
    }
    plant(tmp_path, tree)
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "set", "0.7.0").code == 0
    assert (tmp_path / "requirements.txt").read_bytes() == tree["requirements.txt"].replace(b"0.6.6", b"0.7.0")
    assert (tmp_path / "Dockerfile").read_bytes() == tree["Dockerfile"].replace(b"0.6.6", b"0.7.0")


def test_dry_run_is_a_patch_that_git_applies(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    result = run(engine, "set", NEW, "--dry-run")
    assert (result.code, result.err) == (0, MOVED)
    assert snapshot(engine) == before
    subprocess.run(["git", "apply", "-"], cwd=engine, input=result.out.encode(), check=True)
    assert files(engine) == moved(NEW)


def test_mentions_of_the_old_version_are_listed(engine: Path, run: Run) -> None:
    plant(
        engine,
        {"docs/install.md": b"# Install\n\npip install flashinfer-python==0.6.8.post1\n\n\n\ntorch 0.6.8.post1\n"},
    )
    mention = f"  docs/install.md:3: doc: pip install flashinfer-python=={OLD}\n"
    assert run(engine, "set", NEW) == (0, f"{MOVED}1 place to look at:\n{mention}", "")


def test_drift_moves_along(engine: Path, run: Run) -> None:
    plant(engine, {"docker/Dockerfile": TREE["docker/Dockerfile"].replace(OLD.encode(), b"0.6.6")})
    assert run(engine, "set", NEW).code == 0
    assert files(engine) == moved(NEW)


def test_a_new_place_is_moved_and_recorded(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/test.txt": b"flashinfer-python==0.6.8.post1\n"})
    assert run(engine, "set", NEW).code == 0
    assert (engine / "requirements/test.txt").read_bytes() == f"flashinfer-python=={NEW}\n".encode()
    assert b'"requirements/test.txt#flashinfer-python"' in (engine / "versions.lock.json").read_bytes()
    assert run(engine, "check").code == 0


def test_a_missing_site_stops_the_bump(engine: Path, run: Run) -> None:
    (engine / "docker/Dockerfile.nightly").unlink()
    before = snapshot(engine)
    out = (
        "docker/Dockerfile.nightly:1:1: the lock records 'git clone github.com/flashinfer-ai/flashinfer' here, "
        "but there is no pin at this anchor [missing-site]\n"
        "nothing was changed\n"
        "help: put the pin back, or forget its site: fi-bump site remove "
        "'docker/Dockerfile.nightly#git clone github.com/flashinfer-ai/flashinfer'\n"
    )
    assert run(engine, "set", NEW) == (1, out, "")
    assert run(engine, "set", NEW, "--dry-run") == (1, "", out)
    assert snapshot(engine) == before


def test_hashes_stop_the_bump(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/lock.txt": b"flashinfer-python==0.6.8.post1 \\\n    --hash=sha256:00\n"})
    before = snapshot(engine)
    result = run(engine, "set", NEW)
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "requirements/lock.txt:1:20: flashinfer-python is 0.6.8.post1, the move goes to 0.6.11.post2; its hashes must "
        "change too, and the lock does not have them [drift]\n"
        "nothing was changed\n"
        "help: update the version and its checksums together, or regenerate the file\n"
    )
    assert snapshot(engine) == before


def release(version: str, *digits: str) -> dict[str, str]:
    """Return the files that the lock records for a release: one wheel per digit."""
    return {f"flashinfer_python-{version}-{each}-py3-none-any.whl": f"sha256:{each * 64}" for each in digits}


def hashed(version: str, *digits: str) -> bytes:
    """Return a compiled requirement file."""
    lines = "".join(f" \\\n    --hash=sha256:{each * 64}" for each in digits)
    return (
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile cuda.in\n"
        f"flashinfer-python=={version} ; python_version < '4'{lines}\n    # via -r cuda.in\n"
    ).encode()


@pytest.mark.parametrize(("before", "after"), [("12", "3"), ("1", "34"), ("1", "2"), ("123", "45")])
def test_version_and_hashes_move_together(engine: Path, run: Run, before: str, after: str) -> None:
    lock = json.loads(LOCK)
    group = lock["groups"]["flashinfer"]
    group["version"] = NEW
    group["packages"]["flashinfer-python"]["files"] = {**release(NEW, *after), **release(OLD, "9")}
    plant(engine, {"requirements/lock.txt": hashed(OLD, *before), "versions.lock.json": json.dumps(lock).encode()})
    result = run(engine, "check", "--fix")
    assert result.code == 0
    assert f"fixed requirements/lock.txt:3:20: flashinfer-python {OLD} -> {NEW}, with its hashes\n" in result.out
    assert (engine / "requirements/lock.txt").read_bytes() == hashed(NEW, *after)
    assert run(engine, "check").code == 0
    wrong = hashed(NEW, *after).replace(b"sha256:" + after[0].encode(), b"sha256:8")
    plant(engine, {"requirements/lock.txt": wrong})
    result = run(engine, "check")
    assert result.code == 1
    assert result.out.splitlines()[0] == (
        f"requirements/lock.txt:3:20: flashinfer-python {NEW} has no file with the hash "
        f"sha256:8{after[0] * 63} [hash-mismatch]"
    )


def test_a_compiled_file_names_its_command(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/lock.txt": hashed(OLD)})
    assert run(engine, "set", NEW).out.endswith(
        "note: requirements/lock.txt is compiled; regenerate it with: uv pip compile cuda.in\n"
    )


def test_one_group_of_several_moves_alone(engine: Path, run: Run) -> None:
    two = LOCK.replace(
        b'"groups": {',
        b'"groups": {\n"numba": {"version": "0.61.2", "packages": {"numba": {}}, '
        b'"sites": ["requirements/cuda.txt#numba"]},',
    )
    plant(engine, {"versions.lock.json": two})
    hint = "help: write numba==0.7.0; the groups are numba, flashinfer\n"
    assert run(engine, "set", "0.7.0") == (
        2,
        "",
        f"fi-bump: the lock has 2 groups, and '0.7.0' does not say which\n{hint}",
    )
    assert run(engine, "set", "numba==0.62.0").out == (
        "requirements/cuda.txt:3:10: numba 0.61.2 -> 0.62.0\nnumba 0.61.2 -> 0.62.0: 1 pin in 1 file, no index asked\n"
    )
    assert run(engine, "set", f"flashinfer=={NEW}", "numba==0.63.0").code == 0
    assert b"numba == 0.63.0" in (engine / "requirements/cuda.txt").read_bytes()
    assert run(engine, "check").code == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["newest"],
            "fi-bump: 'newest' is not a PEP 440 version\nhelp: a version looks like 0.6.11.post2, 0.7.0rc1 or "
            "0.6.9.dev20260101\n",
        ),
        (
            ["0.7.0+cu130"],
            "fi-bump: '0.7.0+cu130' contains the local label +cu130\nhelp: write 0.7.0; each site keeps its "
            "own label\n",
        ),
        (["flashinfr==0.7.0"], "fi-bump: the lock has no group 'flashinfr'\nhelp: did you mean flashinfer?\n"),
        (["torch==2.9"], "fi-bump: the lock has no group 'torch'\nhelp: the groups are flashinfer\n"),
        (
            ["flashinfer-cubin==0.7.0"],
            "fi-bump: the lock has no group 'flashinfer-cubin'\nhelp: 'flashinfer-cubin' moves "
            "with its group: write flashinfer==0.7.0\n",
        ),
        (["0.7.0", "flashinfer==0.7.1"], "fi-bump: the group 'flashinfer' is given twice\n"),
    ],
)
def test_wrong_usage_changes_nothing(engine: Path, run: Run, arguments: list[str], error: str) -> None:
    before = snapshot(engine)
    assert run(engine, "set", *arguments) == (2, "", error)
    assert snapshot(engine) == before


def test_a_member_that_was_not_pinned_before_is_seen(engine: Path, run: Run) -> None:
    literal = b"FROM x\nRUN pip install flashinfer-python==0.6.8.post1 flashinfer-jit-cache==0.6.8.post1+cu130\n"
    plant(engine, {"Containerfile": literal})
    assert run(engine, "set", NEW).code == 0
    assert (engine / "Containerfile").read_bytes() == literal.replace(OLD.encode(), NEW.encode())


def test_a_mention_on_the_line_of_a_pin_is_listed(engine: Path, run: Run) -> None:
    plant(engine, {"requirements/cuda.txt": TREE["requirements/cuda.txt"].replace(b"# kernels", b"# was 0.6.8.post1")})
    assert run(engine, "set", NEW).out.endswith(
        f"1 place to look at:\n  requirements/cuda.txt:5: text: flashinfer-python=={NEW}  # was {OLD}\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        ["set", "0.6.11.post2"],
        ["-C", "x", "set", "0.6.11.post2", "kit==1"],
        ["set", "--dry-run", "1"],
        ["set", "1", "--strict"],
        ["set", "1", "--offline", "--dry-run"],
    ],
)
def test_both_parsers_read_a_plain_line_alike(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FI_BUMP_OFFLINE", raising=False)
    asked: list[bump.SetOptions] = []

    def note(options: bump.SetOptions) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr(bump, "run", note)
    with pytest.raises(SystemExit):
        app(line, prog_name="fi-bump")
    assert asked == [bump.parse(line)]


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["set"],
        ["set", ""],
        ["set", "--dry-run"],
        ["-C"],
        ["-C", "", "set", "1"],
        ["check"],
        ["set", "--help"],
        ["set", "1", "--index", "x"],
        ["set", "1", "--allow-yanked"],
        ["set", "-x", "1"],
        ["set", "--", "1"],
    ],
)
def test_other_lines_need_the_full_parser(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FI_BUMP_OFFLINE", raising=False)
    assert bump.parse(line) is None


def test_an_environment_that_says_offline_needs_the_full_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FI_BUMP_OFFLINE", "0")
    assert bump.parse(["set", "1"]) is None


def test_offline_loads_only_the_parsers_of_the_files_that_move(tmp_path: Path) -> None:
    group = b'{"version": "1.0", "packages": {"kit": {}}, "variables": ["KIT_VERSION"]}'
    lock = b'{"lock-version": 1, "groups": {"kit": ' + group + b"}}"
    plant(
        tmp_path, {"versions.lock.json": lock, "docker-bake.hcl": b'variable "KIT_VERSION" {\n  default = "1.0"\n}\n'}
    )
    program = (
        "import atexit, sys\n"
        "slow = {'typer', 'rich', 'urllib3', 'packaging.tags', 'importlib.resources', 'dockerfile_parse', 'tempfile'}\n"
        "atexit.register(lambda: print(sorted(slow & set(sys.modules)), file=sys.stderr))\n"
        "sys.argv = ['fi-bump', 'set', '--offline', '--dry-run', '1.1']\n"
        "from fi_bump.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "[]")
