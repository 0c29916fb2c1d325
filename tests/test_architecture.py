"""Who may import what, who writes, what names a family, and what a plain `check` leaves unloaded."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import fi_bump
from tests.conftest import plant

PACKAGE = Path(fi_bump.__file__).parent
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
PROBES = [name for name in MODULES if name.startswith("smoke/probes/")]
OF_PROBES = "fi_bump.smoke.probes"
FORMATS = [name for name in MODULES if name.startswith("formats/") and not name.endswith("__init__.py")]

# The commands that ask indexes speak of releases in packaging's own types.
ASKING = {"commands/audit.py", "commands/check_online.py", "releases/", "report/json/audit.py"}
# Third-party library -> the only modules (or folders) that may import it.
DOORS = {
    "typer": {"cli/"},
    "rich": {
        f"report/{name}.py" for name in ("fleet_table", "smoke/progress", "smoke/table", "findings/snippet", "tables")
    }
    | {"terminal/waiting.py"},
    "packaging": {"versions.py", "editing/second_opinion.py", "smoke/ranges.py", "audit/", "index/", *ASKING},
    "dockerfile_parse": {"editing/second_opinion.py"},
    "urllib3": {"index/http.py"},
    "tomlkit": {"editing/second_opinion.py"},
    "yaml": {"formats/yaml_events.py"},
}
# What a format may import beside its own sub-modules.
FOR_FORMATS = {
    "__future__",
    "bisect",
    "collections",
    "collections.abc",
    "functools",
    "itertools",
    "json",
    "re",
    "typing",
    "fi_bump.errors",
    "fi_bump.formats.shared.addresses",
    "fi_bump.formats.shared.gathered",
    "fi_bump.formats.shared.json_strings",
    "fi_bump.formats.shared.pieces",
    "fi_bump.formats.passage",
    "fi_bump.formats.shared.requirement_address",
    "fi_bump.formats.shared.requirement_text",
    "fi_bump.grammar",
    "fi_bump.pins",
    "fi_bump.records",
}
# Python's own parsers: a format's authority, and its alone.
PARSERS = {"pyproject": {"tomllib"}}
OWN = {
    "bake": ("shared.json_strings",),
    "cmake": ("shell_",),
    "dockerfile": ("dockerfile_", "shell_"),
    "hcl": ("hcl_",),
    "makefile": ("shell_",),
    "pyproject": ("pyproject_",),
    "python": ("python_",),
    "requirements": ("requirements_",),
    "shell": ("shell_",),
    "yaml": ("yaml_", "shell_"),
}
# Helpers of several formats: what shells read.
SHARED = "shell_"
# Target files are written by the first two alone. Answers of an index, and what a check saw, are kept in the user's
# cache; uv resolves a copy
# in a scratch folder. The smoke stage keeps logs, and leaves reports where it is told; a
# probe runs in another interpreter and writes its answer, to a file that the runner names, and what it compiles, to the
# runner's cache. GitHub names the file that takes a job's summary.
WRITERS = {
    "editing/write.py",
    "editing/journal.py",
    "index/cache.py",
    "scanning/cache.py",
    "audit/resolve.py",
    "report/findings/job_summary.py",
    "smoke/process.py",
    "smoke/storage.py",
    "user_files.py",
    "smoke/probes/jit.py",
    "smoke/probes/__main__.py",
}
# What a probe finds in the interpreter that it runs in, and imports only when it runs.
IN_TARGET = {"cuda", "cutlass", "flashinfer", "torch", "tvm_ffi"}
SPAWNERS = {
    "change/git.py",
    *("index/configuration.py", "index/http.py", "audit/resolve.py", "smoke/process.py"),
    *("smoke/probes/target.py", "smoke/probes/toolkit.py", "smoke/probes/jit.py"),
}
WRITES = {
    *("chmod", "fchmod", "copy", "copyfile", "ftruncate", "link", "makedirs", "mkdir", "mkfifo", "mkstemp", "move"),
    *("remove", "removedirs", "rename", "renames", "replace", "rmdir", "rmtree", "symlink", "symlink_to", "touch"),
    *("truncate", "unlink", "utime", "write_bytes", "write_text"),
}
# `check` without options is what a pre-commit hook runs: it loads nothing of these.
SLOW = "typing typer rich packaging tomlkit yaml dockerfile_parse importlib.metadata subprocess dataclasses pathlib argparse hashlib"


def tree(name: str) -> ast.Module:
    """A module of the package, parsed."""
    return ast.parse((PACKAGE / name).read_bytes())


def imports(name: str) -> Iterator[str]:
    """Every module that a module imports, inside functions too; `from fi_bump import x` as `fi_bump.x`."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 1 and name in PROBES:
                # They are loaded as a package of their own, under another name.
                yield from ([f"{OF_PROBES}.{node.module}"] if node.module else [OF_PROBES])
                continue
            assert node.level == 0, f"{name}: a relative import"
            inner = node.module in {
                "fi_bump",
                "fi_bump.formats",
                "fi_bump.formats.shared",
                "fi_bump.scanning",
                "fi_bump.editing",
            }
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if inner else [str(node.module)]


def test_there_is_something_to_look_at() -> None:
    assert {"cli/set.py", "editing/write.py", "formats/bake.py", "report/text.py", "template/fill.py"} <= set(MODULES)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_knows_only_the_vocabulary(name: str) -> None:
    stem = Path(name).stem
    form = next((form for form, parts in OWN.items() if stem == form or stem.startswith(parts[0])), "")
    own = (SHARED,) if stem.startswith(SHARED) else OWN.get(form, ())
    allowed = tuple(f"fi_bump.formats.{part}" for part in own)
    strange = [
        module
        for module in imports(name)
        if module not in FOR_FORMATS | PARSERS.get(form, set())
        and not module.startswith(allowed)
        and name not in DOORS.get(module, ())
    ]
    assert strange == []


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    users = {name for name in MODULES if any(module.partition(".")[0] == library for module in imports(name))}
    folders = tuple(door for door in DOORS[library] if door.endswith("/"))
    assert {name for name in users if not name.startswith(folders)} == {*DOORS[library]} - {*folders}


@pytest.mark.parametrize("name", MODULES)
def test_no_other_library(name: str) -> None:
    known = {*sys.stdlib_module_names, *DOORS, "fi_bump", *(IN_TARGET if name in PROBES else ())}
    assert {module.partition(".")[0] for module in imports(name)} <= known


@pytest.mark.parametrize(
    "name",
    [
        *("editing/plan.py", "findings.py", "ownership.py", "lock.py", "grammar.py", "pins.py", "versions.py"),
        *("template/fill.py", "template/values.py", "fleet/model.py", "fleet/compare.py", "change/model.py", *FORMATS),
    ],
)
def test_the_middle_is_pure(name: str) -> None:
    doors = {"os", "io", "pathlib", "subprocess", "fi_bump.scanning.files", "fi_bump.editing.write", "fi_bump.state"}
    assert doors.isdisjoint(imports(name))


@pytest.mark.parametrize("name", MODULES)
def test_nothing_imports_the_command_line(name: str) -> None:
    command_line = {module for module in imports(name) if module.startswith(("fi_bump.cli", "fi_bump.__main__"))}
    assert not command_line or name == "__main__.py" or name.startswith("cli/")


def writing(name: str) -> list[str]:
    """The calls of a module that change the file system."""
    calls = []
    for node in ast.walk(tree(name)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        # str.replace takes two texts; os.replace is called on `os`.
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        on_text = called == "replace" and not (isinstance(owner, ast.Name) and owner.id in ("os", "shutil"))
        # A bare `write_bytes` is that of terminal/output.py, which writes to standard output.
        if called in WRITES and not on_text and not (owner is None and called == "write_bytes"):
            calls.append(called)
        if called == "open" and isinstance(node.func, ast.Name):
            mode = next((word.value for word in node.keywords if word.arg == "mode"), None)
            mode = node.args[1] if len(node.args) > 1 else mode
            text = "r" if mode is None else ast.literal_eval(mode)
            calls += [f"open {text}"] if set(text) & set("wax+") else []
        if called == "open" and isinstance(owner, ast.Name) and owner.id == "os":
            flags = ast.unparse(node.args[1])
            reading = "O_RDONLY" in flags and "O_CREAT" not in flags
            calls += [] if reading or "os.devnull" in ast.unparse(node) else [f"os.open {flags}"]
    return calls


def test_only_the_writer_writes() -> None:
    assert {name for name in MODULES if writing(name)} == WRITERS


def test_nothing_spawns() -> None:
    spawning = {"subprocess", "multiprocessing", "socket", "http", "urllib.request"}
    users = {
        name
        for name in MODULES
        for module in imports(name)
        if module.partition(".")[0] in spawning or module in spawning
    }
    # index/http.py asks urllib.request which proxies the user has, and the keyring command for credentials.
    assert users == SPAWNERS


def test_no_two_classes_have_one_name() -> None:
    # A reader who meets a name in a signature or a traceback can look it up without knowing which import is meant.
    classes = Counter(node.name for name in MODULES for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef))
    assert [name for name, number in classes.items() if number > 1] == []


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_stands_alone(name: str) -> None:
    # Nothing of fi-bump is there where it runs, and torch only once it runs.
    assert [module for module in imports(name) if module.startswith("fi_bump") and OF_PROBES not in module] == []
    above = [node for node in tree(name).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [
        str(getattr(node, "module", None) or node.names[0].name) for node in above if not getattr(node, "level", 0)
    ]
    assert {module.partition(".")[0] for module in names} <= {*sys.stdlib_module_names}


@pytest.mark.parametrize("name", [name for name in MODULES if name not in PROBES])
def test_of_the_probes_only_the_protocol_is_known_outside(name: str) -> None:
    known = {f"{OF_PROBES}.protocol"}
    assert {module for module in imports(name) if module.startswith(f"{OF_PROBES}.")} <= known


def code(name: str) -> str:
    """A module without its comments and docstrings."""
    module = tree(name)
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(module)


def test_no_family_is_named_outside_the_data() -> None:
    # The smoke stage is FlashInfer's own, and so are its reports.
    outside = [
        name
        for name in MODULES
        if not name.startswith(("smoke/", "report/smoke", "report/json/smoke.py", "commands/smoke.py", "cli/smoke.py"))
    ]
    assert [name for name in outside if re.search("flash.?infer|cutlass|torch", code(name), re.IGNORECASE)] == []


def test_bytes_are_not_split_into_lines_by_python() -> None:
    # str.splitlines also cuts at form feeds and U+2028; text mode translates line ends.
    assert [name for name in MODULES if ".splitlines(" in code(name)] == []


def test_a_plain_check_loads_no_framework(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "versions.lock.json": b'{"lock-version": 1, "groups": {"kit": {"version": "1.0", "packages": {"kit": {}},'
            b' "variables": ["KIT_VERSION"], "sites": ["Dockerfile#ARG KIT_VERSION", "requirements.txt#kit",'
            b' "x.json#variable.KIT_VERSION.default"]}}}',
            "requirements.txt": b"kit==1.0\n",
            "Dockerfile": b"FROM x\nARG KIT_VERSION=1.0\n",
            "x.json": b'{"variable": {"KIT_VERSION": {"default": "1.0"}}}',
        },
    )
    # -S: what a site-packages .pth file loads is not ours; the package itself comes by its folder.
    program = (
        "import atexit, sys\n"
        "from fi_bump.__main__ import main\n"
        f"slow = {SLOW.split()!r}\n"
        "atexit.register(lambda: print(sorted(set(slow) & set(sys.modules))))\n"
        "sys.argv = ['fi-bump', '-C', '.', 'check']\n"
        "main()\n"
    )
    command = [sys.executable, "-S", "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.stderr == b""
    assert done.stdout == b"kit 1.0: 3 pins in 3 files, in step\n[]\n"
    assert done.returncode == 0
