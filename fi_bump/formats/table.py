"""The one table of file formats: the file names of each, and who gives a second opinion on its edits.

A format's finder is the function `find` of `fi_bump/formats/NAME.py`. Everything else that depends on the format of a
file is derived from this table: `format_of`, the names that the walk of a tree looks at (`may_have_format`), `finder`,
and which parser of editing/second_opinion.py judges an edit. tools/formats.py writes the table of
docs/forms.md from it.
"""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.errors import InternalError
from fi_bump.formats.shared.spelled import spells
from fi_bump.lock import LOCK_NAME
from fi_bump.pins import Found, Source, Wanted
from fi_bump.records import NamedTuple

Finder = Callable[[Source, Wanted], Found]


class FileFormat(NamedTuple):
    """One file format.

    `files` are patterns of file names: `*` is any text, `{a,b}` is one of these, and case does not matter. A pattern
    `FOLDER/NAME` means a file anywhere below a folder of that name. A file that also matches a pattern of `but` has
    no format. `second_opinion` names the parser that judges edits, or is empty. `shared` says that many files with
    these names are not of this format, so a file that cannot be parsed is an error only if the lock has a site in
    it. `named` says that the finder finds nothing in a file in which `spelled.spells` finds no wanted name. `title` and
    `holds` are for readers of the documentation.
    """

    name: str
    title: str
    files: tuple[str, ...]
    holds: str
    second_opinion: str = ""
    but: tuple[str, ...] = ()
    shared: bool = False
    named: bool = False


# The first format that a name matches is the format of the file.
FORMATS = (
    FileFormat(
        "python",
        "Python",
        ("*.py",),
        "strings that are requirements; exact gates and run-time checks are reported",
    ),
    FileFormat(
        "lockfile",
        "lock files",
        ("{uv,poetry,pdm,Pipfile}.lock", "pylock.toml", "pylock.*.toml", "conda-lock.yml"),
        "wanted packages, reported only",
    ),
    FileFormat(
        "bake",
        "bake JSON",
        ("*.json",),
        "defaults of variables and build arguments; requirements in other JSON files are reported",
        second_opinion="json",
        but=(LOCK_NAME,),
        shared=True,
    ),
    FileFormat("cmake", "CMake", ("CMakeLists.txt", "*.cmake"), "variables, sources of fetched projects, requirements"),
    FileFormat(
        "requirements",
        "requirements",
        # uv's overrides and pip's constraints are requirements too.
        ("*.in", "*{requirement,constraint,override}*.txt", "requirements/*.txt"),
        "requirements with their checksums, addresses of files and repositories",
        second_opinion="packaging",
    ),
    FileFormat(
        "yaml",
        "YAML",
        ("*.{yml,yaml}",),
        "wanted keys, workflow inputs, requirements, commands",
        second_opinion="PyYAML",
        # pnpm-lock.yaml and its like: a command writes them, nobody edits them.
        but=("lock.{yml,yaml}", "*{-,_,.}lock.{yml,yaml}"),
        named=True,
    ),
    FileFormat(
        "pyproject",
        "pyproject",
        # Some projects keep one for each platform: pyproject_xpu.toml.
        ("pyproject*.toml", "pixi.toml", "Pipfile"),
        "dependency tables, extras, groups, build requirements, uv's tables",
        second_opinion="tomlkit",
    ),
    FileFormat(
        "toml",
        "other TOML",
        ("*.toml",),
        "versions beside a checksum",
        second_opinion="tomlkit",
        shared=True,
    ),
    FileFormat(
        "dockerfile",
        "Dockerfile",
        (
            "{Docker,Container}file*",
            "*.{Docker,Container}file",
            "*.{Docker,Container}file.{j2,jinja,jinja2,tmpl,tpl,template}",
        ),
        "ARG, ENV and LABEL, requirements and commands, image tags",
        second_opinion="dockerfile-parse",
        but=("*.{md,rst,txt,png,svg,py,sh,json,yml,yaml,toml,dockerignore}",),
    ),
    FileFormat(
        "shell",
        "shell and .env",
        ("*.{sh,bash,env}", ".env.*"),
        "variables, requirements, git releases, addresses of files",
        but=("*.{txt,toml}",),
    ),
    FileFormat("makefile", "make", ("Makefile", "GNUmakefile", "*.mk"), "variables, and the commands of recipes"),
    FileFormat("hcl", "HCL", ("*.hcl",), "defaults of variables, build arguments"),
    FileFormat("nix", "Nix", ("*.nix",), "versions beside a hash"),
    FileFormat(
        "bazel",
        "Bazel",
        ("*.{bzl,bazel}", "WORKSPACE", "WORKSPACE.bzlmod", "BUILD"),
        "addresses of files, with their checksums and folders; requirements",
    ),
    FileFormat("ruby", "Homebrew", ("*.rb",), "addresses of files, with their checksums"),
    FileFormat("pkgbuild", "PKGBUILD", ("PKGBUILD", "*.PKGBUILD"), "the version with its checksums; commands"),
    FileFormat("gentoo", "Gentoo", ("*.ebuild", "Manifest"), "versions in commands; the table of checksums"),
)

# Patterns of lower-case file names by how they are tested: whole names, beginnings, endings, and the others as their
# folder with `/` around it, or "", and the texts between their stars.
_Patterns = tuple[frozenset[str], tuple[str, ...], tuple[str, ...], list[tuple[str, list[str]]]]
# A format's name, the patterns that lead to it, and those that exclude from it.
_Rule = tuple[str, _Patterns, _Patterns]


def expanded(pattern: str) -> list[str]:
    """The patterns without braces that a pattern with `{a,b}` means."""
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choices, _, after = rest.partition("}")
    tails = expanded(after)
    return [before + choice + tail for choice in choices.split(",") for tail in tails]


def _expanded(patterns: tuple[str, ...]) -> list[str]:
    return [each for pattern in patterns for each in expanded(pattern.lower())]


def _compiled(patterns: list[str]) -> _Patterns:
    wholes, starts, ends, others = [], [], [], []
    for pattern in patterns:
        start, *more = pattern.split("*")
        if "/" in pattern or len(more) > 1 or (start and more and more[0]):
            folder, slash, name = pattern.rpartition("/")
            others.append((f"/{folder}/" if slash else "", name.split("*")))
        elif not more:
            wholes.append(start)
        elif start:
            starts.append(start)
        else:
            ends.append(more[0])
    return frozenset(wholes), tuple(starts), tuple(ends), others


def _rules() -> tuple[dict[str, list[_Rule]], list[_Rule]]:
    """For what follows the last dot of a name, the rules that can match, in order; and those for all other names."""
    by_last: dict[str, list[_Rule]] = {}
    for_others: list[_Rule] = []
    for form in FORMATS:
        patterns = _expanded(form.files)
        rule = (form.name, _compiled(patterns), _compiled(_expanded(form.but)))
        lasts = set(map(_last_of_pattern, patterns))
        for last in lasts - {None} - by_last.keys():
            by_last[str(last)] = list(for_others)
        for last in by_last if None in lasts else lasts:
            by_last[str(last)].append(rule)
        if None in lasts:
            for_others.append(rule)
    return by_last, for_others


def _last_of_pattern(pattern: str) -> str | None:
    """What follows the last dot of each name that matches, or all of the name where it has no dot; None if anything."""
    end = pattern[pattern.rfind("*") + 1 :]
    return None if "*" in pattern and "." not in end else end[end.rfind(".") + 1 :]


_BY_LAST, _FOR_OTHERS = _rules()
# The endings that alone decide: most files of a tree have one of them.
_DECIDED = {
    f".{last}": rules[0][0] for last, rules in _BY_LAST.items() if f".{last}" in rules[0][1][2] and not any(rules[0][2])
}
_STARTS = tuple([start for _, patterns, _ in _FOR_OTHERS for start in patterns[1]])


def may_have_format(name: str) -> bool:
    """Whether a file name can have a format in some folder; true for some names that have none."""
    name = name.lower()
    return name[name.rfind(".") + 1 :] in _BY_LAST or name.startswith(_STARTS)


def format_of(path: str) -> str | None:
    """The name of the format of a file with this path, or None.

    A script without an ending (`build`, its first line `#!/bin/sh`) has no format: only a literal site leads to it.
    """
    decided = _DECIDED.get(path[path.rfind(".") :].lower())
    if decided is not None:
        return decided
    slash = path.rfind("/") + 1
    name = path[slash:].lower()
    for form, (wholes, starts, ends, others), but in _BY_LAST.get(name[name.rfind(".") + 1 :], _FOR_OTHERS):
        if (
            name.endswith(ends)
            or name in wholes
            or name.startswith(starts)
            or (others and _has_any(others, name, path, slash))
        ):
            wholes, starts, ends, others = but
            excluded = name in wholes or name.endswith(ends) or name.startswith(starts)
            return None if excluded or _has_any(others, name, path, slash) else form
    return None


def _has_any(others: list[tuple[str, list[str]]], name: str, path: str, slash: int) -> bool:
    for folder, texts in others:
        if _has_in_order(name, texts) and (not folder or folder in f"/{path[:slash].lower()}"):
            return True
    return False


def _has_in_order(name: str, texts: list[str]) -> bool:
    """Whether the name begins with the first text, ends with the last one, and has all others between, in order."""
    start, *middle, end = texts
    stop = len(name) - len(end)
    if len(start) > stop or not (name.startswith(start) and name.endswith(end)):
        return False
    position = len(start)
    for text in middle:
        found = name.find(text, position, stop)
        if found < 0:
            return False
        position = found + len(text)
    return True


def format_named(name: str) -> FileFormat:
    """Return the format of this name. Raises InternalError if there is no such format."""
    for form in FORMATS:
        if form.name == name:
            return form
    raise InternalError(f"there is no format named '{name}'")


def finder(name: str) -> Finder:
    """The finder of a format, imported when it is first needed: `check` pays only for the formats that a tree has."""
    module = __import__(f"fi_bump.formats.{format_named(name).name}", fromlist=["find"])
    find: Finder = module.find
    return find


def may_contain(name: str, source: Source, wanted: Wanted) -> bool:
    """Whether the finder of a format may find something in a file, as far as a look at the names in it can tell."""
    return not format_named(name).named or spells(source, wanted)
