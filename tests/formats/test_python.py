"""The Python finder: requirement strings and their anchors, reports, ignored text, the laws, arbitrary bytes."""

from __future__ import annotations

import ast
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.formats.python import _PythonFinder, find
from fi_bump.formats.python_literals import literals
from fi_bump.pins import Found, Guard, Kind, Source, Span, Wanted
from tests.formats import laws, results
from tests.formats import test_fuzz as fuzz
from tests.formats.results import marked

WANTED = results.WANTED._replace(variables=frozenset({"FLASHINFER_VERSION"}))
GATE = "an exact gate: its result changes when the version moves"
CONSTANT = "an exact constant: comparisons with it change when the version moves"
CHECK = "checked at run time: update it by hand, or record it with fi-bump site add"
ENTRY = "an entry in a table: update it by hand, or record it with fi-bump site add"
SET = "set in a string: update it by hand, or record it with fi-bump site add"
RELEASE = "https://github.com/flashinfer-ai/flashinfer/releases/download"


def look(data: bytes) -> Found:
    return find(Source("setup.py", data), WANTED)


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    return fuzz.corpus("python")


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), edits=fuzz.EDITS)
def test_strings_that_name_nothing_have_nothing(corpus: list[bytes], data: st.DataObject, edits: fuzz.Edits) -> None:
    text = fuzz.mutated(data.draw(st.sampled_from(corpus)), edits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_PythonFinder, "_may_name", lambda *_: True)
        expected = look(text)
    assert results.rows(look(text)) == results.rows(expected)


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ('x = "flashinfer-python==«0.6.1»"', ["x/flashinfer-python"]),
        ("x: str = r'flashinfer_python == «0.6.1»'", ["x/flashinfer-python"]),
        ("f(\"flashinfer-python[cu13]==«0.6.1»+cu130; python_version<'3.13'\")", ["f/flashinfer-python"]),
        ('x = ["torch==2", "flashinfer-python (==«0.6.1»)"]', ["x/flashinfer-python"]),
        (
            'setup(extras_require={"vllm": ["flashinfer-python==«0.6.1»"], \'sgl\': [\n  "flashinfer-python==«0.6.2»",\n]})',
            ["setup.extras_require.vllm/flashinfer-python", "setup.extras_require.sgl/flashinfer-python"],
        ),
        (
            'image = i.pip_install("flashinfer-python==«0.6.1»", "flashinfer-cubin==«0.6.1»")',
            ["i.pip_install/flashinfer-python", "i.pip_install/flashinfer-cubin"],
        ),
        (
            "a = ['flashinfer-python==«0.6.1»', # 'flashinfer-python==0.5.1'\n'flashinfer-python==«0.6.2»']",
            ["a/flashinfer-python", "a/flashinfer-python (2)"],
        ),
        ('return "flashinfer-python==«0.6.1»"', ["string/flashinfer-python"]),
        ('print "flashinfer-python==«0.6.1»"', ["print/flashinfer-python"]),
        ('def broken(:\n  x = "flashinfer-python==«0.6.1»"', ["broken.x/flashinfer-python"]),
        ('x = """\ntorch==2\nflashinfer-python==«0.6.1»\n"""', ["x/flashinfer-python"]),
        ('x = "torch==2\\nflashinfer-python==«0.6.1»\\n"', ["x/flashinfer-python"]),
        (
            "run(\"uv pip install flashinfer-python==«0.6.1» 'flashinfer-cubin==«0.6.1»' -U\")",
            ["run/flashinfer-python", "run/flashinfer-cubin"],
        ),
        ('run("flashinfer-python==«0.6.1»', ["run/flashinfer-python"]),
        (
            'X = (\n  "pip install -U flashinfer-python==«0.6.1» "\n  "--no-deps flashinfer-cubin==«0.6.1» flashinfer.cubin==«0.6.1»\\n")',
            ["X/flashinfer-python", "X/flashinfer-cubin", "X/flashinfer-cubin (2)"],
        ),
        ('"""flashinfer-python==0.5.1"""\nx = "flashinfer-python==«0.6.1»"', ["x/flashinfer-python"]),
        ('x = 1 \\\n"flashinfer-python==«0.6.1»"', ["string/flashinfer-python"]),
        (
            'X = {"flashinfer-python==«0.6.1»": ["flashinfer-cubin==«0.6.1»"]}',
            ["X/flashinfer-python", "X/flashinfer-cubin"],
        ),
        ('x = "é\\"" + "flashinfer-python==«0.6.1»"', ["string/flashinfer-python"]),
    ],
)
@pytest.mark.parametrize("before", ["", "\ufeff", "# é '\r\n"])
def test_pins(text: str, anchors: list[str], before: str) -> None:
    data, spans = marked(before + text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert all(pin.kind is Kind.REQUIREMENT for pin in found.pins)
    expected = [anchor.removeprefix("i.") for anchor in anchors]
    assert [(pin.anchor, pin.span) for pin in found.pins] == list(zip(expected, spans, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeff",
        "# flashinfer-python==0.6.1",
        '"""flashinfer-python==0.6.1"""',
        'def f():\n    "flashinfer-python==0.6.1"  # why',
        "x = 'flashinfer-python'",
        "x = ['flashinfer-python', 'flashinfer-python is 0.6.1', \"flashinfer.python.x==0.6.1\"]",
        "x = 'my-flashinfer-python==0.6.1'",
        'x = "flashinfer-python-foo==0.6.1"',
        'x = f"flashinfer-python=={V} 0.6.1"; y = "0.6.1"',
        'x = "flashinfer-python==%s" % "0.6.1"',
        'x = "flashinfer-python=={}".format("0.6.1")',
        'raise ImportError("flashinfer-python>=0.6.1 is needed, not flashinfer-python==0.6.0")',
        'if Version(flashinfer.__version__) < Version("0.6.1"): pass',
        'if flashinfer.__version__ >= "0.6.1": pass',
        'MIN_FLASHINFER_VERSION = "0.6.1"',
        'FLASHINFER_MINIMUM_VERSION: str = "0.6.1"',
        'FLASHINFER_BACKEND = "0.6.1"',
        'CUDA_VERSION = "13.0"  # flashinfer',
        'import flashinfer\nif cuda == "12.9": pass',
        'v = version("flashinfer")\nif w == "0.6.1": pass',
        'v = version("torch")\nif v == "0.6.1": flashinfer()',
        'if check_at_least("flashinfer-python", "0.6.1"): pass',
        'require_minimum(\n    "flashinfer-python",\n    "0.6.1",\n)',
        'f(flashinfer_version="0.6.1")',
        'flashinfer_version == "10"',
        'flashinfer(x, "0.6.1")',
        'installed = {"flashinfer-python": "1.0"}',
        'x = {"installed_versions": {"torch": "2.9.0", "flashinfer-python": "1.0"}}',
        'MIN_VERSIONS = {"flashinfer-python": "1.0"}',
        'EXPECTED = {"torch": "1.0"}  # flashinfer-python',
        'meta = {"flashinfer_version": "0.6.1"}',
        'if flashinfer.__version__ == "0.0.0+unknown": pass',
        'x = "see https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.1.tar.gz for more"',
        'x = "https://x.org/torch-2.9.0-cp39-abi3-x.whl"  # flashinfer',
        'x = "MY_VERSION=0.6.1 FLASHINFER_VERSION=$V XFLASHINFER_VERSION=0.6.1"',
        "x = 'flashinfer-python' ; y = '0.6.1'",
    ],
)
def test_nothing(text: str) -> None:
    assert look(text.encode())._replace(uses=()) == Found(())


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        ('FLASHINFER_VERSION = "«0.7.2»"', "FLASHINFER_VERSION", CONSTANT),
        ('class A:\n    _FLASHINFER_VERSION: Final[str] = "«0.7.2»"', "FLASHINFER_VERSION", CONSTANT),
        ('flashinfer_version = Version("«0.7.2»")', "FLASHINFER_VERSION", CONSTANT),
        ('dict(FLASHINFER_VERSION="«0.7.2»")', "FLASHINFER_VERSION", CONSTANT),
        ('if flashinfer.__version__ == "«0.7.2»": pass', "FLASHINFER_VERSION", GATE),
        ("if flashinfer.__version__ != '«0.7.2+cu130»': pass", "FLASHINFER_VERSION", GATE),
        ('Version(version("flashinfer-python")) == Version("«0.7.2»")', "flashinfer-python", GATE),
        ('"«0.7.2»" == flashinfer.__version__', "FLASHINFER_VERSION", GATE),
        ('Version("«0.7.2»") != metadata.version("flashinfer-cubin")', "flashinfer-cubin", GATE),
        ('v = version("flashinfer-python")\n\n\nif v != "«0.7.2»": pass', "flashinfer-python", GATE),
        ('if (v := flashinfer.__version__) and v == "«0.7.2»": pass', "FLASHINFER_VERSION", GATE),
        ('flashinfer.__version__.startswith("«0.7.2»")', "FLASHINFER_VERSION", GATE),
        ('flashinfer.__version__ in ("«0.7.2»", "«0.7.3»")', "FLASHINFER_VERSION", GATE),
        ('flashinfer.__version__ not in ["«0.7.2»"]', "FLASHINFER_VERSION", GATE),
        (
            'assert_pkg_version(\n  "flashinfer_python",  # why\n  # it\n  "«0.7.2»",\n  "Please upgrade",\n)',
            "flashinfer-python",
            CHECK,
        ),
        ('os.environ.get("FLASHINFER_VERSION", "«0.7.2»")', "FLASHINFER_VERSION", CHECK),
        ('add("--flashinfer-version", default="«0.7.2»")', "FLASHINFER_VERSION", CHECK),
        ('add("-f", dest="flashinfer_version", type=str, default="«0.7.2»")', "FLASHINFER_VERSION", CHECK),
        (
            'EXPECTED: Mapping[str, str] = {\n  "torch": "2",\n  "flashinfer-python": "«0.7.2»+cu1",\n}',
            "flashinfer-python",
            ENTRY,
        ),
        ('def f():\n  return {"flashinfer_python": "«0.7.2»"}', "flashinfer-python", ENTRY),
        ('PINS["flashinfer-python"] = "«0.7.2»"', "flashinfer-python", ENTRY),
        ('image.env({"FLASHINFER_VERSION": "«0.7.2»"})', "FLASHINFER_VERSION", ENTRY),
        ('EXPECTED_FLASHINFER = "«0.7.2»"', "FLASHINFER_VERSION", CONSTANT),
        ('x = """\nFROM y\nARG A_FLASHINFER_VERSION=v«0.7.2»+cu1\n"""', "FLASHINFER_VERSION", SET),
        ('run(["--build-arg", "FLASHINFER_VERSION=«0.7.2»"])', "FLASHINFER_VERSION", SET),
        (
            'X = (\n  "' + RELEASE + '/v" + V\n  + "«flashinfer_python-0.7.2-py3-none-any.whl»"\n)',
            "flashinfer-python",
            "pinned by the path of a file, which fi-bump does not update",
        ),
        (
            'X = "«' + RELEASE + '/v0.2.2/" "flashinfer_python-0.2.2+cu124torch2.6-cp38-abi3-x.whl»"',
            "flashinfer-python",
            "pinned by a URL of an older naming scheme, which fi-bump does not update",
        ),
        (
            'run("pip install «' + RELEASE + '/v0.2.2/flashinfer_python-0.2.2+cu124torch2.6-cp38-abi3-x.whl»")',
            "flashinfer-python",
            "pinned by a URL of an older naming scheme, which fi-bump does not update",
        ),
        ('x = "flashinfer-python==«0.6.*»"', "flashinfer-python", "'0.6.*' is a wildcard, not one version"),
        (
            'x = "flashinfer-python @ https://x.org/flashinfer==0.6.1"'.replace(
                "@ https://x.org/flashinfer==0.6.1", "«@ https://x.org/f==0.6.1»"
            ),
            "flashinfer-python",
            "pinned by a URL that fi-bump does not update",
        ),
    ],
)
def test_unpinned(text: str, subject: str, reason: str) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.pins, found.floors) == ((), ())
    assert [(item.span, item.subject, item.reason, item.version) for item in found.unpinned] == [
        (span, subject, reason, None) for span in spans
    ]


@pytest.mark.parametrize(
    ("text", "anchor", "kind"),
    [
        (
            f'pip_install("{RELEASE}/v«0.7.2»/flashinfer_python-0.7.2-py3-none-any.whl")',
            "pip_install/url flashinfer-python",
            Kind.URL,
        ),
        (
            f'run("pip install {RELEASE}/v«0.7.2»/flashinfer_cubin-0.7.2-py3-none-any.whl x==1")',
            "run/url flashinfer-cubin",
            Kind.URL,
        ),
        (
            'pip_install("git+https://github.com/flashinfer-ai/flashinfer.git@v«0.7.2»")',
            "pip_install/git+github.com/flashinfer-ai/flashinfer",
            Kind.GIT_REF,
        ),
        (
            'run("uv pip install -U git+https://github.com/flashinfer-ai/flashinfer@v«0.7.2» && x")',
            "run/git+github.com/flashinfer-ai/flashinfer",
            Kind.GIT_REF,
        ),
        (
            'U = "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v«0.7.2».tar.gz"',
            "U/url github.com/flashinfer-ai/flashinfer",
            Kind.URL,
        ),
        (
            f'X = "flashinfer-python @ {RELEASE}/v«0.7.2»/flashinfer_python-0.7.2-py3-none-any.whl"',
            "X/flashinfer-python",
            Kind.URL,
        ),
    ],
)
def test_addresses(text: str, anchor: str, kind: Kind) -> None:
    data, spans = marked(text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.kind, pin.span) for pin in found.pins] == [(anchor, kind, spans[0])]
    laws.hold(look, data, "0.9.1", "0.10.0.post1")


def test_an_address_beside_its_checksum_stays() -> None:
    text = f"X = {{'a': ('{'0f' * 32}', '{RELEASE}/v«0.7.2»/flashinfer_cubin-«0.7.2»-py3-none-any.whl')}}"
    data, spans = marked(text)
    found = look(data)
    reason = "its checksum is beside it; update both together"
    assert (found.unpinned, found.floors) == ((), ())
    address = f"{RELEASE}/v{{version}}/flashinfer_cubin-{{version}}-py3-none-any.whl"
    checksum = data.index(b"0f0f")
    guard = Guard(reason, (Span(checksum, checksum + 64),), address)
    assert [(pin.span, pin.repeats, pin.guard) for pin in found.pins] == [(spans[0], (spans[1],), guard)]


@pytest.mark.parametrize("between", ['" "', '"\n    # why\n    "', '" + "', '" \\\n "'])
def test_an_address_in_two_strings(between: str) -> None:
    text = f'X = ("{RELEASE}/v«0.7.2»/{between}flashinfer_jit_cache-«0.7.2»%2Bcu130-cp39-abi3-x.whl")'
    data, spans = marked(text)
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert [(pin.anchor, pin.span, *pin.repeats) for pin in found.pins] == [("X/url flashinfer-jit-cache", *spans)]
    laws.hold(look, data, "0.9.1", "0.10.0.post1")


def test_floors() -> None:
    data, spans = marked("x = ['flashinfer-python«>=0.6,<0.8»', 'flashinfer-cubin == 0.7.0']")
    found = look(data)
    assert [(item.span, item.subject, item.specifier) for item in found.floors] == [
        (spans[0], "flashinfer-python", ">=0.6,<0.8")
    ]
    assert [pin.version for pin in found.pins] == ["0.7.0"]


def test_nothing_is_wanted() -> None:
    nothing = Wanted(frozenset(), frozenset(), frozenset())
    assert find(Source("a.py", b'x = "flashinfer-python==0.6.1"'), nothing) == Found(())


@pytest.mark.parametrize(
    "text",
    [
        "x = 'a' \"b\" '''c''' \"\"\"d\"\"\"\n",
        "x = '''a''b\\'''' '' \"\"\n",
        'x = """a""b\\""""\n',
        "x = 'a\\\nb' r'\\'' b'x' Rb'' u''\n",
        "x = '#' # 'no'\ny = \"'\" '\"'\n",
        "def f(a='x'):\n    '''doc'''\n    return {'k': ['v', (1,)]}['k']\n",
    ],
)
def test_every_literal_that_python_sees(text: str) -> None:
    """Evaluate the literals one by one; Python joins neighbours, so compare the joined text."""
    source = Source("a.py", text.encode())
    bodies = [ast.literal_eval(source.text(each.whole)) for each in literals(source)]
    joined = "".join(each if isinstance(each, str) else each.decode() for each in bodies)
    seen = [
        node.value
        for node in ast.walk(ast.parse(text.replace("Rb''", "''").replace(" b'x'", " 'x'")))
        if isinstance(node, ast.Constant)
    ]
    assert sorted(joined) == sorted("".join(value for value in seen if isinstance(value, str)))


def test_alone() -> None:
    text = "'''a'''\nx = 'b'\n'c' ; f('d',\n'e'\n)\n'f'\\\n\n'g' # h\n'i' 'j'\n  'k'"
    found = {each.body: each.is_statement for each in literals(Source("a.py", text.encode()))}
    source = Source("a.py", text.encode())
    assert {source.text(span): alone for span, alone in found.items()} == {
        "a": True,
        "b": False,
        "c": False,
        "d": False,
        "e": False,
        "f": False,
        "g": True,
        "i": False,
        "j": False,
        "k": True,
    }


PIECES = st.sampled_from(
    [
        '"flashinfer-python==0.6.1"',
        "'flashinfer_cubin == 0.6.1+cu130'",
        '"""',
        "'''",
        '"',
        "'",
        "\\",
        "\n",
        "\r\n",
        "x = ",
        "f(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'k': ",
        "# c",
        "flashinfer",
        ".__version__",
        " == ",
        '"0.6.1"',
        "v",
        " != ",
        "FLASHINFER_VERSION = ",
        "pip install ",
        "flashinfer-jit-cache==0.6.1",
        ", ",
        "f",
        "r",
        "é",
        "\ufeff",
    ]
)
FILES = st.lists(PIECES.map(str.encode) | st.binary(max_size=2), max_size=14).map(b"".join)
VERSIONS = st.sampled_from(["0.6.1", "0.6.11.post2", "1!2.0", "0.7.0rc1", "0.7.0.dev20260101"])


@given(FILES, VERSIONS, VERSIONS)
def test_laws(data: bytes, first: str, second: str) -> None:
    laws.hold(look, data, first, second)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        b"'flashinfer-python==0.6.1',",
        b"x = 'flashinfer-python==0.6.1'\n",
        b"'\\'",
        b'"""a""',
        b"'''\\",
        b'flashinfer == "0.6.1" ',
        b'v == "0.6.1"\n',
        b'(((((((((("0.6.1"',
        b" " * 400 + b'"0.6.1"',
        b"a" * 400 + b' == "0.6.1"',
        b"a:" * 200 + b'"0.6.1"',
        b"in ( " * 80 + b'"0.6.1"',
        b"\\n",
    ],
)
@pytest.mark.parametrize("opening", [b"", b"'", b"'pip install ", b'"""pip install flashinfer-python==0.6.1'])
def test_linear(unit: bytes, opening: bytes) -> None:
    """A quadratic step over this much would take minutes."""
    begin = time.process_time()
    look(b'x = "flashinfer-python==0.6.1"\n' + opening + unit * (400_000 // len(unit)))
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "pattern",
    [
        r"flashinfer_python==(\d+\.\d+\.\d+(?:rc\d+|\.post\d+)?)",
        r"flashinfer-python==([0-9.]+)",
        r"flashinfer-cubin==\d+\.\d+",
        r"flashinfer_python==.*?$",
    ],
)
def test_a_regular_expression_is_no_requirement(pattern: str) -> None:
    for text in (f'x = re.search(r"{pattern}", content)\ny = "0.6.1"\n', f"P = re.compile(r'^{pattern}')\n"):
        assert find(Source("bump.py", text.encode()), WANTED) == Found(())


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        (
            'assert_pkg_version(\n    "flashinfer_python",\n    "0.6.14",\n    "install it",\n)\n',
            ["assert_pkg_version/flashinfer_python"],
        ),
        ('check(\n  name="flashinfer-python",\n  version="0.6.14",\n)', ["check.version/flashinfer-python"]),
        ('x.verify("flashinfer-cubin", expected="0.6.14")', ["verify.expected/flashinfer-cubin"]),
        ('require_dist(dist="flashinfer-python", exact="0.6.14")', ["require_dist.exact/flashinfer-python"]),
        # A floor, and what nobody knows the use of.
        ('require("flashinfer-python", minimum="0.6.14")\ncheck(a="flashinfer-python", min_version="0.6.14")', []),
        ('Release(name="flashinfer-python", version="0.6.14")', []),
        ('check(\n  "flashinfer-python",  # the wheel\n  "v0.6.14+cu130")\n', ["check/flashinfer-python"]),
        (
            'need("flashinfer-python", "0.6.14")\nneed(\n "flashinfer-python",\n "0.6.14")\n',
            ["need/flashinfer-python", "need/flashinfer-python (2)"],
        ),
        ('class A:\n  PINS = {\n    "flashinfer-cubin":\n      "0.6.14",\n  }\n', ["PINS/flashinfer-cubin"]),
        (
            'pip(\n  "flashinfer-python==0.6.14",\n)\npip("flashinfer-python", "0.6.14")\n',
            ["pip/flashinfer-python (2)"],
        ),
    ],
)
def test_a_check_at_run_time_has_an_anchor(text: str, anchors: list[str | None]) -> None:
    found = find(Source("engine.py", text.encode()), WANTED)
    assert [place.anchor for place in found.unpinned] == anchors
    assert all(place.source.text(place.span) == "0.6.14" for place in found.unpinned if place.anchor)
