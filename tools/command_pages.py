"""Make docs/commands.md and one page for each command, from the tables of the help and its examples.

tools/docs.py fills in what the examples print, and writes or checks the pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from fi_bump.cli.examples import EXAMPLES
from fi_bump.cli.help import SECTIONS

TOP = Path(__file__).resolve().parent.parent
FOLDER = "docs/commands"
OVERVIEW = "docs/commands.md"
_INTRODUCTION = """\
# Commands

Each command has a page with its options and with examples that were run. [Exit codes, environment variables, JSON and
Python](reference.md) have a page of their own, and the [glossary](glossary.md) explains the project's words.
"""
_COMPLETION = """\
## Completion

`fi-bump --install-completion` installs completion for bash, zsh or fish. It completes commands and options, the groups
and recorded sites of the lock, families, templates and probes, and the versions that an earlier command has seen on an
index. It never uses the network.
"""
# git calls it, so it is not in the list of `fi-bump --help`.
_HIDDEN = "merge-driver"
# The pages that say more about a command: a link's text and its path from docs/.
_MORE = {
    "init": (("Getting started", "index.md"), ("Forms and policies", "forms.md"), ("The lock", "lock.md")),
    "check": (("What check reports", "check.md"), ("Findings of check", "findings/check.md"), ("CI", "ci.md")),
    "set": (("Indexes", "indexes.md#set"), ("Pull requests", "pull-requests.md")),
    "undo": (("Undo and uninstall", "install.md#undo-and-uninstall"), ("After a kill", "how-to/after-a-kill.md")),
    "status": (("The lock", "lock.md"),),
    "explain": (("Troubleshooting", "troubleshooting.md"),),
    "latest": (("Indexes", "indexes.md#latest"),),
    "audit": (
        ("Indexes", "indexes.md#audit"),
        ("Findings of audit", "findings/audit.md"),
        ("Whether the code fits a release", "api.md"),
    ),
    "smoke": (
        ("The smoke stage", "smoke.md"),
        ("The probes", "probes.md"),
        ("Findings of smoke", "findings/smoke.md"),
    ),
    "compare": (("Comparing test runs", "compare.md"),),
    "bisect": (("Finding the release that broke something", "bisect.md"),),
    "pr-body": (("Pull requests", "pull-requests.md"),),
    "template": (("pre-commit and CI", "ci.md"),),
    "resolve": (("Several branches", "branches.md"),),
    "merge-driver": (("Several branches", "branches.md"),),
    "hold": (("Several branches", "branches.md"),),
    "fleet": (("Several repositories", "fleet.md"), ("Several branches", "branches.md")),
    "site": (("A site that moved", "findings/check.md#missing-site"), ("The lock", "lock.md")),
    "member": (("Indexes", "indexes.md"), ("A private index", "how-to/private-index.md")),
}
# What has to happen in the example repository before an example, by the beginning of its command line.
_REMOVED = "fi-bump site remove requirements/cuda.txt#flashinfer-cubin"
_TAG = "printf 'ARG FLASHINFER_%s=0.6.8.post1\\n' {} > Dockerfile"
_MOVED = (_TAG.format("TAG"), "fi-bump -q check --fix", _TAG.format("VERSION"))
_SUITE = '<testsuite name="s"><testcase classname="test_moe" name="test_routing" time="{}"/></testsuite>'
_RUNS = tuple(f"echo '{_SUITE.format(time)}' > {file}" for time, file in (("0.8", "old.xml"), ("1.9", "new.xml")))
_MANY = (
    f"mkdir n && {_RUNS[0].replace('old', 'n/1')}",
    _RUNS[0].replace("old", "n/2").replace("test_routing", "test_experts"),
    _RUNS[1],
)
_BEFORE: dict[str, tuple[str, ...]] = {
    "check --fix": ("sed -i s/cubin==0.6.8.post1/cubin==0.6.13/ requirements/cuda.txt",),
    "undo": ("fi-bump hold flashinfer 'engine 2.1 needs it'",),
    "pr-body --base": ("fi-bump -q set 0.6.11.post2 --commit",),
    "pr-body": ("fi-bump -q set 0.6.11.post2",),
    "resolve": (
        "git switch -q -c next && fi-bump -q set 0.6.11.post2 --commit",
        "git switch -q main && fi-bump -q set 0.6.10 --offline --commit",
        "git merge -q next",
    ),
    "hold flashinfer --off": ("fi-bump hold flashinfer 'engine 2.1 needs it'",),
    "fleet .": ("git clone -q . ../other && fi-bump -q set 0.6.11.post2",),
    "fleet --refs": ("git branch release/1 && fi-bump -q set 0.6.11.post2 --commit",),
    "compare --baseline 'n": _MANY,
    "compare": _RUNS,
    "site add requirements": (_REMOVED,),
    "site add Makefile": ("echo 'V = 0.6.8.post1' > Makefile",),
    "site move 'Dockerfile#ARG FLASHINFER_TAG' a": (*_MOVED[:2], "mkdir a && mv Dockerfile a"),
    "site move": _MOVED,
    "member remove": ("fi-bump member add kit",),
    "member set kit --no-index": ("fi-bump member add kit --index file:///simple",),
    "member set": ("fi-bump member add kit",),
}
# Examples that need a GPU, or environments for many releases, as patterns, and where a run of them is shown.
_ELSEWHERE = {
    "smoke": ("a run on an H200", "reports/h200-0.6.11.post2.md"),
    "bisect *": ("a run", "bisect.md"),
}


def pages() -> dict[str, str]:
    """Return the text of each page by its path, with markers for what commands print."""
    helps = json.loads((TOP / "fi_bump/data/help.json").read_text(encoding="utf-8"))
    made = {OVERVIEW: _overview(helps)}
    for name in _names():
        made[f"{FOLDER}/{name}.md"] = "\n".join(_page(name, helps))
    return made


def _names() -> list[str]:
    return [*(name for names in SECTIONS.values() for name in names), _HIDDEN]


def _inner(name: str, helps: dict[str, list[str]]) -> list[str]:
    """Return the words of a command that runs something: of `site` those of `site add` and so on."""
    return [each for each in helps if each.startswith(f"{name} ")] or [name]


def _overview(helps: dict[str, list[str]]) -> str:
    parts = [_INTRODUCTION, _session("fi-bump --help", helps[""])]
    for name in _names():
        for words in _inner(name, helps):
            anchor = "" if words == name else f"#{words.replace(' ', '-')}"
            link = f"[Options and examples](commands/{name}.md{anchor})"
            parts.append(f"## {words}\n\n{_paragraphs(helps[words])[0]} {link}.\n")
    return "\n".join([*parts, _COMPLETION])


def _page(name: str, helps: dict[str, list[str]]) -> Iterator[str]:
    commands = _inner(name, helps)
    yield f"# fi-bump {name}\n"
    yield f"{_paragraphs(helps[name])[0]}\n"
    more = [f"[{text}](../{path})" for text, path in _MORE[name]]
    words = [f"[{word}](../glossary.md#{word.replace(' ', '-')})" for word in _words(commands, helps)]
    yield f"**See also:** {', '.join(more)}.\n"
    if words:
        yield f"**Words** that the glossary explains: {', '.join(words)}.\n"
    for command in commands:
        level = "##" if command == name else "###"
        if command != name:
            yield f"## {command}\n"
        yield f"{level} Options{_anchor(command, name, 'options')}\n"
        yield _session(f"fi-bump {command} --help", _without_examples(helps[command]))
        for number, (line, what) in enumerate(EXAMPLES.get(command, ())):
            yield f"{level} Example: {what}{_anchor(command, name, f'example-{number + 1}')}\n"
            yield from _example(line)
    if name == "explain":
        yield "## Every name\n\n<!-- run: fi-bump explain -->\n"


def _anchor(command: str, name: str, suffix: str) -> str:
    return f" {{#{command.replace(' ', '-')}-{suffix}}}" if command != name else ""


def _example(line: str) -> Iterator[str]:
    words = line.removeprefix("fi-bump ")
    for pattern, (text, path) in _ELSEWHERE.items():
        if fnmatchcase(words, pattern):
            yield f"```\n$ {line}\n```\n"
            yield f"It takes minutes, and the probes of kernels need a GPU: see [{text}](../{path}).\n"
            return
    before = next((commands for beginning, commands in _BEFORE.items() if words.startswith(beginning)), ())
    yield "".join(f"<!-- run: {each} -->\n" for each in before) + f"<!-- run: {line} -->\n<!-- again -->\n"


def _session(command: str, lines: list[str]) -> str:
    return "\n".join(["```", f"$ {command}", *lines, "```", ""])


def _without_examples(lines: list[str]) -> list[str]:
    end = lines.index("  Examples:") if "  Examples:" in lines else len(lines)
    return "\n".join(lines[:end]).rstrip("\n").split("\n")


def _paragraphs(lines: list[str]) -> list[str]:
    """Return the paragraphs of a help's description, each as one line."""
    described = "\n".join(lines).partition("\n\n")[2]
    described = re.split(r"^[A-Z][A-Za-z ,]*:$", described, maxsplit=1, flags=re.MULTILINE)[0]
    return [" ".join(part.split()) for part in described.split("\n\n") if part.strip()]


def _words(commands: list[str], helps: dict[str, list[str]]) -> list[str]:
    """Return the glossary's words in the help of the commands, in the glossary's order."""
    text = (TOP / "docs/glossary.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    words = [
        word
        for section in sections
        if not section.startswith("Inside fi-bump")
        for word in re.findall(r"^### (.+)$", section, flags=re.MULTILINE)
    ]
    said = " ".join(line for command in commands for line in _without_examples(helps[command]))
    # Names of values and options are no words of a sentence, and "in place of" is not the glossary's place.
    said = re.sub(r"\b[A-Z]{2,}\b|-[a-z-]+|\bin place of\b", " ", " ".join(said.split()))
    return [word for word in words if re.search(rf"\b{re.escape(word)}s?\b", said, flags=re.IGNORECASE)]
