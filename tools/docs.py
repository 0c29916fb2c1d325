"""Fill in the documentation: replace each block after `<!-- run: COMMAND -->` with the command's output.

The commands of a page run in order in a copy of examples/engine, which is a git repository with one commit. The package
index is a folder with a few releases of FlashInfer. `<!-- quietly: COMMAND -->` runs a command and shows nothing.

The tables of tools/command_line.py are written or checked too, since a page shows the help that they hold.

`<!-- again -->` begins again with a fresh copy, and is not in the page. tools/command_pages.py makes docs/commands.md
and the pages in docs/commands.

`<!-- rules: COMMAND -->` and `<!-- exit codes -->` become tables, made of what the package says about each.

    python tools/docs.py            write the pages
    python tools/docs.py --check    fail if a page is stale
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# The package of this tree, also where another one is installed.
sys.path.insert(0, str(TOP))

from fi_bump.errors import Exit  # noqa: E402  # after the line above, which says where from
from fi_bump.findings.rules import Severity, rules_of, sentence  # noqa: E402  # as above
from tools import command_line, command_pages, releases  # noqa: E402  # as above

_TABLE = re.compile(r"<!-- (?P<what>rules: (?P<command>[a-z]+)|exit codes) -->\n(?:\n(?:\|.*\n)+)?")
# What Markdown shows as code in the sentences of a rule.
_CODE = re.compile(
    r"fi-bump (?:check|latest|set|site (?:add|move|remove)|smoke)(?: --[a-z]+)?"
    r"(?: GROUP==VERSION| GROUP| SITE| VERSION)*|--[a-z]+(?: table)?|>=[0-9.]+[0-9]"
)
# `undo` shows when a change was made: a page shows one time, so that it is the same on every day.
_NOW = re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d UTC\b")
_AGAIN = "<!-- again -->\n"
_BLOCK = re.compile(
    r"<!-- (?P<how>run|quietly): (?P<command>.*?) -->\n(?:```[a-z]*\n.*?^```\n)?", re.DOTALL | re.MULTILINE
)


def main() -> int:
    """Write or check the tables and every page; the exit code is 1 when one that is checked is stale."""
    if command_line.main():
        return 1
    made = {TOP / name: text for name, text in command_pages.pages().items()}
    pages = sorted({*TOP.glob("docs/**/*.md"), TOP / "README.md", *made})
    stale = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        for page, new in zip(pages, workers.map(lambda page: _new(page, made), pages), strict=True):
            if new == (page.read_text() if page.exists() else None):
                continue
            if "--check" in sys.argv:
                stale.append(str(page.relative_to(TOP)))
            elif new is None:
                page.unlink()
            else:
                page.parent.mkdir(exist_ok=True)
                page.write_text(new)
    for name in stale:
        print(f"{name} does not show what its commands print: run python tools/docs.py")
    return 1 if stale else 0


def _new(page: Path, made: dict[Path, str]) -> str | None:
    """Return the text that a page should have; None for the page of a command that does not exist."""
    if page.parent == TOP / command_pages.FOLDER and page not in made:
        return None
    text = made.get(page) or page.read_text()
    # An example of a command begins with a fresh copy.
    return "".join(
        generated(part) if _BLOCK.search(part) or _TABLE.search(part) else part for part in text.split(_AGAIN)
    )


def _table(marker: re.Match[str]) -> str:
    """Return the marker, followed by its Markdown table."""
    if marker["command"] is None:
        rows = ["| code | meaning |", "|---|---|", *(f"| {int(code)} | {sentence(code.meaning)} |" for code in Exit)]
    else:
        rows = ["| rule | fails | meaning | what to do |", "|---|---|---|---|"]
        for rule in rules_of(marker["command"]):
            fails = "yes" if rule.severity is Severity.error else "no"
            texts = [_CODE.sub(r"`\g<0>`", sentence(text)) for text in (rule.meaning, rule.help)]
            rows.append(f"| `{rule.value}` | {fails} | {' | '.join(texts)} |")
    return f"<!-- {marker['what']} -->\n\n" + "\n".join(rows) + "\n"


def generated(text: str) -> str:
    """Return the page with the output of its commands. Raises SystemExit when a quiet command fails."""
    with tempfile.TemporaryDirectory() as scratch:
        root, environment = engine(Path(scratch))
        if "$SOURCE" in text:
            hooks(Path(scratch), environment)

        def shown(block: re.Match[str]) -> str:
            command = block["command"]
            code, said = _run(command, root, environment)
            if block["how"] == "quietly":
                if code:
                    raise SystemExit(f"{command} failed:\n{said}")
                return f"<!-- quietly: {command} -->\n"
            ending = f"[exit code {code}]\n" if code else ""
            said = _NOW.sub("2026-01-01 09:00 UTC", said.replace(scratch, ""))
            return f"<!-- run: {command} -->\n```\n$ {command}\n{said}{ending}```\n"

        return _BLOCK.sub(shown, _TABLE.sub(_table, text))


def engine(scratch: Path) -> tuple[Path, dict[str, str]]:
    """Make a copy of examples/engine with one commit; return its folder, and the environment for commands in it."""
    root = scratch / "engine"
    shutil.copytree(TOP / "examples" / "engine", root)
    environment = _environment(scratch)
    _run("git init -q -b main && git add -A && git commit -q -m 'the engine'", root, environment)
    return root, environment


def hooks(scratch: Path, environment: dict[str, str]) -> None:
    """Make the repository that `SOURCE` names: the example, and hooks that run the fi-bump of this environment."""
    root = scratch / "example" / "fi-bump"
    shutil.copytree(TOP / "examples" / "engine", root / "examples" / "engine")
    text = (TOP / ".pre-commit-hooks.yaml").read_text()
    (root / ".pre-commit-hooks.yaml").write_text(text.replace("language: python", "language: system"))
    _run("git init -q -b main && git add -A && git commit -q -m 'the hooks'", root, environment)
    environment["SOURCE"] = "https://example.invalid/fi-bump"
    _run("git clone -q $SOURCE fi-bump", scratch, environment)


def _environment(scratch: Path) -> dict[str, str]:
    """Return an environment without the user's configuration, colour and network."""
    index = scratch / "simple"
    releases.write(index)
    here = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    git = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        # Repositories on GitHub are folders too, so that a page is the same with and without a network.
        "GIT_ALLOW_PROTOCOL": "https:file",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{scratch.as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_CONFIG_KEY_1": f"url.{scratch.as_uri()}/example/.insteadOf",
        "GIT_CONFIG_VALUE_1": "https://example.invalid/",
    }
    who = {f"GIT_{role}_{what[0]}": what[1] for role in ("AUTHOR", "COMMITTER") for what in IDENTITY}
    return {
        **kept,
        **git,
        **who,
        "HOME": str(scratch),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "TERM": "dumb",
        "PIP_INDEX_URL": index.as_uri(),
        "PRE_COMMIT_HOME": str(scratch / "hooks"),
        "PRE_COMMIT_COLOR": "never",
    }


IDENTITY = (
    ("NAME", "A Maintainer"),
    ("EMAIL", "maintainer@example.invalid"),
    ("DATE", "2026-01-01T00:00:00Z"),
)


def _run(command: str, root: Path, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", command], cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main())
