"""The table of formats: which name has which format, and that each row has its finder and its second opinion."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fi_bump
from fi_bump.editing.second_opinion import OPINIONS
from fi_bump.errors import InternalError
from fi_bump.formats import by_name
from fi_bump.formats.by_name import expanded, format_of, may_have_format
from fi_bump.formats.finders import finder
from fi_bump.formats.table import FORMATS, OTHER, FileFormat, format_named

TOP = Path(__file__).parents[2]
PACKAGE = Path(fi_bump.__file__).parent

PATHS = [
    ("Dockerfile", "dockerfile"),
    ("docker/Dockerfile.nightly_torch", "dockerfile"),
    ("a/DOCKERFILE", "dockerfile"),
    ("a/cuda.Dockerfile", "dockerfile"),
    ("Containerfile", "dockerfile"),
    ("x.containerfile", "dockerfile"),
    ("docker/vllm.Dockerfile.j2", "dockerfile"),
    ("docker/.Dockerfile.fi-bump-69ce-c4369949-0", None),
    ("dockerfile-parse.md", None),
    ("Dockerfile.dockerignore", None),
    ("dockerfile.py", "python"),
    ("my-Dockerfile", "other"),
    ("Dockerfile/readme", None),
    ("requirements.txt", "requirements"),
    ("requirements-dev.txt", "requirements"),
    ("test_requirements.TXT", "requirements"),
    ("constraints.txt", "requirements"),
    ("docker/constraint.txt", "requirements"),
    ("uv-overrides.txt", "requirements"),
    ("requirements/cuda.txt", "requirements"),
    ("Requirements/a/cuda.txt", "requirements"),
    ("requirements_old/cuda.txt", "other"),
    ("requirements.in", "requirements"),
    ("a/base.in", "requirements"),
    ("notes.txt", "other"),
    ("versions.json", "bake"),
    ("docker/x.JSON", "bake"),
    ("versions.lock.json", None),
    ("a/Versions.Lock.Json", None),
    ("docker-bake.hcl", "hcl"),
    ("a.nix", "nix"),
    ("ci/build.SH", "shell"),
    ("a.bash", "shell"),
    (".env", "shell"),
    ("a/.env.example", "shell"),
    ("docker/versions.env", "shell"),
    (".environment", "other"),
    ("Pipfile", "pyproject"),
    ("Pipfile.lock", "lockfile"),
    ("a/pixi.toml", "pyproject"),
    ("pixi.lock", None),
    ("GNUmakefile", "makefile"),
    ("a/Makefile", "makefile"),
    ("rules.mk", "makefile"),
    ("src/CMakeLists.txt", "cmake"),
    ("requirements/CMakeLists.txt", "cmake"),
    ("cmake/kit.CMake", "cmake"),
    ("cmakelists.txt.md", None),
    ("makefile.md", None),
    (".github/workflows/ci.yml", "yaml"),
    (".pre-commit-config.YAML", "yaml"),
    ("clock.yml", "yaml"),
    ("conda-lock.yml", "lockfile"),
    ("pnpm-lock.yaml", None),
    ("env.lock.yml", None),
    ("Dockerfile.yml", "yaml"),
    ("", None),
    ("bin/build", "bazel"),
    ("bin/install", "other"),
    ("Vagrantfile", "other"),
    ("m", "other"),
    ("kernel.m", None),
    ("LICENSE", None),
    ("a/license.txt", "other"),
    (".gitignore", None),
    ("x.fi-bump-1-2-0", None),
    ("Makefile-gpu", "makefile"),
    ("Makefile.am", None),
    (".devcontainer/devcontainer.json", "jsonc"),
    ("tsconfig.json", "bake"),
    ("a.ipynb", "notebook"),
    ("infra/main.tf", "hcl"),
    ("Jenkinsfile.gpu", "groovy"),
    (".config/mise/config.toml", "mise"),
    (".mise.local.toml", "mise"),
    ("tox.ini", "ini"),
    ("Singularity.gpu", "apptainer"),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_format_of(path: str, expected: str | None) -> None:
    assert format_of(path) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.txt", ["a.txt"]),
        ("*.{yml,yaml}", ["*.yml", "*.yaml"]),
        ("{a,b}{,-c}", ["a", "a-c", "b", "b-c"]),
    ],
)
def test_expanded(pattern: str, expected: list[str]) -> None:
    assert expanded(pattern) == expected


# What a star can mean, marks of other patterns among it.
TEXTS = st.text(st.sampled_from("abAZ09.-_ é"), max_size=6) | st.sampled_from([".lock", "requirements", "dockerfile"])
FOLDERS = st.sampled_from(["", "a/", "Requirements/", "requirements/b/", "a.py/", "é/"])
PATTERNS = st.sampled_from(
    [each for form in FORMATS for pattern in (*form.files, *form.but) for each in expanded(pattern)]
)


def naive(pattern: str, path: str) -> bool:
    """Whether a path matches a pattern without braces, as docs/forms.md says it in words."""
    folder, slash, name = pattern.rpartition("/")
    regex = (f"(.*/)?{re.escape(folder)}/(.*/)?" if slash else "(.*/)?") + re.escape(name).replace(r"\*", "[^/]*")
    return re.fullmatch(regex, path, re.IGNORECASE | re.DOTALL) is not None


def naive_format(path: str) -> str | None:
    """The format of a path by the plainest reading of the table."""
    for form in FORMATS:
        if any(naive(each, path) for pattern in form.files for each in expanded(pattern)):
            excluded = any(naive(each, path) for pattern in form.but for each in expanded(pattern))
            return None if excluded else form.name
    name = path.rpartition("/")[2].lower()
    _, dot, last = name.rpartition(".")
    unread = last in by_name._NEVER if dot else name in by_name._NEVER_NAMED
    return None if not name or unread or ".fi-bump-" in name else "other"


@given(FOLDERS, PATTERNS, st.lists(TEXTS, min_size=3, max_size=3), st.booleans())
def test_every_name_has_the_format_that_the_table_says(
    folder: str, pattern: str, texts: list[str], upper: bool
) -> None:
    first, *parts = pattern.split("*")
    path = folder + first + "".join(text + part for text, part in zip(texts, parts, strict=False))
    path = path.upper() if upper else path
    form = format_of(path)
    assert form == naive_format(path)
    if form is not None:
        assert may_have_format(path.rpartition("/")[2])


@given(st.text(max_size=12))
def test_any_other_name(path: str) -> None:
    assert format_of(path) == naive_format(path)


def test_each_format_has_a_name_of_its_own() -> None:
    assert len({form.name for form in FORMATS}) == len({form.title for form in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("form", [*FORMATS, OTHER], ids=[form.name for form in (*FORMATS, OTHER)])
def test_each_format_has_a_finder(form: FileFormat) -> None:
    find = finder(form.name)
    assert find.__module__ == f"fi_bump.formats.{form.name}"
    assert list(inspect.signature(find).parameters) == ["source", "wanted"]


def test_each_finder_has_a_row() -> None:
    finders = {path.stem for path in (PACKAGE / "formats").glob("*.py") if "\ndef find(" in path.read_text()}
    # A literal is found in any file, by what the lock records of it.
    assert finders == {form.name for form in (*FORMATS, OTHER)} | {"literal"}


def test_each_second_opinion_is_there_and_is_asked() -> None:
    assert {form.second_opinion for form in FORMATS} - {""} == OPINIONS.keys()


def test_a_name_that_no_format_has() -> None:
    with pytest.raises(InternalError) as caught:
        finder("cobol")
    assert str(caught.value) == "there is no format named 'cobol'"
    assert format_named("bake").shared
