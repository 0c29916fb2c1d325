"""Compare fi-bump's own readers with the tree-sitter grammars of the same languages, on real files.

    python -m pip install tree-sitter tree-sitter-python …     in an environment that has fi-bump too
    python -m benchmarks.grammars FOLDER…

For each grammar that is installed it prints: the files of that language below the folders, those in which the grammar
reports an error, those in which fi-bump's reader refuses to read, the files in which the two find the same strings
(where fi-bump has a reader of strings), the time per megabyte of both, the time to import the grammar, and its size.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from fi_bump.boundary.left_out import is_skipped
from fi_bump.errors import FiBumpError
from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.formats.hcl_tokens import STRING, tokens
from fi_bump.formats.python_literals import literals
from fi_bump.formats.shared import json_strings, toml_strings
from fi_bump.formats.yaml_events import NotYamlError, scalars
from fi_bump.pins import Source, Wanted

TOP = Path(__file__).resolve().parent.parent


LARGEST = 1_000_000
WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache", "torch", "vllm"}),
    frozenset({"FLASHINFER_VERSION", "VLLM_VERSION", "TORCH_VERSION"}),
    frozenset({"github.com/flashinfer-ai/flashinfer", "github.com/vllm-project/vllm"}),
)
# The places where strings begin.
Starts = Callable[[Source], set[int]]


class Language(NamedTuple):
    """A grammar's module, the formats of fi-bump that it reads, its nodes that are strings, and fi-bump's reader."""

    module: str
    formats: tuple[str, ...]
    nodes: tuple[str, ...] = ()
    starts: Starts | None = None


def _python(source: Source) -> set[int]:
    return {literal.body.start for literal in literals(source)}


def _toml(source: Source) -> set[int]:
    return {string.span.start for string in toml_strings.strings(source)}


def _json(source: Source) -> set[int]:
    return {scalar.span.start for scalar in json_strings.scalars(source) if scalar.is_string}


def _hcl(source: Source) -> set[int]:
    return {token.span.start for token in tokens(source) if token.kind == STRING and token.text}


def _yaml(source: Source) -> set[int]:
    return {scalar.span.start for scalar in scalars(source) if not scalar.alias}


LANGUAGES = (
    Language("tree_sitter_python", ("python",), ("string_start",), _python),
    Language("tree_sitter_json", ("bake",), (), _json),
    Language("tree_sitter_toml", ("pyproject", "toml", "mise"), (), _toml),
    Language("tree_sitter_yaml", ("yaml",), (), _yaml),
    Language("tree_sitter_hcl", ("hcl",), ("template_literal",), _hcl),
    Language("tree_sitter_bash", ("shell",)),
    Language("tree_sitter_dockerfile", ("dockerfile",)),
    Language("tree_sitter_make", ("makefile",)),
    Language("tree_sitter_cmake", ("cmake",)),
    Language("tree_sitter_starlark", ("bazel",)),
    Language("tree_sitter_groovy", ("groovy",)),
    Language("tree_sitter_nix", ("nix",)),
)


def files(folders: list[str], formats: tuple[str, ...]) -> Iterator[Source]:
    """Yield every file of these formats below the folders."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            relative = str(path.relative_to(folder))
            if any(map(is_skipped, relative.split("/"))) or format_of(relative) not in formats or not path.is_file():
                continue
            data = path.read_bytes()
            if len(data) <= LARGEST:
                yield Source(relative, data)


def grammar(module: str) -> Any:
    """Return a parser for a grammar."""
    warnings.simplefilter("ignore")  # grammars of different years pass their language in different ways
    sitter = import_module("tree_sitter")
    return sitter.Parser(sitter.Language(import_module(module).language()))


def ends_of_starts(tree: Any, nodes: tuple[str, ...]) -> set[int]:
    """Return the byte after each node of these types, which is where the text of a string begins."""
    found, stack = set(), [tree.root_node]
    while stack:
        node = stack.pop()
        if node.type in nodes:
            found.add(node.end_byte if node.type.endswith("start") else node.start_byte)
        stack += node.children
    return found


def measured(language: Language, folders: list[str]) -> str:
    """Return one row of the table."""
    parser = grammar(language.module)
    count = errors = refused = same = compared = size = 0
    theirs = ours = 0.0
    for source in files(folders, language.formats):
        count, size = count + 1, size + len(source.data)
        begin = time.perf_counter()
        tree = parser.parse(source.data)
        theirs += time.perf_counter() - begin
        errors += tree.root_node.has_error
        begin = time.perf_counter()
        try:
            finder(str(format_of(source.path)))(source, WANTED)
        except FiBumpError:
            refused += 1
        ours += time.perf_counter() - begin
        if language.starts is None or not language.nodes:
            continue
        try:
            places = language.starts(source)
        except (FiBumpError, NotYamlError):
            continue
        compared += 1
        same += places == ends_of_starts(tree, language.nodes)
    megabytes = size / 1e6 or 1
    name = language.module.replace("_", "-")
    agreed = f"{same} of {compared}" if compared else ""
    cells = [
        name.removeprefix("tree-sitter-"),
        importlib.metadata.version(name),
        f"{count:,}",
        str(errors),
        str(refused),
    ]
    cells += [agreed, f"{1000 * theirs / megabytes:.0f}", f"{1000 * ours / megabytes:.0f}"]
    cells += [f"{import_time(language.module):.0f}", f"{installed_size(name) / 1000:,.0f}"]
    return f"| {' | '.join(cells)} |"


def import_time(module: str) -> float:
    """Return the least of seven times in milliseconds to import tree-sitter and a grammar, and to make a parser."""
    program = (
        "import time; b = time.perf_counter(); import tree_sitter as t; "
        f"import {module} as m; t.Parser(t.Language(m.language())); print(1000 * (time.perf_counter() - b))"
    )
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(7)]
    return min(float(run.stdout) for run in runs)


def installed_size(distribution: str) -> int:
    """Return the size in bytes of an installed distribution."""
    found = importlib.metadata.distribution(distribution).files or []
    return sum(Path(str(each.locate())).stat().st_size for each in found if Path(str(each.locate())).is_file())


def main() -> int:
    """Print the table."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    print(
        "| grammar | version | files | grammar reports an error | fi-bump refuses | same strings | ms/MB "
        "| fi-bump ms/MB | import ms | size kB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for language in LANGUAGES:
        try:
            import_module(language.module)
        except ImportError:
            continue
        print(measured(language, sys.argv[1:]), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
