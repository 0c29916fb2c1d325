"""Compare `fi-bump check` with other tools on the tree of vLLM 0.22.0: medians, minima and ratios as a Markdown table.

In each round all commands run once, so that a busy machine slows all of them alike. The other tools have their own
environment, because tbump needs another version of tomlkit than fi-bump, and their own copy of the tree, in which their
configuration names every pin. `git grep` of the wanted word is the measure
of what reading the tree must take; ripgrep is measured where it is installed. pre-commit runs one hook that does
nothing. The cache (fi_bump/scanning/cache.py) helps if the tree has not changed, or only little; the rows after it show
a check after a change, TAB, and `status`; then what a person waits for without the cache.

    python benchmarks/bench.py [ROUNDS]

benchmarks/index.py compares the network part with uv. fi-bump is installed from its wheel into an environment of its
own, without pip and setuptools, as `uv tool` and pipx do: an editable install in the environment of the tests starts
later, because other packages there run code at each start.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sdists import unpacked

ROUNDS = 40
SETTLED = 2.1  # seconds after which the cache accepts a changed file
OURS = "`fi-bump check`"
GIT = "`git grep -liF flashinfer`"
CHANGED = "`fi-bump check`, one file changed"
COLD = "`fi-bump check`, without the cache"
PEERS = ("tbump==6.11.0", "bump-my-version==1.8.1", "bumpver==2026.1132", "pre-commit==4.7.0")
VERSION = "0.6.11.post2"
FILES = {
    "requirements/cuda.txt": "flashinfer-python=={}",
    "docker/Dockerfile": "FLASHINFER_VERSION={}",
    "docker/Dockerfile.nightly_torch": "--branch v{}",
    "docker/versions.json": '"default": "{}"',
}


def main() -> None:
    """Measure and print."""
    peers, here = _peers(Path(".venv-bench")), _installed(Path(".venv-bench-fi-bump"))
    with tempfile.TemporaryDirectory() as scratch:
        root, configured = Path(scratch) / "vllm", Path(scratch) / "configured"
        for tree in (root, configured):
            shutil.copytree(unpacked("vllm", "0.22.0"), tree, symlinks=True)
        _configure(configured)
        for tree in (root, configured):
            _commit(tree)
        subprocess.run([here / "fi-bump", "init"], cwd=root, check=True, stdout=subprocess.DEVNULL)
        commands: dict[str, list[str | Path]] = {
            "`python -c pass`": [here / "python", "-c", "pass"],
            OURS: [here / "fi-bump", "check"],
            "vLLM's `generate_versions_json.py --check`": [
                here / "python",
                "tools/generate_versions_json.py",
                "--check",
            ],
            "`tbump --dry-run`": [peers / "tbump", "--dry-run", "--non-interactive", "--only-patch", "0.6.12"],
            "`bump-my-version bump --dry-run`": [
                peers / "bump-my-version",
                "bump",
                "--dry-run",
                "--allow-dirty",
                "--new-version",
                "0.6.12",
            ],
            "`bumpver update --dry`": [
                peers / "bumpver",
                "update",
                "--dry",
                "--no-fetch",
                "--allow-dirty",
                "--set-version",
                "0.6.12",
            ],
            "`pre-commit run` of a hook that does nothing": [peers / "pre-commit", "run", "--all-files"],
            CHANGED: [here / "fi-bump", "check"],
            "TAB after `fi-bump set `": [here / "fi-bump"],
            "`fi-bump status` with the cache": [here / "fi-bump", "status"],
            COLD: [here / "fi-bump", "check"],
            GIT: ["git", "grep", "-liF", "flashinfer"],
            **({"`rg -liF flashinfer`": ["rg", "-liF", "flashinfer"]} if shutil.which("rg") else {}),
            "`fi-bump check --mentions`": [here / "fi-bump", "check", "--mentions"],
            "`fi-bump set --offline --dry-run`": [here / "fi-bump", "set", "--offline", "--dry-run", "0.6.12"],
            "`fi-bump status`": [here / "fi-bump", "status"],
            "`fi-bump --version`": [here / "fi-bump", "--version"],
            "`fi-bump --help`": [here / "fi-bump", "--help"],
        }
        os.environ["XDG_CACHE_HOME"] = str(Path(scratch) / "cache")
        time.sleep(SETTLED)
        subprocess.run(commands[OURS], cwd=root, check=True, stdout=subprocess.DEVNULL)
        rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
        roots = {name: configured if Path(command[0]).parent == peers else root for name, command in commands.items()}
        _print(_measure(commands, roots, rounds), rounds)


def _peers(environment: Path) -> Path:
    if not (environment / "bin" / "pre-commit").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return environment.resolve() / "bin"


def _installed(environment: Path) -> Path:
    """Install this checkout, and return the folder of its commands."""
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        environment / "bin" / "python",
        "install",
        "--quiet",
    ]
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", environment], check=True)
    subprocess.run([*pip, Path(__file__).parents[1]], check=True)
    return environment.resolve() / "bin"


def _configure(root: Path) -> None:
    """Configure the other tools with the same pins."""
    git_table = '[git]\nmessage_template = "{new_version}"\ntag_template = "v{new_version}"\n'
    tbump = f'[version]\ncurrent = "{VERSION}"\nregex = ".+"\n{git_table}'
    bumpversion = f'[tool.bumpversion]\ncurrent_version = "{VERSION}"\nparse = "(?P<all>.+)"\nserialize = ["{{all}}"]\n'
    for path, pattern in FILES.items():
        tbump += f"[[file]]\nsrc = '{path}'\nsearch = '{pattern.format('{current_version}')}'\n"
        search, replace = (pattern.format("{" + name + "}") for name in ("current_version", "new_version"))
        bumpversion += f"[[tool.bumpversion.files]]\nfilename = '{path}'\nsearch = '{search}'\nreplace = '{replace}'\n"
    bumpver = f'[bumpver]\ncurrent_version = "{VERSION}"\nversion_pattern = "MAJOR.MINOR.PATCH[.PYTAGNUM]"\n'
    bumpver += "commit = false\n[bumpver.file_patterns]\n"
    for path, pattern in FILES.items():
        bumpver += f"'{path}' = ['{pattern.format('{pep440_version}')}']\n"
    hook = "{id: nothing, name: nothing, entry: 'true', language: system, pass_filenames: false, always_run: true}"
    (root / "bumpver.toml").write_text(bumpver)
    (root / ".pre-commit-config.yaml").write_text(f"repos: [{{repo: local, hooks: [{hook}]}}]\n")
    (root / "tbump.toml").write_text(tbump)
    (root / ".bumpversion.toml").write_text(bumpversion)


def _commit(root: Path) -> None:
    """Make a git repository of a tree."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    for arguments in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "tree"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)


def _measure(commands: dict[str, list[str | Path]], roots: dict[str, Path], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each run by command. A command that fails ends the benchmark."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            environment = dict(os.environ)
            if name == CHANGED:
                (roots[name] / "setup.py").touch()
            if list(commands).index(name) >= list(commands).index(COLD):
                environment["FI_BUMP_NO_CACHE"] = "1"
            if name.startswith("TAB"):
                environment |= {"_FI_BUMP_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "fi-bump set "}
            start = time.perf_counter()
            done = subprocess.run(command, cwd=roots[name], env=environment, capture_output=True)
            times[name].append((time.perf_counter() - start) * 1000)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
            if name == CHANGED:
                # Wait until the cache accepts the change, and check once more so that the cache is complete again.
                time.sleep(SETTLED)
                subprocess.run(commands[OURS], cwd=roots[OURS], check=True, stdout=subprocess.DEVNULL)
    return times


def _print(times: dict[str, list[float]], rounds: int) -> None:
    ours, grep = times[OURS], times[GIT]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"{rounds} interleaved rounds, milliseconds; Python {platform.python_version()}, {platform.system()} on"
        f" {platform.machine()}, {os.cpu_count()} cores, load at the end {load}\n"
    )
    print("| command | median | minimum | fi-bump's share of its median | of its minimum | its minimum / git grep's |")
    print("|---|---|---|---|---|---|")
    for name, values in times.items():
        median, least = statistics.median(values), min(values)
        shares = f"{statistics.median(ours) / median:.2f} | {min(ours) / least:.2f}"
        print(f"| {name} | {median:.1f} | {least:.1f} | {shares} | {least / min(grep):.2f} |")


if __name__ == "__main__":
    main()
