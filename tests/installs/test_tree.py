"""What whole trees install, and from which indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.installs.model import IndexOptions
from fi_bump.installs.tree import installed
from fi_bump.lock.records import Group, Lock, Member
from fi_bump.scanning.scan import scan
from tests.conftest import plant

KIT = Group("kit", "1.0", (Member("kit"), Member("kit-cubin"), Member("kit-cache")), ("KIT_VERSION",), ("host/o/kit",))
LOCK = Lock((KIT,))
A, B, C = "https://a.example/simple", "https://b.example/simple", "https://c.example/simple"

Shown = tuple[str, str, list[str], str]


def shown(options: IndexOptions) -> str:
    """Return the options as words: tool, indexes with `!` for those that are not known, and what else differs."""
    words = [options.tool]
    words += [f"default {options.default.url or '!' + options.default.text}"] if options.default else []
    words += [f"extra {each.url or '!' + each.text}" for each in options.extra]
    words += ["alone"] if options.alone else []
    words += ["no index"] if options.no_index else []
    words += ["all"] if options.all_indexes else []
    words += [f"elsewhere {each.text}" for each in options.elsewhere]
    return ", ".join(words)


def found(root: Path, files: dict[str, str]) -> list[str]:
    """Return `place names: options` of each installation, without the names of the tree's files in it."""
    plant(root, {name: text.encode() for name, text in files.items()})
    here = installed(str(root), LOCK, scan(str(root), LOCK))
    assert here.names >= {name for each in here.installations for name in each.names}
    return [
        f"{each.place.at_line} {' '.join(sorted(each.names))}: {shown(each.options)}" for each in here.installations
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "kit==1.0\n"}, ["requirements.txt:1 kit: pip, all"]),
        (
            {"requirements.txt": f"# x\n--extra-index-url {A}\nkit==1.0\nnumpy\n"},
            [f"requirements.txt:3 kit: pip, extra {A}, all"],
        ),
        (
            {"requirements.txt": f"--extra-index-url {A}\n--index-url {B}\n--extra-index-url {C}\nkit==1.0\n"},
            [f"requirements.txt:4 kit: pip, default {B}, extra {C}, alone, all"],
        ),
        (
            {
                "requirements.txt": "-r more.txt\nkit==1.0\n",
                "requirements/x.txt": "kit-cubin==1.0\n",
                "requirements-more.txt": f"-i {B}\n",
            },
            ["requirements.txt:2 kit: pip, all", "requirements/x.txt:1 kit-cubin: pip, all"],
        ),
        (
            {
                "requirements/cuda.txt": "-r ../base-requirements.txt\nkit==1.0\n",
                "base-requirements.txt": f"-c constraints.txt\n--extra-index-url {A}\n",
                "constraints.txt": f"--extra-index-url {B}\nkit-cubin==1.0\n",
            },
            [f"requirements/cuda.txt:2 kit kit-cubin: pip, extra {B}, extra {A}, all"],
        ),
        # pip refuses a file that includes itself.
        ({"requirements.txt": "-r requirements.txt\nkit==1.0\n"}, []),
        (
            {"requirements.txt": "--no-index --find-links /wheels\nkit==1.0\n"},
            ["requirements.txt:2 kit: pip, no index, all, elsewhere /wheels"],
        ),
        (
            {"requirements.txt": "kit-cubin @ https://x.example/kit_cubin-1.0-py3-none-any.whl\n"},
            [
                "requirements.txt:1 kit-cubin: pip, all",
                "requirements.txt:1 kit-cubin: pip, no index, all, elsewhere https://x.example/kit_cubin-1.0-py3-none-any.whl",
            ],
        ),
        # Commands.
        (
            {
                "Dockerfile": f"FROM x\nARG KIT_VERSION=1.0\nRUN true && pip install \\\n  kit-cache==${{KIT_VERSION}} --extra-index-url {A}\n"
            },
            [f"Dockerfile:3 kit-cache: pip, extra {A}, all"],
        ),
        (
            {
                "Dockerfile": "ARG CUDA=130\nFROM x AS base\nARG CUDA\nENV ROOT=https://a.example/cu${CUDA}\n"
                "FROM base AS last\nRUN uv pip install kit-cache --index-url ${ROOT}/simple\n"
            },
            ["Dockerfile:6 kit-cache: uv, default https://a.example/cu130/simple"],
        ),
        (
            {
                "Dockerfile": "FROM x\nENV UV_INDEX_STRATEGY=unsafe-best-match PIP_EXTRA_INDEX_URL=https://no.example\n"
                f"ENV UV_EXTRA_INDEX_URL={A}\nRUN uv pip install kit\nFROM y\nRUN uv pip install kit-cubin\n"
            },
            [f"Dockerfile:4 kit: uv, extra {A}, all", "Dockerfile:6 kit-cubin: uv"],
        ),
        (
            {"Dockerfile": "FROM x\nRUN pip install kit --extra-index-url https://a.example/$(cat /x)\n"},
            ["Dockerfile:2 kit: pip, extra !https://a.example/$(cat /x), all"],
        ),
        (
            {"Dockerfile": "FROM x\nRUN <<END\npip install kit -i https://a.example\nEND\n"},
            ["Dockerfile:3 kit: pip, default https://a.example, all"],
        ),
        (
            {
                "docker/Dockerfile": f"FROM x\nRUN pip install -r /tmp/requirements/cuda.txt --extra-index-url {A}\n",
                "requirements/cuda.txt": f"--extra-index-url {B}\nkit==1.0\n",
                "other/requirements/cpu.txt": "kit==1.0\n",
            },
            [f"docker/Dockerfile:2 kit: pip, extra {A}, extra {B}, all", "other/requirements/cpu.txt:1 kit: pip, all"],
        ),
        (
            {
                "docker/Dockerfile": f"FROM x\nRUN uv pip install -r requirements.txt kit-cubin --default-index {A}\n",
                "requirements.txt": f"--index-url {B}\nkit==1.0\n",
            },
            [f"docker/Dockerfile:2 kit kit-cubin: uv, default {A}"],
        ),
        (
            {
                "ci.sh": f"export ROOT={A}\n# pip install kit-cubin\npip install kit --index-url $ROOT \\\n  --pre\nROOT=$(x)\npip install kit-cache -i $ROOT\n"
            },
            [f"ci.sh:3 kit: pip, default {A}, all", "ci.sh:6 kit-cache: pip, default !$ROOT, all"],
        ),
        (
            {"Makefile": f"ROOT ?= {A}\ninstall:\n\tpip install kit \\\n\t  -i $(ROOT)\n"},
            [f"Makefile:3 kit: pip, default {A}, all"],
        ),
        (
            {
                ".github/workflows/x.yml": f"env:\n  ROOT: {A}\njobs:\n  a:\n    steps:\n    - run: |\n        pip install kit==1.0 \\\n          -i ${{ROOT}}\n        pip install kit-cubin\n"
            },
            [f".github/workflows/x.yml:7 kit: pip, default {A}, all"],
        ),
        (
            {"environment.yml": f"dependencies:\n- python\n- pip:\n  - --extra-index-url {A}\n  - kit==1.0\n"},
            [f"environment.yml:4 kit: pip, extra {A}, all"],
        ),
        # Tables.
        (
            {"pyproject.toml": f'[project]\ndependencies = ["kit==1.0"]\n[[tool.uv.index]]\nname = "a"\nurl = "{A}"\n'},
            [f"pyproject.toml:1 kit: uv, extra {A}"],
        ),
        (
            {
                "pyproject.toml": '[project]\ndependencies = ["kit==1.0"]\n[project.optional-dependencies]\ngpu = ["Kit_Cubin"]\n'
            },
            ["pyproject.toml:1 kit kit-cubin: pip, all"],
        ),
        (
            {
                "pyproject.toml": f'[project]\ndependencies = ["kit==1.0", "kit-cache==1.0"]\n[[tool.uv.index]]\nname = "a"\nurl = "{A}"\nexplicit = true\n'
                f'[[tool.uv.index]]\nurl = "{B}"\ndefault = true\n[tool.uv.sources]\nkit_cache = [{{ index = "a", marker = "x" }}]\n'
            },
            [f"pyproject.toml:1 kit: uv, default {B}", f"pyproject.toml:5 kit-cache: uv, default {A}, alone"],
        ),
        (
            {
                "pyproject.toml": f'[project]\ndependencies = ["kit==1.0"]\n[tool.uv]\nindex-strategy = "unsafe-best-match"\nextra-index-url = ["{A}"]\nfind-links = ["/x"]\n'
            },
            [f"pyproject.toml:1 kit: uv, extra {A}, all, elsewhere /x"],
        ),
        (
            {
                "Pipfile": f'[[source]]\nname = "a"\nurl = "{A}"\n[[source]]\nname = "b"\nurl = "{B}"\n[packages]\nkit = "==1.0"\nkit-cubin = {{ version = "==1.0", index = "b" }}\n'
            },
            [f"Pipfile:1 kit: pip, default {A}, alone, all", f"Pipfile:1 kit-cubin: pip, default {B}, alone"],
        ),
        (
            {
                "pixi.toml": f'[pypi-options]\nextra-index-urls = ["{A}"]\n[pypi-dependencies]\nkit = "==1.0"\n[feature.gpu.pypi-dependencies]\nkit-cubin = {{ version = "==1.0", index = "{B}" }}\n'
            },
            [f"pixi.toml:1 kit: uv, extra {A}", f"pixi.toml:6 kit-cubin: uv, default {B}, alone"],
        ),
    ],
)
def test_installations(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(tmp_path, files) == expected


def names(root: Path, files: dict[str, str]) -> frozenset[str]:
    """Return the names that a tree installs."""
    plant(root, {name: text.encode() for name, text in files.items()})
    return installed(str(root), LOCK, scan(str(root), LOCK)).names


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "kit==${KIT_VERSION}\n", {"kit"}),
        ("requirements.txt", "kit\n", {"kit"}),
        ("requirements.txt", "kit>=1\n", {"kit"}),
        ("setup.py", 'setup(install_requires=["kit==1.0"])\n', {"kit"}),
        ("uv.lock", 'version = 1\n[[package]]\nname = "kit-cubin"\nversion = "1.0"\n', {"kit-cubin"}),
        ("Dockerfile", "FROM x\nARG KIT_VERSION=1.0\n", set()),
        ("Dockerfile", "FROM x\nRUN git clone -b v1.0 https://host/o/kit\n", set()),
        ("Dockerfile", "FROM x\nRUN pip install kit-cache\n", {"kit-cache"}),
        ("guide.yaml", "guide: |\n  pip install -U kit-cubin\n", set()),
        ("serve.py", 'import kit\nassert kit.__version__ == "1.0"\n', set()),
        ("Dockerfile", "FROM host/kit-cubin:1.0\n", set()),
    ],
)
def test_what_counts_as_installed(tmp_path: Path, name: str, text: str, expected: set[str]) -> None:
    assert names(tmp_path, {name: text}) == expected


def test_an_address_with_a_variable_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "a.example")
    text = "--extra-index-url https://${HOST}/x --extra-index-url https://u:p@b.example --extra-index-url https://${NO}\nkit==1.0\n"
    plant(tmp_path, {"requirements.txt": text.encode()})
    (one,) = installed(str(tmp_path), LOCK, scan(str(tmp_path), LOCK)).installations
    assert [(each.url, each.shown, each.is_fixed) for each in one.options.extra] == [
        ("https://a.example/x", "https://a.example/x", False),
        ("https://u:p@b.example", "https://b.example", False),
        (None, "https://${NO}", True),
    ]
