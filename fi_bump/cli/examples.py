"""Two examples for each command, which its help shows and a test runs."""

from __future__ import annotations

# By the command's words: a command line, and what it does. The test runs them in a small repository.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "init": (
        ("fi-bump init", "find the pins of FlashInfer"),
        ("fi-bump init --group torch", "look for another known family"),
    ),
    "check": (
        ("fi-bump check", "compare every pin with the lock"),
        ("fi-bump check --fix", "move the pins that differ"),
    ),
    "set": (
        ("fi-bump set 0.6.11.post2", "move every pin to this release"),
        ("fi-bump set latest --dry-run", "show the newest release as a patch"),
    ),
    "undo": (
        ("fi-bump undo --list", "what fi-bump changed here"),
        ("fi-bump undo", "take the last change back"),
    ),
    "latest": (
        ("fi-bump latest", "the newest release that all packages have"),
        ("fi-bump latest --exit-code", "fail if a newer one exists"),
    ),
    "audit": (
        ("fi-bump audit 0.6.11.post2", "would this release fit your other pins?"),
        ("fi-bump audit", "does the locked one fit?"),
    ),
    "smoke": (
        ("fi-bump smoke", "run every probe that this GPU can run"),
        ("fi-bump smoke --list", "what each probe tests"),
    ),
    "status": (
        ("fi-bump status", "groups, versions and sites"),
        ("fi-bump status --format json", "the same for a program"),
    ),
    "explain": (
        ("fi-bump explain drift", "what a rule means, and what to do"),
        ("fi-bump explain 3", "what an exit code means"),
    ),
    "pr-body": (
        ("fi-bump pr-body", "since the last commit"),
        ("fi-bump pr-body --base HEAD~1", "since the commit before"),
    ),
    "template": (
        ("fi-bump template", "list the templates"),
        ("fi-bump template renovate --write", "write one where it belongs"),
    ),
    "resolve": (
        ("fi-bump resolve", "merge what both sides agree on"),
        ("fi-bump resolve --newest", "take the newer version"),
    ),
    "hold": (
        ("fi-bump hold flashinfer 'engine 2.1 needs it'", "say why it stays"),
        ("fi-bump hold flashinfer --off", "it may move again"),
    ),
    "fleet": (
        ("fi-bump fleet . ../other", "compare two checkouts"),
        ("fi-bump fleet --refs main 'release/*'", "compare branches"),
    ),
    "compare": (
        ("fi-bump compare --baseline old.xml --run new.xml", "two test runs"),
        ("fi-bump compare --baseline 'n/*.xml' --run new.xml", "with many files"),
    ),
    "bisect": (
        ("fi-bump bisect --good 0.6.8 --bad 0.7.2 --probe environment", "a probe"),
        ("fi-bump bisect --good 0.6.8 --bad 0.7.2 --run ./t.sh", "your command"),
    ),
    "site add": (
        ("fi-bump site add requirements/cuda.txt:6", "record the pin there"),
        ("fi-bump site add Makefile --text 'V = {version}'", "by its text"),
    ),
    "site move": (
        ("fi-bump site move 'Dockerfile#ARG FLASHINFER_TAG' Dockerfile:1", "renamed"),
        ("fi-bump site move 'Dockerfile#ARG FLASHINFER_TAG' a/Dockerfile:1", "moved"),
    ),
    "site remove": (
        ("fi-bump site remove requirements/cuda.txt#flashinfer-cubin", "by name"),
        ("fi-bump site remove 'docker/Dockerfile#ARG FLASHINFER_VERSION'", "quoted"),
    ),
    "member add": (
        ("fi-bump member add kit", "its pins move with the group"),
        ("fi-bump member add kit --group flashinfer", "name the group"),
    ),
    "member remove": (
        ("fi-bump member remove kit", "the group has it no longer"),
        ("fi-bump member remove kit --group flashinfer", "name the group"),
    ),
    "member set": (
        ("fi-bump member set kit --label cu130", "its releases have +cu130"),
        ("fi-bump member set kit --no-index", "ask the configured indexes"),
    ),
}


def examples(name: str) -> str:
    """Return the end of a command's help: its examples, and where its words are explained."""
    shown = EXAMPLES[name]
    width = max(len(line) for line, _ in shown)
    lines = [f"  {line:{width}}  # {what}" for line, what in shown]
    return "\n".join(["\b", "Examples:", *lines])
