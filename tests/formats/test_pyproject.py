"""The pyproject finder: whole results for every table and spelling, errors, the laws, and tomllib as the authority."""

from __future__ import annotations

import contextlib
import time
import tomllib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import InternalError, ParseError
from fi_bump.findings.of_check import wildcard
from fi_bump.formats.by_name import format_of
from fi_bump.formats.pyproject import find
from fi_bump.formats.shared.toml_strings import strings
from fi_bump.pins import Found, Kind, Source, Wanted
from fi_bump.versions import admits
from tests.formats import laws
from tests.formats.results import marked

REPOSITORY = "github.com/flashinfer-ai/flashinfer"
WANTED = Wanted(
    frozenset({"flashinfer-python", "flashinfer-cubin", "flashinfer-jit-cache"}),
    frozenset({"FLASHINFER_VERSION"}),
    frozenset({REPOSITORY}),
)
GIT = 'git = "https://github.com/flashinfer-ai/flashinfer.git"'
RELEASES = f"https://{REPOSITORY}/releases"
URL = "pinned by a URL that fi-bump does not update"


def look(data: bytes) -> Found:
    return find(Source("pyproject.toml", data), WANTED)


def pins(data: bytes) -> list[tuple[str, str, int, int]]:
    """Return anchor, version, line and column of every pin; assert that nothing else was found."""
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    return [(pin.anchor, pin.version, *pin.source.position(pin.span.start)) for pin in found.pins]


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("[project]\ndependencies", "project.dependencies"),
        ("[project.optional-dependencies]\nvllm", "project.optional-dependencies.vllm"),
        ("[project]\noptional-dependencies.vllm", "project.optional-dependencies.vllm"),
        ('[project.optional-dependencies]\n"a b.c"', 'project.optional-dependencies."a b.c"'),
        ("[dependency-groups]\ndev", "dependency-groups.dev"),
        ("[build-system]\nrequires", "build-system.requires"),
        ("[tool.uv]\noverride-dependencies", "tool.uv.override-dependencies"),
        ("[tool.uv]\nconstraint-dependencies", "tool.uv.constraint-dependencies"),
        ("[tool.uv]\ndev-dependencies", "tool.uv.dev-dependencies"),
        ("[tool.uv]\nbuild-constraint-dependencies", "tool.uv.build-constraint-dependencies"),
        ("[tool.uv.extra-build-dependencies]\nx", "tool.uv.extra-build-dependencies.x"),
        ("[tool.rye]\ndev-dependencies", "tool.rye.dev-dependencies"),
        ("[tool.pdm.dev-dependencies]\ntest", "tool.pdm.dev-dependencies.test"),
        ("[tool.hatch.envs.gpu]\ndependencies", "tool.hatch.envs.gpu.dependencies"),
        ("[tool.hatch.envs.gpu]\nextra-dependencies", "tool.hatch.envs.gpu.extra-dependencies"),
        ("[ tool . 'hatch' . build ]\ndependencies", "tool.hatch.build.dependencies"),
    ],
)
def test_tables(header: str, table: str) -> None:
    data = f'{header} = ["torch==2.9.0", "flashinfer-python==0.6.1"]\n'
    line = data.splitlines()[1]
    assert pins(data.encode()) == [(f"{table}/flashinfer-python", "0.6.1", 2, line.index("0.6.1") + 1)]


@pytest.mark.parametrize(
    "text",
    [
        '"flashinfer-python==«0.6.1»"',
        "'flashinfer_python == «0.6.1»'",
        '"""flashinfer-python==«0.6.1»"""',
        "'''FlashInfer.Python==«0.6.1»'''",
        '"""\\\n  flashinfer-python\\\n  ==«0.6.1»\\\n  """',
        '"""\r\nflashinfer-python==«0.6.1»"""',
        '"flashinfer-python[cu13,nvep]==«0.6.11.post2»"',
        '"flashinfer-python (==«0.6.1»)"',
        '"flashinfer-python==«0.6.1»+cu130"',
        '"flashinfer-python===v«0.6.1»,<1"',
        "\"flashinfer-python==«0.6.1»; python_version < '3.13' and x == '0.5'\"",
        '"flashinfer-python==«0.6.1» ; sys_platform == \\"linux\\""',
        '"flashinfer\\u002Dpython=\\U0000003d«0.6.1»"',
        '"flashinfer-python==«0.6.1»" # "flashinfer-python==0.6.2"\n',
        '"é\\"]", "flashinfer-python==«0.6.1»"',
        "'''a\\\r\n''', '''''flashinfer-python==0.6.2''''', 'flashinfer-python==«0.6.1»',",
        '"""""flashinfer-python==0.6.2""""", "flashinfer-python==«0.6.1»"',
        '[["flashinfer-python==2"]], {a.b = ["flashinfer-python==1"]}, 07:32:00, 1e3, "flashinfer-python==«0.6.1»"',
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", "# flashinfer-python==0.6.2 é\r\n"])
def test_ways_of_writing(text: str, before: str) -> None:
    data, spans = marked(f"{before}project.dependencies=[{text}\n]\n")
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.span) for pin in found.pins] == [("project.dependencies/flashinfer-python", spans[0])]


def test_many_groups_in_one_file() -> None:
    text = """\
[project]
keywords = ["flashinfer-python==0.1"]
dependencies = ["flashinfer-cubin==«0.6.1»", "flashinfer-python==«0.6.1»; python_version<'3.13'",
  'flashinfer-python==«0.6.2»; python_version>="3.13"',
]

[project.urls]
flashinfer-python = "https://example.org/flashinfer_python-0.6.1-py3-none-any.whl"

[project.optional-dependencies]
vllm = ["flashinfer-python==«0.6.8»", "flashinfer-jit-cache==«0.6.8»+cu130"]
sglang = ["flashinfer-python==«0.6.9»"]

[[tool.uv.index]]
name = "flashinfer-python==0.2"
url = "https://flashinfer.ai/whl/cu130"

[[tool.uv.index]]
name = "b"
"""
    data, spans = marked(text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.span) for pin in found.pins] == list(
        zip(
            [
                "project.dependencies/flashinfer-cubin",
                "project.dependencies/flashinfer-python",
                "project.dependencies/flashinfer-python (2)",
                "project.optional-dependencies.vllm/flashinfer-python",
                "project.optional-dependencies.vllm/flashinfer-jit-cache",
                "project.optional-dependencies.sglang/flashinfer-python",
            ],
            spans,
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("text", "anchor", "kind"),
    [
        (f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, tag = "v«0.6.1»" }}', "tool.uv.sources", Kind.GIT_REF),
        (f"[tool.uv.sources.flashinfer-python]\nrev = 'v«0.6.1»'\n{GIT}", "tool.uv.sources", Kind.GIT_REF),
        (f'[[tool.uv.sources.flashinfer-python]]\n{GIT}\ntag = "«0.6.1»"', "tool.uv.sources", Kind.GIT_REF),
        (f'tool.uv.sources.flashinfer-python = [{{ {GIT}, tag = "v«0.6.1»" }}]', "tool.uv.sources", Kind.GIT_REF),
        (
            f'[tool.poetry.dependencies]\nflashinfer-python = {{ {GIT}, tag = "refs/tags/v«0.6.1»" }}',
            "tool.poetry.dependencies",
            Kind.GIT_REF,
        ),
    ]
    + [
        (f"[{table}]\n{entry}", table, Kind.REQUIREMENT)
        for table, entry in [
            ("tool.poetry.dependencies", 'flashinfer-python = "«0.6.1»"'),
            ("tool.poetry.dependencies", "flashinfer_python = '==«0.6.1»'"),
            ("tool.poetry.dependencies", 'FlashInfer-Python = {version = "v«0.6.1»", extras = ["flashinfer-python"]}'),
            ("tool.poetry.dependencies", 'flashinfer-python = [{version = "«0.6.1»+cu130", python = "<3.13"}]'),
            ("tool.poetry.dependencies", 'flashinfer-python = "=«0.6.1»"'),
            ("tool.pixi.dependencies", 'flashinfer-python = "= v«0.6.1»"'),
            ("tool.poetry.dev-dependencies", 'flashinfer-python = "«0.6.1»"'),
            ("tool.poetry.group.gpu.dependencies", 'flashinfer-python = "«0.6.1»"'),
            ("tool.poetry.group.gpu.dependencies", 'flashinfer-python.version = "== «0.6.1»"'),
            ("tool.pdm.resolution.overrides", 'flashinfer-python = "«0.6.1»"'),
            ("tool.pixi.pypi-dependencies", 'flashinfer-python = "==«0.6.1»"'),
            ("tool.pixi.dependencies", 'flashinfer-python = { version = "«0.6.1»", channel = "x" }'),
            ("tool.pixi.feature.cuda.target.linux-64.pypi-dependencies", 'flashinfer-python = "==«0.6.1»"'),
        ]
    ],
)
def test_entries(text: str, anchor: str, kind: Kind) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    subject = REPOSITORY if kind is Kind.GIT_REF else "flashinfer-python"
    assert [(pin.anchor, pin.kind, pin.subject, pin.span) for pin in found.pins] == [
        (f"{anchor}/flashinfer-python", kind, subject, spans[0])
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"# flashinfer-python==0.6.1\n",
        b'[project]\nkeywords = ["flashinfer-python==0.6.1"]\n',
        b'[project]\ndescription = "flashinfer-python==0.6.1"\nname = "flashinfer-python"\nversion = "0.6.1"\n',
        b'[project.urls]\nflashinfer-python = "flashinfer-python==0.6.1"\n',
        b'[project]\ndependencies = ["flashinfer-python-foo==0.6.1", "my-flashinfer-python==0.6.1", "torch"]\n',
        b'[project]\ndependencies = ["flashinfer-python==${FLASHINFER_VERSION}", "flashinfer-python is it"]\n',
        b'[dependency-groups]\ndev = [{include-group = "flashinfer-python==0.6.1"}]\n',
        b'[x]\ndependencies = ["flashinfer-python==0.6.1"]\n[dependencies]\nflashinfer-python = "0.6.1"\n',
        b'[tool.uv.sources]\nflashinfer-python = {index = "flashinfer-python"}\nb = {workspace = true}\n',
        b'[tool.uv.sources]\nother = {git = "https://github.com/o/other", tag = "v0.6.1"}\n',
        b'[tool.uv.sources]\nother = {url = "https://example.org/other-0.6.1-py3-none-any.whl"}\n',
        b'[tool.poetry.dependencies]\nother = "0.6.1"\nversion = "0.6.1"\n',
        b'[tool.poetry]\nversion = "0.6.1"\nextras = {vllm = ["flashinfer-python"]}\n',
        b'tool.x = ["flashinfer-python>=0.6.1"]\n',
    ],
)
def test_nothing(data: bytes) -> None:
    assert look(data) == Found(())


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        ('[project]\ndependencies = ["«flashinfer-python»"]', "", "has no version specifier"),
        ('[project]\ndependencies = ["flashinfer-python==«0.6.*»"]', "", "'0.6.*' is a wildcard, not one version"),
        (
            '[project]\ndependencies = ["flashinfer-python==«0.6.é»"]',
            "",
            "'0.6.é' is not a version",
        ),
        (
            '[project]\ndependencies = ["flashinfer-python«==0.6,==0.7»"]',
            "",
            "'==0.6,==0.7' names more than one version",
        ),
        ('[project]\ndependencies = ["flashinfer-python «@ https://x.org/a.whl»"]', "", URL),
        (
            '[project]\ndependencies = ["flashinfer-python==«0\\u002e6»"]',
            "",
            "the version is split by an escape",
        ),
        (
            '[project]\ndependencies = ["flashinfer-python==«0.\\u0036.1»"]',
            "",
            "the version is split by an escape",
        ),
        (
            '[project]\ndependencies = ["""flashinfer-python==«0.\\\n  6»"""]',
            "",
            "the version is split by an escape",
        ),
        (
            '[tool.uv]\nother-dependencies = ["flashinfer-python==«0.6.1»"]',
            "",
            "pinned in tool.uv.other-dependencies, a table that fi-bump does not know",
        ),
        ('[tool.uv.sources]\nflashinfer-python = {url = "«https://x.org/a.whl»"}', "", URL),
        (
            '[tool.uv.sources]\nflashinfer-python = {git = "«https://github.com/me/fork»", tag = "v1"}',
            "",
            "comes from github.com/me/fork, which the lock does not name",
        ),
        ('[tool.poetry.dependencies]\nflashinfer-python = "«*»"', "", "has no version specifier"),
        ('[tool.poetry.dependencies]\nflashinfer-python = "«0.6.*»"', "", "'0.6.*' is a wildcard, not one version"),
        (
            '[tool.poetry.dependencies]\nflashinfer-python = "«==0.6.*»"'.replace("«==", "==«"),
            "",
            "'0.6.*' is a wildcard, not one version",
        ),
        (
            '[tool.poetry.dependencies]\nflashinfer-python = "«0\\u002e6»"',
            "",
            "the version is split by an escape",
        ),
        (
            f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, rev = "«{"ab" * 20}»" }}',
            REPOSITORY,
            "a commit, not a release",
        ),
        (
            f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, rev = "«1234567»" }}',
            REPOSITORY,
            "a commit, not a release",
        ),
        (f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, tag = "«nightly»" }}', REPOSITORY, "not a release tag"),
        (
            f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, branch = "«v0.6.1»" }}',
            REPOSITORY,
            "a branch, not a release",
        ),
        (
            '[tool.a.versions]\nflashinfer-python = "==«0.6.1»"',
            "",
            "pinned in tool.a.versions, a table that fi-bump does not know",
        ),
        (
            '[tool.a]\nmy-flashinfer-version = "v«0.6.1»+cu130"',
            "FLASHINFER_VERSION",
            "pinned in tool.a, a table that fi-bump does not know",
        ),
        (
            '[tool.uv.sources]\nx = { git = "«ssh://git@github.com/FlashInfer-AI/flashinfer»" }',
            REPOSITORY,
            "installed without a release",
        ),
    ],
)
def test_unpinned(text: str, subject: str, reason: str) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.pins, found.floors) == ((), ())
    assert [(item.subject, item.reason, item.version) for item in found.unpinned] == [
        (subject or "flashinfer-python", reason, None)
    ]
    if "broken" not in reason:
        assert [item.span for item in found.unpinned] == spans


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        (f'[tool.uv]\nfind-links = ["w", "{RELEASES}/expanded_assets/v«0.6.1»"]', "tool.uv.find-links"),
        (f'[[tool.uv.index]]\nname = "a"\nurl = "{RELEASES}/download/v«0.6.1»/"', "tool.uv.index.url"),
        (f'[[tool.poetry.source]]\nurl = "{RELEASES}/expanded_assets/«0.6.1»"', "tool.poetry.source.url"),
    ],
)
def test_places_that_hold_a_release(text: str, anchor: str) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.kind, pin.span) for pin in found.pins] == [
        (f"{anchor}/url {REPOSITORY}", Kind.URL, spans[0])
    ]


def test_a_package_that_a_source_serves_names_its_version_there() -> None:
    found = look(
        f'[project]\ndependencies = ["flashinfer-python", "flashinfer-cubin"]\n'
        f'[tool.uv.sources]\nflashinfer-python = {{ {GIT}, tag = "v0.6.1" }}\n'.encode()
    )
    assert [pin.anchor for pin in found.pins] == ["tool.uv.sources/flashinfer-python"]
    assert [(item.subject, item.reason) for item in found.unpinned] == [
        ("flashinfer-cubin", "has no version specifier")
    ]


@pytest.mark.parametrize(
    ("text", "specifier"),
    [
        ("[project]\ndependencies = [\"flashinfer-python«>=0.6,<0.8»; python_version>'3'\"]", ">=0.6,<0.8"),
        ('[build-system]\nrequires = ["flashinfer-python («~= 0.6.1»)"]', "~=0.6.1"),
    ]
    + [
        (f'[tool.poetry.dependencies]\nflashinfer-python = "«{text}»"', specifier)
        for text, specifier in [
            (">=0.6,<0.8", ">=0.6,<0.8"),
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.6.1", ">=0.6.1,<0.7"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~ 1", ">=1,<2"),
        ]
    ],
)
def test_floors(text: str, specifier: str) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.pins, found.unpinned) == ((), ())
    assert [(item.span, item.subject, item.specifier) for item in found.floors] == [
        (spans[0], "flashinfer-python", specifier)
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"a\n", "1:2: not TOML: expected '=' after a key in a key/value pair"),
        (b'a = ["x"\n', "2:1: not TOML: unclosed array"),
        (b'\r\na = "x\r\n', "2:7: not TOML: illegal character '\\n'"),
        (b"a = 1\na = 2\n", "2:6: not TOML: cannot overwrite a value"),
        (b'a = "\\q"\n', "1:8: not TOML: unescaped '\\' in a string"),
        (b'a = "\\ud800"\n', "1:12: not TOML: escaped character is not a Unicode scalar value"),
        (b'a = "\\UFFFFFFFF"\n', "1:16: not TOML: escaped character is not a Unicode scalar value"),
        (b"[a\n", "1:3: not TOML: expected ']' at the end of a table declaration"),
        (b"[a]\nb = 1 c = 2\n", "2:7: not TOML: expected newline or end of document after a statement"),
        (b"a = \n", "1:5: not TOML: invalid value"),
        (b"a = {b = }\n", "1:10: not TOML: invalid value"),
        (b"a = 1\n# \xc3\xa9\xff\n", "2:4: not TOML: not UTF-8"),
        (b"\xef\xbb\xbf#\xff\n", "1:2: not TOML: not UTF-8"),
        (b"a = " + b"[" * 101, "1:105: nested more than 100 levels deep"),
        (b"a = " + b"[" * 100_000, "1:105: nested more than 100 levels deep"),
        (b"a" + b".a" * 100_000, "1:202: nested more than 100 levels deep"),
        (b"a = " + b"{a=" * 101, "1:305: nested more than 100 levels deep"),
        (b"a = " + b"9" * 5000, "1:5: a number has more digits than Python reads"),
        (b"a = 1\nb = [-" + b"9_9" * 5000 + b"]\n", "2:7: a number has more digits than Python reads"),
        (b"a = 1\nb = {c = +" + b"1" * 4301, "2:11: a number has more digits than Python reads"),
    ],
)
def test_no_toml(data: bytes, error: str) -> None:
    with pytest.raises(ParseError) as caught:
        look(data)
    assert str(caught.value) == f"pyproject.toml:{error}"


def test_a_place_that_tomllib_does_not_confirm_is_our_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tomllib, "loads", lambda text: {"a": "y"})
    with pytest.raises(InternalError) as caught:
        look(b'a = "x"')
    message = "pyproject.toml: fi-bump's own TOML reader and tomllib disagree about this file"
    assert (str(caught.value), caught.value.hint) == (
        message,
        "this is a bug in fi-bump: please report it with the file",
    )


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("pyproject.toml", "pyproject"),
        ("python/PyProject.toml", "pyproject"),
        ("python/pyproject_xpu.toml", "pyproject"),
        ("Cargo.toml", "toml"),
        ("pyproject.toml.md", None),
    ],
)
def test_names(path: str, form: str | None) -> None:
    assert format_of(path) == form


@pytest.mark.parametrize(
    ("path", "text", "anchors"),
    [
        (
            "pixi.toml",
            '[pypi-dependencies]\nflashinfer-python = "==«0.6.1»"\n[feature.a.dependencies]\nflashinfer-cubin = "«0.6.1»"\n'
            '[environments]\nflashinfer-python = ["x==0.6.1"]\n[tool.x]\nflashinfer-pythonx = "0.6.1"\n',
            ["pypi-dependencies/flashinfer-python", "feature.a.dependencies/flashinfer-cubin"],
        ),
        (
            "a/Pipfile",
            f'[packages]\nflashinfer-python = "==«0.6.1»"\nx = {{ {GIT}, ref = "v«0.6.1»" }}\n[scripts]\nflashinfer-cubin = "0.6.1"\n'
            '[gpu]\nflashinfer-cubin = {version = "==«0.6.1»", index = "a"}\n[requires]\npython_version = "3.11"\n',
            ["packages/flashinfer-python", "packages/x", "gpu/flashinfer-cubin"],
        ),
    ],
)
def test_files_of_other_tools(path: str, text: str, anchors: list[str]) -> None:
    data, spans = marked(text)
    found = find(Source(path, data), WANTED)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.span) for pin in found.pins] == list(zip(anchors, spans, strict=True))


TEXTS = [
    "flashinfer-python==0.6.1",
    "flashinfer_cubin[a]==0.6.1+cu130 ; x<'3'",
    "flashinfer-jit-cache>=0.6",
    "torch==2",
    "é",
]
STRINGS = st.builds(
    lambda text, quotes: f"{quotes}{text}{quotes}" if "'" not in text or quotes[0] == '"' else f'"{text}"',
    st.sampled_from(TEXTS),
    st.sampled_from(['"', "'", '"""', "'''"]),
) | st.sampled_from(
    [
        '"\\u0041\\"#"',
        "'''a\r\n'''''",
        '"""\\\n  x"""""',
        "1",
        "true",
        "1979-05-27 07:32:00",
        "[]",
        "{}",
        "{a.'b' = 'x'}",
    ]
)
ARRAYS = st.builds(
    lambda items, between, end: f"[{between.join(items)}{end}]",
    st.lists(STRINGS, max_size=4),
    st.sampled_from([",", ", ", ",\n  ", ', # c ] "\n', "\r\n,"]),
    st.sampled_from(["", "\n", " # x\r\n"]),
)
HEADERS = st.sampled_from(
    [
        "[project]",
        "[tool.uv]",
        "[tool . 'uv'.\"sources\"]",
        "[[tool.a]]",
        "[tool.a.b]",
        "[[tool.a.c]]",
        "[dependency-groups]",
    ]
)
KEYS = st.sampled_from(["dependencies", "override-dependencies", "x", '"a b".c', "optional-dependencies.vllm", "d . e"])
LINES = st.builds("{} = {}{}".format, KEYS, STRINGS | ARRAYS, st.sampled_from(["", " # 'x"])) | HEADERS
DOCUMENTS = st.builds(
    lambda bom, lines, end: (bom + "".join(line + end for line in lines)).encode(),
    st.sampled_from(["", "\ufeff"]),
    st.lists(LINES, max_size=10),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)


def valid(data: bytes) -> bool:
    try:
        tomllib.loads(data.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


VERSIONS = st.sampled_from(["0.6.1", "0.6.11.post2", "1!2.0", "0.7.0rc1", "0.7.0.dev20260101"])


@pytest.mark.slow
@given(DOCUMENTS.filter(valid), VERSIONS, VERSIONS)
def test_laws(data: bytes, first: str, second: str) -> None:
    laws.hold(look, data, first, second)


@given(
    DOCUMENTS, st.lists(st.tuples(st.integers(0, 400), st.sampled_from(list(b"\"'\\[]{}=,.#\n\r x0\xc3"))), max_size=3)
)
def test_damaged_documents(data: bytes, damage: list[tuple[int, int]]) -> None:
    """A damaged file is either refused with a place, or read as tomllib reads it."""
    damaged = bytearray(data)
    for index, byte in damage:
        if damaged:
            damaged[index % len(damaged)] = byte
    try:
        located = list(strings(Source("pyproject.toml", bytes(damaged))))
    except ParseError as error:
        assert str(error).startswith("pyproject.toml:")
        return
    assert valid(bytes(damaged))
    for string in located:
        body = bytes(damaged)[string.span.start : string.span.end]
        if not {*b"\\\r\n"} & {*body}:
            assert string.passage.data == body


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"[project]\ndependencies = [\n" + b'  "flashinfer-python==0.6.1",\n' * 70_000 + b"]\n",
        b'a = """' + b'""x\\\n' * 400_000 + b'"""\n',
        b"a = '" + b"x" * 2_000_000 + b"'\n",
        b"a = '" + b"x" * 2_000_000,
        b'a = """' + b'"" ' * 700_000,
        b"[[a.b]]\n" * 200_000,
        b"#" * 2_000_000,
        b"\n" * 2_000_000,
        b"[" * 2_000_000,
    ],
)
def test_linear(data: bytes) -> None:
    """Two megabytes: a quadratic step would take minutes, and tomllib itself takes most of the seconds."""
    begin = time.process_time()
    with contextlib.suppress(ParseError):
        look(data)
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("value", ["0.6.1.*", "0.6.*", "=0.6.*", "0.6.1*"])
def test_a_wildcard_is_a_range(value: str) -> None:
    (place,) = look(f'[tool.pixi.dependencies]\nflashinfer-python = "{value}"\n'.encode()).unpinned
    assert place.reason == f"'{value}' is a wildcard, not one version"
    range_ = wildcard(place)
    assert range_ is not None
    assert (admits(range_.specifier, "0.6.1"), admits(range_.specifier, "0.7.1")) == (True, False)


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("vendor/flashinfer_python-0.6.1-py3-none-any.whl", "0.6.1"),
        ("flashinfer_python-0.6.1+cu130-cp312-cp312-linux_x86_64.whl", "0.6.1"),
        ("../x/flashinfer_python-0.6.1.post2.tar.gz", "0.6.1.post2"),
        ("vendor/flashinfer", None),
    ],
)
def test_the_path_of_a_file_keeps_its_requirement_back(path: str, version: str | None) -> None:
    found = look(f'[tool.uv.sources]\nflashinfer-python = {{ path = "{path}" }}\n'.encode())
    guards = [(pin.version, pin.guard.reason) for pin in found.pins if pin.guard]
    reason = "pinned by the path of a file, which fi-bump does not update"
    assert guards == ([] if version is None else [(version, reason)])
    assert found.unpinned == ()


def test_depth_is_refused_where_it_comes_before_another_fault() -> None:
    deep = b"x = " + b"[" * 101 + b"]" * 101
    for data in (deep, deep + b'\ny = "\n'):
        with pytest.raises(ParseError, match="nested more than 100 levels deep"):
            find(Source("pyproject.toml", data), WANTED)
    with pytest.raises(ParseError, match="1:6: not TOML"):
        find(Source("pyproject.toml", b'y = "\n' + deep), WANTED)


@pytest.mark.parametrize("checksum", [b"", b'"' + b"0" * 64 + b'",\n'])
def test_the_strings_of_a_large_file_are_not_kept(checksum: bytes) -> None:
    lines = b"".join(b'"package-%d>=1.0",\n' % number for number in range(5000))
    source = Source("pyproject.toml", b"[project]\ndependencies = [\n" + checksum + b'"kit==0.6.1",\n' + lines + b"]\n")
    tracemalloc.start()
    try:
        found = find(source, Wanted(frozenset({"kit"}), frozenset(), frozenset()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [source.text(pin.span) for pin in found.pins] == ["0.6.1"]
    # tomllib's own document takes 7 times the file. A checksum may belong to any pin, so then all strings are kept.
    assert peak / len(source.data) < (40 if checksum else 12)
