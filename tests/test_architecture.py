"""The layers of the package, allowed imports, the modules that write, and what a plain `check` does not load.

Each table below is complete: a test fails for a missing entry, and for an entry that is no longer true.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import fi_bump
from fi_bump.formats.by_name import expanded
from fi_bump.formats.table import FORMATS as FILE_FORMATS
from tests.conftest import plant
from tools import layers

PACKAGE = Path(fi_bump.__file__).parent
LAYOUT = layers.read_layout(PACKAGE)
MODULES = list(LAYOUT.files)
PROBES = [name for name in MODULES if name.startswith("smoke/probes/")]
FORMATS = [
    name
    for name in MODULES
    if name.startswith("formats/")
    and not name.endswith(("__init__.py", "formats/finders.py", "formats/by_name.py", "formats/table.py"))
]

# Each third-party library, and the modules and whole folders that may import it.
DOORS = {
    "typer": {"cli/"},
    "rich": {
        "report/findings/snippet.py",
        "report/smoke/progress.py",
        "report/smoke/table.py",
        "report/tables.py",
        "terminal/waiting.py",
    },
    # Modules that ask an index or read requirements use packaging's types.
    "packaging": {
        "audit/",
        "bisection/",
        "fit/meanings.py",
        "fit/release.py",
        "fit/release_changes.py",
        "fit/releases.py",
        "index/",
        "releases/",
        "commands/audit.py",
        "commands/check_online.py",
        "commands/latest.py",
        "editing/second_opinion.py",
        "report/json/audit.py",
        "scanning/mention_rules.py",
        "smoke/merge.py",
        "smoke/ranges.py",
        "versions.py",
    },
    "dockerfile_parse": {"editing/second_opinion.py"},
    "urllib3": {"index/connections.py", "index/retries.py"},
    "tomlkit": {"editing/second_opinion.py"},
    "yaml": {"formats/yaml_events.py"},
}
# The modules of the standard library and of fi_bump that any format may import.
LIBRARIES_OF_FORMATS = {"__future__", "bisect", "collections", "functools", "itertools", "json", "re", "typing"}
FOR_FORMATS = {"errors.py", "grammar.py", "pins.py", "records.py"}
# What one format may import besides: its own modules, by the first word of their names, and Python's own parser.
OWN = {
    "apptainer": {"dockerfile", "just", "shell_"},
    "bake": {"shell"},
    "bazel": {"other", "python"},
    "cmake": {"shell_"},
    "dockerfile": {"dockerfile_", "shell_"},
    "earthfile": {"dockerfile", "shell"},
    "groovy": {"shell_"},
    "hcl": {"hcl_", "shell"},
    "ini": {"requirements", "shell"},
    "jsonc": {"shell"},
    "just": {"shell_"},
    "makefile": {"shell_"},
    "mise": {"shell"},
    "notebook": {"python", "shell"},
    "other": {"just", "makefile", "python", "shell"},
    "pkgbuild": {"shell_"},
    "gentoo": {"shell_"},
    "python": {"python_", "pyproject", "shell_"},
    "requirements": {"requirements_"},
    "shell": {"shell_"},
    "toml": {"shell", "tomllib"},
    "tool_versions": {"mise"},
    "yaml": {"yaml_", "shell_"},
}
# The modules that change the file system. Only editing/write.py and editing/journal.py write target files and the lock;
# editing/history.py writes the records for `undo`. index/cache.py and
# scanning/cache.py write to the user's cache, as releases/known_versions.py does; audit/resolve.py copies requirement files into a scratch folder for uv, and
# git/conflict.py three texts for `git merge-file`;
# smoke/ writes logs, and a probe writes its answer to the file that the runner names, and compiles into the runner's
# cache; user_files.py writes reports to the user's path, with
# boundary/streams.py where that is a pipe, and job_summary.py to the file that GitHub names.
WRITERS = {
    "boundary/streams.py",
    "editing/write.py",
    "editing/history.py",
    "editing/journal.py",
    "index/cache.py",
    "releases/known_versions.py",
    "scanning/cache.py",
    "audit/resolve.py",
    "git/conflict.py",
    "report/findings/job_summary.py",
    "smoke/process.py",
    "smoke/modules.py",
    "smoke/pytest_main.py",
    "smoke/storage.py",
    "user_files.py",
    "smoke/probes/jit.py",
    "smoke/probes/kept_modules.py",
    "smoke/probes/quick.py",
    "smoke/probes/__main__.py",
    "smoke/probes/allreduce_fusion.py",
}
# Libraries of the interpreter that runs a probe; a probe imports them inside functions only.
IN_TARGET = {"flashinfer", "torch", "tvm_ffi"}
# The modules that start processes, or open connections without urllib3. Of these git/door.py runs git,
# audit/resolve.py uv, index/configuration.py pip, smoke/process.py a supervisor, which runs the target interpreter, and
# the probes a compiler and NVIDIA's tools. index/credentials.py runs keyring through boundary/programs.py, whose errors
# it catches. index/connections.py asks urllib.request which proxies the user has, and catches the errors of
# http.client. smoke/probes/offline_start.py replaces functions of socket so that nothing connects.
SPAWNERS = {
    "boundary/processes.py",
    "boundary/programs.py",
    "index/credentials.py",
    "audit/resolve.py",
    "git/door.py",
    "index/configuration.py",
    "index/connections.py",
    "smoke/probes/allreduce_fusion.py",
    "smoke/probes/jit.py",
    "smoke/probes/offline_start.py",
    "smoke/probes/target.py",
    "smoke/probes/toolkit.py",
    "smoke/process.py",
    "smoke/site_folders.py",
    "smoke/supervisor.py",
}
SPAWNING = {"subprocess", "multiprocessing", "socket", "http", "urllib.request"}
# Rules over values: these modules neither read nor write files, and start no processes.
PURE = [
    "editing/plan.py",
    "findings/of_check.py",
    "findings/rules.py",
    "ownership.py",
    "lock/fields.py",
    "lock/reading.py",
    "lock/records.py",
    "lock/writing.py",
    "grammar.py",
    "pins.py",
    "versions.py",
    "template/fill.py",
    "template/values.py",
    "fleet/model.py",
    "fleet/compare.py",
    "change/model.py",
    *FORMATS,
]
IMPURE = {"io", "os", "pathlib", "subprocess", "editing/write.py", "scanning/files.py", "state.py"}
WRITES = {
    "chmod",
    "fchmod",
    "copy",
    "copyfile",
    "ftruncate",
    "link",
    "makedirs",
    "mkdir",
    "mkfifo",
    "mkstemp",
    "move",
    "remove",
    "removedirs",
    "rename",
    "renames",
    "replace",
    "rmdir",
    "rmtree",
    "symlink",
    "symlink_to",
    "touch",
    "truncate",
    "unlink",
    "utime",
    "write_bytes",
    "write_text",
}
OF_FLASHINFER = ("smoke/", "cli/examples.py", "cli/smoke.py", "report/smoke_text.py", "report/json/smoke.py")
# `check` without options is what a pre-commit hook runs: it loads none of these.
SLOW = "typing typer rich packaging tomlkit yaml dockerfile_parse importlib.metadata subprocess dataclasses pathlib argparse hashlib"


@cache
def tree(name: str) -> ast.Module:
    """Return a parsed module of the package, which is shared: nobody changes it."""
    return ast.parse((PACKAGE / name).read_bytes())


@cache
def imports(name: str) -> set[str]:
    """Return the files of the package that a module imports, inside functions too."""
    return {arrow.imported for arrow in LAYOUT.arrows if arrow.importer == name}


@cache
def outside(name: str) -> set[str]:
    """Return every name that a module imports from outside fi_bump, dotted: `os`, `collections.abc.Iterator`."""
    names = set(layers.imported_names(tree(name), "fi_bump", name))
    return {each for each in names if each.partition(".")[0] != "fi_bump"}


def libraries(name: str) -> set[str]:
    """Return the top-level names of a module's imports from outside fi_bump."""
    return {each.partition(".")[0] for each in outside(name)}


def test_there_is_something_to_look_at() -> None:
    assert {"cli/set.py", "editing/write.py", "formats/bake.py", "report/finding_lines.py", "template/fill.py"} <= set(
        MODULES
    )


def test_a_module_imports_from_lower_layers_only() -> None:
    assert layers.upward(LAYOUT) == []


def test_no_folders_and_no_files_import_each_other_in_a_circle() -> None:
    assert layers.cycles(LAYOUT) == []


def test_the_table_of_layers_names_each_folder_and_flat_module_once() -> None:
    assert layers.wrong_layers(LAYOUT) == []


def test_few_modules_lie_flat_in_the_package() -> None:
    assert len(LAYOUT.flat) <= layers.MOST_FLAT == 16


def own(name: str) -> set[str]:
    """Return what a format's module may import that others may not; nothing for a helper of several formats."""
    stem = Path(name).stem
    form = next((form for form in OWN if stem == form or stem.startswith(f"{form}_")), "")
    return OWN.get(form, set())


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_imports_the_vocabulary_its_own_modules_and_the_shared_ones(name: str) -> None:
    helpers = tuple(f"formats/{prefix}" for prefix in own(name))
    inside = {file for file in imports(name) if not file.startswith(("formats/shared/", *helpers))}
    assert inside <= FOR_FORMATS
    assert {each for each in libraries(name) if name not in DOORS.get(each, ())} <= LIBRARIES_OF_FORMATS | own(name)


def test_what_formats_may_import_is_what_they_do_import() -> None:
    assert set().union(*map(libraries, FORMATS)) >= LIBRARIES_OF_FORMATS
    assert set().union(*map(imports, FORMATS)) >= FOR_FORMATS
    for form, allowed in OWN.items():
        modules = [name for name in FORMATS if Path(name).stem == form or Path(name).stem.startswith(f"{form}_")]
        used = set().union(*map(imports, modules)) | set().union(*map(libraries, modules))
        unused = {
            each
            for each in allowed
            if not any(file in (each, f"formats/{each}") or file.startswith(f"formats/{each}") for file in used)
        }
        assert (form, unused) == (form, set())


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_imported_where_the_table_says_and_nowhere_else(library: str) -> None:
    # Some libraries have one importer; rich has six, and three whole folders use packaging's types.
    users = {name for name in MODULES if library in libraries(name)}
    folders = {door for door in DOORS[library] if door.endswith("/")}
    assert {name for name in users if not name.startswith(tuple(folders))} == DOORS[library] - folders
    assert {folder for folder in folders if any(name.startswith(folder) for name in users)} == folders


def test_no_other_library() -> None:
    known = {*sys.stdlib_module_names, *DOORS}
    in_target = dict.fromkeys(PROBES, IN_TARGET) | {"smoke/pytest_main.py": {"pytest"}}
    assert {name: more for name in MODULES if (more := libraries(name) - known - in_target.get(name, set()))} == {}


def test_the_probes_import_each_library_of_their_target() -> None:
    assert set().union(*map(libraries, PROBES)) >= IN_TARGET


def test_rules_over_values_touch_no_file() -> None:
    assert {name: impure for name in PURE if (impure := IMPURE & (imports(name) | libraries(name)))} == {}


def test_what_is_impure_is_imported_elsewhere() -> None:
    assert set().union(*map(imports, MODULES), *map(libraries, MODULES)) >= IMPURE


def test_only_probes_import_by_relative_names() -> None:
    # A probe's package is loaded under another name in the target interpreter.
    relative = {
        name for name in MODULES for node in ast.walk(tree(name)) if isinstance(node, ast.ImportFrom) and node.level
    }
    assert relative <= set(PROBES)


def test_only_the_entry_point_imports_the_command_line() -> None:
    below = [name for name in MODULES if name != "__main__.py" and not name.startswith("cli/")]
    command_line = {file for file in MODULES if file.startswith(("cli/", "__main__.py"))}
    assert {name: upward for name in below if (upward := imports(name) & command_line)} == {}


def writing(name: str) -> list[str]:
    """Return the calls of a module that change the file system."""
    calls = []
    for node in ast.walk(tree(name)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        # str.replace takes two texts; os.replace is called on `os`.
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        on_text = called == "replace" and not (isinstance(owner, ast.Name) and owner.id in ("os", "shutil"))
        # A bare `write_bytes` or `write_text` is that of terminal/output.py, which writes to standard output.
        if called in WRITES and not on_text and not (owner is None and called in ("write_bytes", "write_text")):
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


def test_only_the_writers_write() -> None:
    assert {name for name in MODULES if writing(name)} == WRITERS


def test_only_the_spawners_start_processes() -> None:
    users = {
        name
        for name in MODULES
        if any(each == spawning or each.startswith(f"{spawning}.") for each in outside(name) for spawning in SPAWNING)
    }
    assert users == SPAWNERS


def test_no_two_classes_have_one_name() -> None:
    # A reader who meets a name in a signature or a traceback can look it up without knowing which import is meant.
    classes = Counter(node.name for name in MODULES for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef))
    assert [name for name, number in classes.items() if number > 1] == []


SOURCES = sorted(
    path
    for folder in ("fi_bump", "tests", "tools", "benchmarks")
    for path in (PACKAGE.parent / folder).rglob("*.py")
    if "cases" not in path.parts
)


@cache
def parsed_source(path: Path) -> ast.Module:
    """Return a parsed file of SOURCES, which is shared: nobody changes it."""
    return ast.parse(path.read_bytes())


def against_the_formatter(path: Path) -> list[str]:
    """Return what is written in a file only to keep several things on one line."""
    text = path.read_text(encoding="utf-8")
    comments = re.findall(r"#\s*fmt:.*", text)
    if not re.search(r"\*\s*[(\[{]", text):  # Most files are not parsed.
        return comments
    # `*("a", "b")` in a list, and `*(a, b)` among arguments.
    literals = (ast.Tuple, ast.List, ast.Set)
    starred = [node for node in ast.walk(parsed_source(path)) if isinstance(node, ast.Starred)]
    return comments + [ast.unparse(node) for node in starred if isinstance(node.value, literals)]


def test_nothing_is_written_to_defeat_the_formatter() -> None:
    assert {str(path): found for path in SOURCES if (found := against_the_formatter(path))} == {}


def test_a_record_with_many_fields_is_built_by_keyword() -> None:
    # Nobody can check the sixth argument of a call against a definition in another file.
    classes = {node.name for name in MODULES for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef)}
    long = [
        f"{path.relative_to(PACKAGE.parent)}:{node.lineno}: {ast.unparse(node.func)} has {len(node.args)} by position"
        for path in SOURCES
        for node in ast.walk(parsed_source(path))
        if isinstance(node, ast.Call) and len(node.args) > 5 and ast.unparse(node.func).rpartition(".")[2] in classes
    ]
    assert long == []


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_imports_nothing_of_fi_bump_and_torch_only_when_it_runs(name: str) -> None:
    assert imports(name) <= set(PROBES)
    above = [node for node in tree(name).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    module = ast.Module([node for node in above if not getattr(node, "level", 0)], [])
    names = layers.imported_names(module, "fi_bump", name)
    assert {each.partition(".")[0] for each in names} <= {*sys.stdlib_module_names}


def test_of_the_probes_only_the_protocol_is_known_outside() -> None:
    # Only the package itself names the folder of the probes.
    inner = set(PROBES) - {"smoke/probes/__init__.py", "smoke/probes/protocol.py"}
    others = [name for name in MODULES if name not in PROBES]
    assert {name: known for name in others if (known := imports(name) & inner)} == {}


@cache
def code(name: str) -> str:
    """Return a module's source without comments and docstrings."""
    module = ast.parse((PACKAGE / name).read_bytes())
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(module)


def test_no_family_is_named_outside_the_data() -> None:
    naming = {name for name in MODULES if re.search("flash.?infer|cutlass|torch", code(name), re.IGNORECASE)}
    # The smoke stage and its reports are about FlashInfer only, and the examples of the help are about its pins.
    assert {name for name in naming if not name.startswith(OF_FLASHINFER)} == set()
    assert {start for start in OF_FLASHINFER if not any(name.startswith(start) for name in naming)} == set()


def test_bytes_are_not_split_into_lines_by_python() -> None:
    # str.splitlines also cuts at form feeds and U+2028; text mode translates line ends.
    assert [name for name in MODULES if ".splitlines(" in code(name)] == []


@pytest.mark.parametrize("name", SLOW.split())
def test_what_a_plain_check_does_not_load_can_be_loaded(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


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
    # -S, since the modules that a site-packages .pth file loads are not ours; the package itself is found by its
    # folder.
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


# A file of each format for a check of `kit`; the requirement with an address loads what reads addresses.
EVERY_FORMAT = {
    expanded(form.files[0])[0].replace("*", "a"): b"kit==1.0\nkit @ https://example.invalid/kit-1.0-py3-none-any.whl\n"
    for form in FILE_FORMATS
    if form.name != "pyproject"
} | {"pyproject.toml": b'[project]\ndependencies = ["kit==1.0"]\n'}


def test_the_light_records_are_those_of_a_plain_check(tmp_path: Path) -> None:
    # records.NamedTuple saves `check` and `status` the import of typing. Everything else uses typing's own.
    lock = (
        b'{"lock-version": 1, "groups": {"kit": {"version": "1.0", "packages": {"kit": {}}, "sites":'
        b' ["notes.md#literal:kit {version} here"]}}}'
    )
    plant(tmp_path, {**EVERY_FORMAT, "versions.lock.json": lock, "notes.md": b"kit 1.0 here\n"})
    program = (
        "import atexit, sys\n"
        "from fi_bump.__main__ import main\n"
        "atexit.register(lambda: print(*(name for name in sys.modules if name.startswith('fi_bump.'))))\n"
        "sys.argv[1:] = ['-C', '.', *sys.argv[1:]]\n"
        "main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    last: list[str] = []
    for command in ("check", "status"):
        arguments = [sys.executable, "-c", program, command]
        done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, check=False, text=True)
        assert done.stderr == ""
        last += done.stdout.split("\n")[-2].split()
    names = {name: (PACKAGE / name).with_suffix("") for name in MODULES}
    loaded = {name for name, path in names.items() if ".".join(path.relative_to(PACKAGE.parent).parts) in last}
    assert {name for name in FORMATS if name in loaded} >= {f"formats/{form.name}.py" for form in FILE_FORMATS}

    def users(record: str) -> set[str]:
        return {
            name
            for name in MODULES
            if name != "records.py" and record in layers.imported_names(tree(name), "fi_bump", name)
        }

    assert users("fi_bump.records.NamedTuple") - loaded == set()
    assert users("typing.NamedTuple") & loaded == set()


# The modules that write to a stream of the process: the first for all others, progress.py for the lines of a running
# probe, and __main__.py before anything is imported.
PRINTERS = {"terminal/output.py", "report/smoke/progress.py", "__main__.py"}


def prints(name: str) -> bool:
    """Whether a module calls print, or writes to sys.stdout or sys.stderr."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "print" or re.fullmatch(r"sys\.std(out|err)(\.buffer)?\.write", called):
                return True
    return False


def test_one_module_writes_to_the_streams() -> None:
    assert {name for name in MODULES if name not in PROBES and prints(name)} == PRINTERS
