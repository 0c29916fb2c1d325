"""Versions beside checksums, in every format: whole results, the checksums and the URL of each, and what stays free."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.pins import Found, Source
from tests.formats import laws, scaling
from tests.formats.results import REPOSITORY, WANTED, rows

SUM = "0f" * 32
OTHER = "ee" * 32
SRI = f"sha256-{'A' * 43}="
TAG = f"https://{REPOSITORY}/archive/refs/tags/v"
BESIDE = "its checksum is beside it; update both together"
LINKED = f"{TAG}{{version}}.tar.gz"
V = "FLASHINFER_VERSION"


def held_by(key: str) -> str:
    return f"{key} holds its checksum; update both together"


def found(path: str, text: str) -> Found:
    form = format_of(path)
    assert form is not None
    return finder(form)(Source(path, text.encode()), WANTED)


def guards(path: str, text: str) -> list[str]:
    """One line for each pin: its row, and after `|` its checksums and the URL of its file."""
    result = found(path, text)
    lines = []
    for row, pin in zip(rows(result), result.pins, strict=False):
        sums = " ".join(pin.source.text(span)[:9] for span in pin.guard.checksums) if pin.guard else ""
        lines.append(row + (f" | {sums} {pin.guard.address}" if pin.guard else ""))
    return lines


# For each file: its path, its text, and the pins with their checksums.
FORMS: list[tuple[str, str, list[str]]] = [
    # YAML: the same mapping.
    (
        "a.yaml",
        f"flashinfer:\n  url: {TAG}0.6.1.tar.gz\n  sha256: {SUM}\n",
        [f"2:71 flashinfer.url/url {REPOSITORY} 0.6.1 ! {held_by('sha256')} | 0f0f0f0f0 {LINKED}"],
    ),
    (
        "a.yaml",
        f"urls:\n- {TAG}0.6.1.tar.gz\nintegrity: {SRI}\n",
        [f"2:66 urls/url {REPOSITORY} 0.6.1 ! {held_by('integrity')} | sha256-AA {LINKED}"],
    ),
    (
        "a.yaml",
        f"flashinfer_version: '0.6.1'\nflashinferSha256: {SUM}\ntorch_sha256: {OTHER}\n",
        [f"1:22 flashinfer_version 0.6.1 ! {held_by('flashinferSha256')} | 0f0f0f0f0 None"],
    ),
    ("a.yaml", f"flashinfer_version: '0.6.1'\ntorch_sha256: {OTHER}\n", ["1:22 flashinfer_version 0.6.1"]),
    ("a.yaml", f"a:\n  flashinfer_version: 0.6.1\nb:\n  sha256: {OTHER}\n", ["2:23 a.flashinfer_version 0.6.1"]),
    ("a.yaml", "flashinfer_version: 0.6.1\nsha256: ${{ x }}\nhash: ''\n", ["1:21 flashinfer_version 0.6.1"]),
    # A mapping that contains the one with the checksum.
    (
        "a.yaml",
        f"flashinfer-python:\n  version: 0.6.1\n  files:\n  - file: x\n    hash: sha256:{SUM}\n",
        [f"2:12 flashinfer-python.version 0.6.1 ! {held_by('hash')} | sha256:0f None"],
    ),
    # A mapping that refers to the version.
    (
        "recipe/recipe.yaml",
        "context:\n  name: flashinfer\n  version: 0.6.1\nsource:\n"
        f"- url: https://h/${{{{ name }}}}-${{{{ version }}}}.tar.gz\n  sha256: {SUM}\n- url: https://h/x\n  sha256: {OTHER}\n",
        [
            f"3:12 context.{REPOSITORY} 0.6.1 ! {held_by('sha256')} | 0f0f0f0f0 https://h/flashinfer-{{version}}.tar.gz",
        ],
    ),
    (
        "a.yml",
        f"vars:\n  flashinfer_version: 0.6.1\nget:\n  url: https://h/v{{{{ flashinfer_version }}}}.zip\n  checksum: sha256:{SUM}\n",
        [f"2:23 vars.flashinfer_version 0.6.1 ! {held_by('checksum')} | sha256:0f https://h/v{{version}}.zip"],
    ),
    (
        "a.yml",
        f"env:\n  {V}: 0.6.1\nsteps:\n- run: |\n    curl -Lo f {TAG}${V}.tar.gz\n    echo '{SUM}  f' | sha256sum -c\n",
        [f"2:23 env.{V} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    # Templates that are not YAML.
    (
        "meta.yaml",
        '{% set name = "flashinfer-python" %}\n{% set version = "0.6.1" %}\nsource:\n'
        f"  url: https://h/{{{{ name }}}}-{{{{ version }}}}.tar.gz\n  sha256: {SUM}\n",
        [f"2:19 set version 0.6.1 ! {held_by('sha256')} | 0f0f0f0f0 https://h/flashinfer-python-{{version}}.tar.gz"],
    ),
    (
        "meta.yaml",
        '{%- set flashinfer_version = "0.6.1" -%}\n{% set version = "1.0" %}\npackage:\n  name: x\n',
        ["1:31 set flashinfer_version 0.6.1"],
    ),
    (
        "a.yaml",
        f"{{{{- x }}}}\na:\n  flashinfer_version: 0.6.1\n  flashinfer_sha256: {SUM}\nb:\n  sha256: {OTHER}\n",
        [f"3:23 flashinfer_version 0.6.1 ! {held_by('flashinfer_sha256')} | 0f0f0f0f0 None"],
    ),
    # JSON and TOML.
    (
        "a.json",
        f'{{"flashinfer": {{"version": "v0.6.1", "url": "{TAG}0.6.1.tar.gz", "hash": "{SRI}"}}, "x": {{"version": "1.0", "hash": "{SRI}"}}}}',
        [
            f"1:30 flashinfer.version 0.6.1 ! {held_by('hash')} | sha256-AA None",
            f"1:109 flashinfer.url/url {REPOSITORY} 0.6.1 ! {held_by('hash')} | sha256-AA {LINKED}",
        ],
    ),
    (
        "a.json",
        f'[{{"name": "flashinfer-cubin", "version": "0.6.1", "hashes": [{{"content": "{SUM}"}}]}}]',
        [f"1:43 version 0.6.1 ! {held_by('content')} | 0f0f0f0f0 None"],
    ),
    ("a.json", '{"flashinfer": {"version": "0.6.1"}}', []),
    (
        "bake.json",
        f'{{"variable": {{"{V}": {{"default": "0.6.1"}}, "FLASHINFER_SHA256": {{"default": "{SUM}"}}}}}}',
        [f"1:50 variable.{V}.default 0.6.1 ! {held_by('FLASHINFER_SHA256')} | 0f0f0f0f0 None"],
    ),
    (
        "a.toml",
        f'[[kit]]\nname = "flashinfer"\nversion = "0.6.1"\nsha256 = "{SUM}"\n[[kit]]\nname = "torch"\nversion = "2.9"\nsha256 = "{OTHER}"\n',
        [f"3:12 kit.version 0.6.1 ! {held_by('sha256')} | 0f0f0f0f0 None"],
    ),
    ("a.toml", '[flashinfer]\nversion = "0.6.1"\n', []),
    (
        "pixi.toml",
        f'[pypi-dependencies]\nflashinfer-cubin = {{ url = "https://h/flashinfer_cubin-0.6.1-py3-none-any.whl", md5 = "{"0f" * 16}" }}\n',
        [
            f"2:56 pypi-dependencies/flashinfer-cubin 0.6.1 ! {held_by('md5')} "
            "| 0f0f0f0f0 https://h/flashinfer_cubin-{version}-py3-none-any.whl"
        ],
    ),
    (
        "a.hcl",
        f'variable "{V}" {{ default = "0.6.1" }}\nvariable "FLASHINFER_SHA256" {{ default = "{SUM}" }}\n',
        [f"1:44 variable.{V}.default 0.6.1 ! {held_by('FLASHINFER_SHA256')} | 0f0f0f0f0 None"],
    ),
    # Commands.
    (
        "Dockerfile",
        f"ARG {V}=0.6.1\nRUN curl -Lo f {TAG}${{{V}}}.tar.gz\nRUN echo '{SUM}  f' | sha256sum -c\n"
        f"RUN curl -LO https://h/uv.tgz\nRUN echo '{OTHER}  uv.tgz' | sha256sum -c\n",
        [f"1:24 ARG {V} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    (
        "Dockerfile",
        f"ARG {V}=0.6.1\nADD --checksum=sha256:{SUM} {TAG}${{{V}}}.tar.gz /src/\n",
        [f"1:24 ARG {V} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    (
        "Dockerfile",
        f"FROM x@sha256:{OTHER}\nARG {V}=0.6.1\nRUN wget https://h/v$FLASHINFER_VERSION.zip && docker pull x@sha256:{OTHER}\n"
        f"RUN pip install --require-hashes torch==2.9.0 --hash=sha256:{OTHER}\n",
        [f"2:24 ARG {V} 0.6.1"],
    ),
    (
        "a.sh",
        f"SHA256={SUM}\ncurl -Lo kit.whl https://h/flashinfer_cubin-0.6.1-py3-none-any.whl\n"
        'echo "$SHA256 kit.whl" | sha256sum -c\nwget https://h/flashinfer_python-0.6.1-py3-none-any.whl\n',
        [
            f"2:45 url flashinfer-cubin 0.6.1 ! {BESIDE} | 0f0f0f0f0 https://h/flashinfer_cubin-{{version}}-py3-none-any.whl",
            "4:34 url flashinfer-python 0.6.1",
        ],
    ),
    (
        "a.sh",
        f'KIT_URL={TAG}0.6.1.tar.gz\ncurl -LO "$KIT_URL"\ntest "$(sha256sum v.tgz | cut -c1-64)" = "{SUM}"\n',
        [f"1:72 url {REPOSITORY} 0.6.1 ! {BESIDE} | 0f0f0f0f0 None"],
    ),
    (
        "Makefile",
        f"{V} := 0.6.1\nFLASHINFER_SHA256 := {SUM}\nTORCH_SHA256 = {OTHER}\n",
        [f"1:23 {V} 0.6.1 ! {held_by('FLASHINFER_SHA256')} | 0f0f0f0f0 None"],
    ),
    (
        "Makefile",
        f"{V} = 0.6.1\nf:\n\tcurl -Lo $@ {TAG}$({V}).tar.gz\n\techo '{SUM}  $@' | sha256sum -c\n",
        [f"1:22 {V} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    (
        "CMakeLists.txt",
        f"set({V} 0.6.1)\nset(FLASHINFER_SHA256 {SUM})\n",
        [f"1:24 {V} 0.6.1 ! {held_by('FLASHINFER_SHA256')} | 0f0f0f0f0 None"],
    ),
    (
        "CMakeLists.txt",
        f"set({V} 0.6.1)\nFetchContent_Declare(f URL {TAG}${{{V}}}.tar.gz URL_HASH SHA256={SUM})\n",
        [f"1:24 {V} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    # Packages of other systems.
    (
        "a.bzl",
        f'http_archive(\n  urls = ["{TAG}0.6.1.tar.gz"],\n  sha256 = "{SUM}",\n)\nhttp_archive(url = "{TAG}0.6.1.zip")\n',
        [
            f"2:75 http_archive.urls/url {REPOSITORY} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}",
            f"5:84 http_archive.url/url {REPOSITORY} 0.6.1",
        ],
    ),
    (
        "MODULE.bazel",
        f'http_archive(url = "{TAG}0.6.1.zip", integrity = "{SRI}")\n',
        [f"1:84 http_archive.url/url {REPOSITORY} 0.6.1 ! {BESIDE} | sha256-AA {TAG}{{version}}.zip"],
    ),
    (
        "f.rb",
        f'class F < Formula\n  # url "{TAG}0.6.1.tar.gz"\n  url "{TAG}0.6.1.tar.gz"\n  sha256 "{SUM}"\n'
        f'  resource "x" do\n    url "https://h/x"\n    sha256 "{OTHER}"\n  end\nend\n',
        [f"3:71 url {REPOSITORY} 0.6.1 ! {BESIDE} | 0f0f0f0f0 {LINKED}"],
    ),
    (
        "f.rb",
        f"url 'https://{REPOSITORY}.git', tag: 'v0.6.1', revision: '{'0f' * 20}'\nurl 'https://h/x.git', tag: 'v1.0'\n",
        [f"1:63 tag {REPOSITORY} 0.6.1 ! {BESIDE} | 0f0f0f0f0 None"],
    ),
    (
        "c.rb",
        f'cask "flashinfer" do\n  version "0.6.1"\n  sha256 arm: "{SUM}", intel: "{OTHER}"\n  url "https://h/#{{version}}"\nend\n',
        [f"2:12 version {REPOSITORY} 0.6.1 ! {BESIDE} | 0f0f0f0f0 eeeeeeeee None"],
    ),
    ("f.rb", 'class FlashinferPython < Formula\n  version "0.6.1"\nend\n', ["2:12 version flashinfer-python 0.6.1"]),
    (
        "PKGBUILD",
        f"pkgname=('python-flashinfer')\npkgver=0.6.1\nsha256sums=('{SUM}'\n            'SKIP')\n",
        [f"2:8 pkgver 0.6.1 ! {BESIDE} | 0f0f0f0f0 None"],
    ),
    ("PKGBUILD", "_name=flashinfer-cubin\npkgver=0.6.1\nb2sums=('SKIP')\n", ["2:8 pkgver 0.6.1"]),
    (
        "PKGBUILD",
        "pkgname=torch\npkgver=0.6.1\nbuild() { pip install flashinfer-cubin==0.6.1; }\n",
        ["3:41 flashinfer-cubin 0.6.1"],
    ),
    (
        "a/kit-1.0.ebuild",
        f'{V}="0.6.1"\n',
        [
            f"1:21 {V} 0.6.1 ! the Manifest contains the checksum: update the version, then run ebuild FILE manifest |  None"
        ],
    ),
    (
        "a.nix",
        f'let pname = "flashinfer"; version = "0.6.1"; in mk {{ src = fetchurl {{ hash = "{SRI}"; }}; }}\n',
        [f"1:38 {REPOSITORY}/version 0.6.1 ! a release in a Nix expression, which fi-bump does not update |  None"],
    ),
    (
        "a.nix",
        f'mk {{ pname = "flashinfer-cubin"; src = fetchurl {{ url = "https://h/flashinfer_cubin-0.6.1-py3-none-any.whl"; sha256 = "{SUM}"; }}; }}\n',
        [
            "1:85 flashinfer-cubin/url 0.6.1 ! fi-bump does not update it, because its hash must be recomputed "
            "| 0f0f0f0f0 https://h/flashinfer_cubin-{version}-py3-none-any.whl"
        ],
    ),
    # A URL that contains a hash of its file.
    (
        "requirements.txt",
        f"https://h/packages/ab/{'0f' * 30}/flashinfer_cubin-0.6.1-py3-none-any.whl\n",
        ["1:101 url flashinfer-cubin 0.6.1 ! pinned by a URL with a hash; update both together |  None"],
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), FORMS)
def test_form(path: str, text: str, expected: list[str]) -> None:
    assert guards(path, text) == expected


TABLE = "a table of versions and checksums: add a row for the new version"
SPACK = f'version("0.6.1", sha256="{SUM}")\nversion("0.6.0", sha256="{OTHER}")\nversion("main", branch="main")\n'
TABLES: list[tuple[str, str, list[str], tuple[str, ...]]] = [
    ("packages/py_flashinfer_python/package.py", SPACK, [f"1:10 ? flashinfer-python: {TABLE}"], ("0.6.1", "0.6.0")),
    (
        "package.py",
        f'git = "https://{REPOSITORY}"\npypi = "f/flashinfer_python-0.6.1.tar.gz"\n{SPACK}',
        [f"3:10 ? {REPOSITORY}: {TABLE}"],
        ("0.6.1", "0.6.0"),
    ),
    # What the table is of, from a file of it, or from its class.
    (
        "package.py",
        f'pypi = "f/flashinfer_python-0.6.1.tar.gz"\n{SPACK}',
        [f"2:10 ? flashinfer-python: {TABLE}"],
        ("0.6.1", "0.6.0"),
    ),
    (
        "package.py",
        f'pypi = "flashinfer-cubin/flashinfer-cubin-0.6.1.tgz"\n{SPACK}',
        [f"2:10 ? flashinfer-cubin: {TABLE}"],
        ("0.6.1", "0.6.0"),
    ),
    (
        "package.py",
        f"class Other(Package):\n  x = 1\nclass PyFlashinferPython(PythonPackage):\n  a = 1\n  {SPACK}",
        [f"5:12 ? flashinfer-python: {TABLE}"],
        ("0.6.1", "0.6.0"),
    ),
    (
        "Manifest",
        f"DIST flashinfer-0.6.1.gh.tar.gz 9 BLAKE2B {SUM} SHA512 {OTHER}\nDIST flashinfer-0.6.0.post1.tar.gz 9 SHA512 {SUM}\n"
        f"DIST torch-2.9.0.tar.gz 9 SHA512 {SUM}\n",
        [f"1:17 ? {REPOSITORY}: {TABLE}"],
        ("0.6.1", "0.6.0.post1"),
    ),
    (
        "a.sh",
        f'case "${V}" in\n  0.6.1) S={SUM} ;;\n  0.6.0) S={OTHER} ;;\nesac\n',
        [f"2:3 ? {V}: {TABLE}"],
        ("0.6.1", "0.6.0"),
    ),
]


@pytest.mark.parametrize(("path", "text", "expected", "versions"), TABLES)
def test_table(path: str, text: str, expected: list[str], versions: tuple[str, ...]) -> None:
    result = found(path, text)
    assert rows(result) == expected
    assert [place.rows for place in result.unpinned] == [versions]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("packages/torch/package.py", SPACK),
        ("package.py", f"class PyFlashinferExtras(PythonPackage):\n  # flashinfer-python\n  {SPACK}"),
        ("packages/py_flashinfer_python/package.py", 'version("0.6.1", branch="main")\n'),
        ("Manifest", f"DIST flashinfer-extras-0.6.1.tar.gz 9 SHA512 {SUM}\nDIST flashinfer-0.6.1.tar.gz 9\n"),
        ("f.rb", 'url "https://h/flashinfer-extras-0.6.1.tar.gz"\n'),
    ],
)
def test_nothing_of_ours(path: str, text: str) -> None:
    assert found(path, text) == Found(())


NEW = {"a.bzl", "f.rb", "PKGBUILD", "a/kit-1.0.ebuild", "a.toml"}


@pytest.mark.parametrize("path", sorted(NEW))
@settings(deadline=None)
@given(data=st.data(), first=st.sampled_from(["0.6.11.post2", "1.0rc1"]), second=st.sampled_from(["0.7", "2.0.dev3"]))
def test_laws(path: str, data: st.DataObject, first: str, second: str) -> None:
    texts = [text for name, text, _ in FORMS if name == path and "[[" not in text]
    parts = (
        data.draw(st.lists(st.sampled_from(texts), max_size=1 if path in ("a.toml", "PKGBUILD") else 3))
        if texts
        else []
    )
    laws.hold(lambda each: found(path, each.decode()), "".join(parts).encode(), first, second)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("a.sh", f"curl -Lo f {TAG}0.6.1.tar.gz\necho '{SUM}  f' | sha256sum -c\n"),
        ("a.yaml", f"- url: {TAG}0.6.1.tar.gz\n  sha256: {SUM}\n"),
        ("a.json", ""),
        ("f.rb", f'url "{TAG}0.6.1.tar.gz"\nsha256 "{SUM}"\n'),
        ("a.bzl", f'f(url = "{TAG}0.6.1.zip", sha256 = "{SUM}")\n'),
        ("Manifest", f"DIST flashinfer-0.6.1.tar.gz 9 SHA512 {SUM}\n"),
        ("PKGBUILD", f"pkgname=flashinfer\npkgver=0.6.1\nsha256sums=('{SUM}')\n"),
    ],
)
def test_time_is_linear(path: str, piece: str) -> None:
    def text(count: int) -> bytes:
        one = f'{{"url": "{TAG}0.6.1.zip", "sha256": "{SUM}"}}'
        return (piece * count if piece else "[" + ",".join([one] * count) + "]").encode()

    assert scaling.is_linear(lambda data: found(path, data.decode()), text, 300)
