"""Write what a rule, a probe or an exit code means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fi_bump.errors import Exit
from fi_bump.findings.rules import Rule, rules_of, sentence
from fi_bump.smoke.registry import PROBES, PYTEST, Probe

_COMMANDS = ("check", "audit", "smoke", "compare")
# Where the documentation shows a finding of each command; a rule's own section has its name.
_SECTIONS = {"check": "findings/check.md#", "audit": "findings/audit.md#", "smoke": "findings/smoke.md#"}
_OF_COMPARE = "compare.md#what-becomes-of-a-case"
_TESTS = "the engine's own tests that --pytest names"


def explanations() -> dict[str, list[str]]:
    """Return the lines about every name that `fi-bump explain` accepts, in the order of its list."""
    found = {rule.value: _about_rule(rule) for command in _COMMANDS for rule in rules_of(command)}
    found |= {name: _about_probe(probe) for name, probe in PROBES.items()}
    found[PYTEST] = [f"{PYTEST}: a probe of fi-bump smoke", f"It runs {_TESTS}."]
    return found | {str(int(code)): _about_exit(code) for code in Exit}


def names() -> list[str]:
    """Return the lines of the list: every name with its meaning, under a heading for each kind."""
    return list(_names())


def _names() -> Iterator[str]:
    for command in _COMMANDS:
        yield f"rules of fi-bump {command}"
        yield from _rows((rule.value, f"{rule.severity:5}  {rule.meaning}") for rule in rules_of(command))
    yield "probes of fi-bump smoke"
    yield from _rows([*((name, probe.about) for name, probe in PROBES.items()), (PYTEST, _TESTS)])
    yield "exit codes"
    yield from _rows((str(int(code)), code.phrase) for code in Exit)


def _rows(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = list(pairs)
    width = max(len(name) for name, _ in rows)
    return (f"  {name:{width}}  {text}" for name, text in rows)


def _about_rule(rule: Rule) -> list[str]:
    fails = "error, the exit code is 1" if rule.fails else "note, the command does not fail"
    head = f"{rule.value}: a rule of fi-bump {rule.command} ({fails})"
    section = f"{_SECTIONS[rule.command]}{rule.value}" if rule.command in _SECTIONS else _OF_COMPARE
    return [head, sentence(rule.meaning), _page(section), f"help: {rule.help}"]


def _page(section: str) -> str:
    return f"More, with an example: docs/{section} in fi-bump's source"


def _about_probe(probe: Probe) -> list[str]:
    *first, last = probe.packages
    packages = f"{', '.join(first)} and {last}" if first else last
    compiles = ["On any other machine it compiles its kernel."] if probe.compiles else []
    return [
        f"{probe.name}: a probe of fi-bump smoke",
        f"It passes when {probe.about}.",
        f"It finds {probe.guards}.",
        f"It runs {probe.where}, takes {probe.usual}, and is ended after {probe.seconds:g} s.",
        *compiles,
        f"Releases of {packages} can break it.",
        _page(f"probes.md#{probe.name}"),
        f"help: to run only this probe, run fi-bump smoke --only {probe.name}",
    ]


def _about_exit(code: Exit) -> list[str]:
    return [f"{int(code)}: an exit code of every command", sentence(code.meaning)]
