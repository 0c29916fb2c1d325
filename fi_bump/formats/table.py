"""The one table of file formats: the file names of each, and who gives a second opinion on its edits.

A format's finder is the function `find` of `fi_bump/formats/NAME.py`. Everything else that depends on the format of a
file is derived from this table: `format_of` and `may_have_format` of by_name.py, by which the walk of a tree chooses
files, `finder`, and which parser of editing/second_opinion.py judges an edit. tools/formats.py writes the table of
docs/forms.md from it.
"""

from __future__ import annotations

from collections.abc import Callable

from fi_bump.errors import InternalError
from fi_bump.lock.records import LOCK_NAME
from fi_bump.pins import Found, Source, Wanted
from fi_bump.records import NamedTuple

Finder = Callable[[Source, Wanted], Found]


class FileFormat(NamedTuple):
    """One file format.

    `files` are patterns of file names: `*` is any text, `{a,b}` is one of these, and case does not matter. A pattern
    `FOLDER/NAME` means a file anywhere below a folder of that name. A file that also matches a pattern of `but` has
    no format. `second_opinion` names the parser that judges edits, or is empty. `shared` says that many files with
    these names are not of this format, so a file that cannot be parsed is an error only if the lock has a site in
    it. `promise` is the module whose `is_promising` says whether the finder can find anything in a file; a
    format whose finder raises ParseError has none, since a broken file is reported whatever it names. `evidence`
    is the module whose `evidence` gives the patterns with which grep rules out files, or is empty. `title` and `holds`
    are for readers of the documentation.
    """

    name: str
    title: str
    files: tuple[str, ...]
    holds: str
    second_opinion: str = ""
    but: tuple[str, ...] = ()
    shared: bool = False
    promise: str = ""
    evidence: str = ""


# The first format that a name matches is the format of the file.
FORMATS = (
    FileFormat(
        "python",
        "Python",
        ("*.py",),
        "strings that are requirements, git commands in strings; exact gates and run-time checks are reported",
        promise="python_promise",
        evidence="python_evidence",
    ),
    FileFormat(
        "lockfile",
        "lock files",
        ("{uv,poetry,pdm,Pipfile}.lock", "pylock.toml", "pylock.*.toml", "conda-lock.yml"),
        "wanted packages, reported only",
    ),
    FileFormat(
        "jsonc",
        "JSON with comments",
        ("{,.}devcontainer.json", "*.jsonc", "*.code-workspace"),
        "wanted keys, commands, images",
        shared=True,
    ),
    FileFormat(
        "notebook",
        "notebooks",
        ("*.ipynb",),
        "code cells: requirements, `!` lines, `%pip`, cells in a shell",
        second_opinion="json",
        shared=True,
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
        promise="yaml_promise",
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
        "mise",
        "mise.toml",
        ("{,.}mise.toml", "{,.}mise.*.toml", "{,.}mise/config*.toml"),
        "versions of tools, variables, commands of tasks",
        second_opinion="tomlkit",
        shared=True,
    ),
    FileFormat(
        "toml",
        "other TOML",
        ("*.toml",),
        "versions beside a checksum",
        second_opinion="tomlkit",
        shared=True,
    ),
    FileFormat("ini", "tox.ini, setup.cfg", ("tox.ini", "setup.cfg"), "dependencies, and the commands of tox"),
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
        promise="shell_promise",
        but=("*.{txt,toml}",),
    ),
    FileFormat(
        "makefile",
        "make",
        ("{,GNU}Makefile{,-*,.*,_*}", "*.{mk,mak,make}"),
        "variables, and the commands of recipes",
        but=("*.{md,rst,txt,py,am,in,ac,lock,patch,diff}",),
    ),
    FileFormat("just", "just", ("{,.}justfile", "*.just"), "variables, and the commands of recipes"),
    FileFormat("earthfile", "Earthfile", ("Earthfile", "*.earth"), "the same as in a Dockerfile, LET, GIT CLONE"),
    FileFormat(
        "apptainer",
        "Apptainer",
        ("*.def", "*.sif.def", "Singularity", "Singularity.*", "Apptainer", "Apptainer.*"),
        "arguments, labels, commands, image tags",
    ),
    FileFormat(
        "groovy",
        "Jenkinsfile, Groovy",
        ("Jenkinsfile{,-*,.*,_*}", "*.{groovy,gradle,Jenkinsfile}"),
        "variables, commands",
    ),
    FileFormat(
        "hcl",
        "HCL, Terraform",
        ("*.{hcl,tf,tfvars,tofu}",),
        "defaults of variables, build arguments, commands in strings",
    ),
    FileFormat("tool_versions", ".tool-versions", (".tool-versions",), "versions of tools"),
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

# The format of every other text file, but those that `names.py` never reads and temporary files.
OTHER = FileFormat(
    "other",
    "scripts without an ending, and all other text files",
    ("*",),
    "a script whose first line names a shell, Python, make or just; in any other file a version is reported",
    promise="other_promise",
)


def format_named(name: str) -> FileFormat:
    """Return the format of this name. Raises InternalError if there is no such format."""
    for form in (*FORMATS, OTHER):
        if form.name == name:
            return form
    raise InternalError(f"there is no format named '{name}'")
