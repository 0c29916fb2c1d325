"""The filters before the finders are sound: where they say that a file contains nothing, its finder finds nothing."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import evidence, finder, may_contain
from fi_bump.formats.shared.name_search import Search
from fi_bump.formats.shared.spelled import is_promising, names_in_text, spelling
from fi_bump.formats.table import FORMATS, OTHER
from fi_bump.grammar import names_any
from fi_bump.pins import Found, Source, Wanted
from fi_bump.scanning import look as scanning_look
from fi_bump.scanning.asked import needles
from fi_bump.scanning.former_names import former_names
from fi_bump.scanning.look import evidence as looked_for
from tests.formats.test_fuzz import CASES, EDITS, NAMES, WANTED, corpus, mutated

FORMS = sorted(form.name for form in (*FORMATS, OTHER))
# Parts of Python that decide how a version is bound to a name, to be put together in any order.
PIECES = [
    b'"0.6.1"',
    b"'v0.6.1'",
    b'"1.post1"',
    b'"7"',
    b'b"V1!2.0"',
    b'"flashinfer-python"',
    b"class PyFlashinferPython(PythonPackage):\n",
    b"'--flashinfer-version'",
    b'"FLASHINFER_VERSION"',
    b"flashinfer",
    b"flashinfer.__version__",
    b"FLASHINFER_VERSION",
    b"v",
    b"v = ",
    b" == ",
    b" in (",
    b")",
    b"]",
    b", ",
    b": ",
    b"# " + b"x" * 80 + b"\n",
    b"\n",
    b"x" * 300,
    b"default=",
    b".startswith(",
    b"version(",
    b"sha256=",
    b'"' + b"0" * 64 + b'"',
    b'"flashinfer-python==7"',
    b'"flashinfer_python [x] >= 0.6"',
    b'"https://github.com/flashinfer-ai/"',
    b'"flashinfer/archive/v0.6.1.zip"',
    b'"pip install ',
    b'"',
    b'"FLASHINFER_VERSION=0.6.1"',
    b"https://github.com/flashinfer-ai/flashinfer/releases/download/v0.6.1/",
    b"{",
    b"}",
    b"flashinfer_python-0.6.1-py3-none-any.whl",
    b"git+ssh://git@github.com/flashinfer-ai/flashinfer@v0.6.1",
    b"version = ",
    b"deps = [",
    b"install_requires=[",
    b"os.system('pip install flashinfer-python')",
    b"os.system('pip install flashinfer-jit$X')",
    b'V = "0.6.1"\n',
    b'"flashinfer==0.1"',
    b'"flashinfer[cu] == 0.1"',
    b"flashinfer-0.1-py3-none-any.whl",
    b"version (\n  r'0.6.1'",
    b'f"flashinfer-python=={V}"',
    b'"flashinfer-python", ',
    b'"git", "clone", ',
    b'"git clone https://github.com/flashinfer-ai/flashinfer -b v0.6.1"',
    b"git checkout v0.6.1",
    b"subprocess.run([",
    b'U = "https://github.com/flashinfer-ai/flashinfer"\n',
    b'Repo.clone_from(U, branch="v0.6.1")',
    b"# /// script\n# dependencies = ['flashinfer-python==0.6.1']\n# ///\n",
    b"\\n",
    b"/",
    b'"flashinfer-python==" + V',
]
# Parts of shell scripts that decide whether a version is of a name.
LINES = [
    b'[ "$FLASHINFER" == "0.6.1" ]',
    b"flashinfer",
    b"FLASHINFER",
    b"$FLASHINFER",
    b"flashinfer.__version__",
    b"v",
    b"x = flashinfer",
    b"expected",
    b" == 0.6.1 ",
    b' = "1.a0" ',
    b".startswith('0.6')",
    b" | grep v0.6.1",
    b"python a.py ",
    b"check(",
    b"'0.6.1', ",
    b" in (",
    b" 0.6.1 0.7",
    b"; ",
    b" && ",
    b"\n",
    b"\n\n",
    b"\n# a comment\n",
    b"\\\n",
    b" x" * 300,
    b"case flashinfer in ",
    b"0.6.1) ",
    b"esac",
    b"a" * 64,
    b"FLASHINFER_SHA256=(",
    b"[0.6.1]=",
    b")",
    b"cd ",
    b"git clone https://github.com/flashinfer-ai/flashinfer",
    b"git checkout v0.6.1",
    b"sed -i s/flashinfer/0.6.1/ ",
]
# What a word that contains a wanted name may be instead of that name.
OTHER_NAMES = [
    b"flashinfer_x",
    b"xflashinfer",
    b"flashinfers",
    b"flashinfer-bin",
    b"flashinfer-git",
    b"py3-flashinfer-src",
    b"FLASHINFER_SHA256",
    b"FLASHINFER_URL",
    b"flashinferVersion",
    b"flashinfer",
    b"FLASHINFER",
    b"flashinfer-",
    b"flashinfer__",
    b"flashinfer.",
    b"_flashinfer",
    b"flashinfer-v",
    b"flashinfer_0",
    b"flashinfer/x",
    b"flashinfer-\\\npython",
    b"kit",
]
PLACES = ["setup.py", "var/spack/packages/py-flashinfer/package.py", "flashinfer/a.py"]


def look(form: str, source: Source, wanted: Wanted) -> Found:
    try:
        return finder(form)(source, wanted)
    except ParseError:
        return Found(())


def is_ruled_out(form: str, source: Source, wanted: Wanted) -> bool:
    return not may_contain(form, source, wanted)


def has_evidence(patterns: tuple[str, ...], source: Source) -> bool:
    """Whether grep would find one of the patterns, or there are none."""
    found = (re.search(each.encode(), source.data, re.IGNORECASE | re.MULTILINE) for each in patterns)
    return not patterns or any(found)


def hold(form: str, source: Source, wanted: Wanted = WANTED) -> None:
    """Assert that a file in which its finder finds something is not ruled out. The words come before all."""
    if not names_any(source.data, needles(wanted)):
        return
    if is_ruled_out(form, source, wanted) or not has_evidence(evidence(form, wanted), source):
        assert look(form, source, wanted) == Found(()), source.data
    if not has_evidence(looked_for(form, wanted), source):
        assert scanning_look.look(source, wanted) == Found(()), source.data


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_no_case_is_ruled_out(form: str) -> None:
    paths = sorted(path for path in CASES.rglob("*") if path.is_file())
    former = Wanted(frozenset(former_names()), frozenset(), frozenset())
    for path in paths:
        data = path.read_bytes()
        name = str(path.relative_to(CASES)) if format_of(path.name) == form else NAMES[form]
        for wanted in (WANTED, former, Wanted(frozenset({"torch", "vllm"}), frozenset({"TORCH_VERSION"}), frozenset())):
            hold(form, Source(name, data), wanted)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), edits=EDITS)
def test_no_mutated_file_is_ruled_out(form: str, data: st.DataObject, edits: list[tuple[int, int, bytes]]) -> None:
    hold(form, Source(NAMES[form], mutated(data.draw(st.sampled_from(corpus(form))), edits)))


def test_a_recipe_that_its_class_alone_names_is_not_ruled_out() -> None:
    text = b'class PyFlashinferPython(PythonPackage):\n    version("0.6.1", sha256="' + b"0" * 64 + b'")\n'
    assert look("python", Source("recipes/package.py", text), WANTED).unpinned
    hold("python", Source("recipes/package.py", text))


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PLACES), pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_no_python_made_of_pieces_is_ruled_out(path: str, pieces: list[bytes]) -> None:
    hold("python", Source(path, b"".join(pieces)))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), seed=st.randoms(use_true_random=False), keep=st.sampled_from([0.0, 0.1, 0.4]))
def test_no_file_with_other_names_is_ruled_out(
    form: str, data: st.DataObject, seed: random.Random, keep: float
) -> None:
    text = data.draw(st.sampled_from(corpus(form)))
    pattern = data.draw(st.sampled_from([rb"flashinfer", rb"flashinfer[\w.-]*"]))

    def other(match: re.Match[bytes]) -> bytes:
        return match[0] if seed.random() < keep else seed.choice(OTHER_NAMES)

    hold(form, Source(NAMES[form], re.sub(pattern, other, text, flags=re.IGNORECASE)))


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.sampled_from(LINES), max_size=14))
def test_no_script_made_of_pieces_is_ruled_out(pieces: list[bytes]) -> None:
    hold("shell", Source("a.sh", b"".join(pieces)))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.sampled_from(LINES), max_size=14))
def test_no_text_made_of_pieces_is_ruled_out(pieces: list[bytes]) -> None:
    hold("other", Source("models.txt", b"".join(pieces)))


OTHER_WANTED = [
    WANTED,
    Wanted(frozenset({"torch", "vllm-flash-attn"}), frozenset({"TORCH_VERSION", "_VERSION"}), frozenset()),
    Wanted(frozenset({"kit", "kit-a"}), frozenset({"V", "KIT_A__VERSION"}), frozenset({"example.invalid/kit~x/ki.t"})),
    Wanted(frozenset(), frozenset({"A_KIT_TAG"}), frozenset({"example.invalid/kit"})),
    Wanted(frozenset(), frozenset(), frozenset()),
]
SPELLED = [
    *OTHER_NAMES,
    b"flashinfer_python",
    b"flashinfer--jit.cache",
    b"flashinfer-ai/",
    b"Torch",
    b"_version",
    b"kit~x",
    b"ki.t",
    b"KIT_A",
    b"a_kit_tag",
    b"example.invalid",
    b"-cu",
    b"$X",
    b":",
    b"v1",
    b"0",
    b"-bin",
    b"=(",
    b"_",
    b"-",
    b".",
    b" ",
    b"/",
    b"x",
    b"\xff",
    b"y" * 1100,
]


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(wanted=st.sampled_from(OTHER_WANTED), pieces=st.lists(st.sampled_from(SPELLED), max_size=8))
def test_the_judge_of_words_finds_what_the_patterns_find(wanted: Wanted, pieces: list[bytes]) -> None:
    source = Source("a", b"".join(pieces))
    if names_in_text(wanted).versioned.is_in(source):
        assert spelling(wanted).kind(source) > 0
    if any(Search([(name.replace("-", "_").lower(), "")]).is_in(source) for name in wanted.packages | wanted.variables):
        assert spelling(wanted).kind(source) == 2


def test_the_judge_of_words() -> None:
    judge = spelling(WANTED)
    assert [
        judge.kind(Source("a", text))
        for text in (
            b"x",
            b"flashinfer flashinfer_trtllm",
            b"github.com/flashinfer-ai/x",
            b"xflashinfer-python",
            b"FlashInfer:0",
        )
    ] == [0, 0, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"gpt-oss-20b-flashinfer-mxfp4-bf16.yaml\n", False),
        (b"flashinfer 0.6.1\n", True),
        (b"#!/bin/sh\n", True),
        (b"\xef\xbb\xbf#!/bin/sh\n", True),
        (b"flashinfer-python==0.6.1\n", True),
    ],
)
def test_other_files(text: bytes, expected: bool) -> None:
    assert may_contain("other", Source("models.txt", text), WANTED) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'PATTERNS = {\n    "flashinfer-python",\n    "kit",\n}\nx = "0.1"\n', False),
        (b'check("flashinfer-python",  # "0.6"\n  "0.6.1")\n', True),
        (b'run("x")\nraise E("pip install flashinfer-python")\n', False),
        (b'run(")", "pip install flashinfer-python")\n', True),
        (b'# install_requires\nnames = ["flashinfer-python"]\n', False),
        (b'install_requires = ["flashinfer-python"]\n', True),
        (b"run('pip install \"flashinfer-python\"')\n", True),
        (b"# https://github.com/flashinfer-ai/flashinfer/pull/1 needs deps\n", False),
        (b"x = 'a.whl'\n# https://github.com/flashinfer-ai/flashinfer/pull/1\n", False),
        (b'x = "https://github.com/flashinfer-ai/" "flashinfer/archive/v0.6.1.zip"\n', True),
        (b'x = "https://example.invalid/a/b' + b"/c" * 2000 + b'/flashinfer-ai/v0.6.1"\n', True),
        (b'x = "https://github.com/flashinfer-ai/flashinfer/releases/"\n', True),
    ],
)
def test_python_needs_more_than_a_name(text: bytes, expected: bool) -> None:
    assert may_contain("python", Source("a.py", text), WANTED) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"# https://github.com/flashinfer-ai/flashinfer/pull/1\n", False),
        (b"flashinfer_python_x = 1\nflashinfer == 1\n", False),
        (b'x = "https://github.com/flashinfer-ai/flashinfer/releases/"\n', True),
        (b'x = "https://github.com/flashinfer-ai/"\n', True),
        (b"x = 'git+ssh://git@github.com/flashinfer-ai/flashinfer'\n", True),
        (b'"flashinfer-python",\n', True),
        (b"'flashinfer-python [cu]'\n", True),
        (b"'flashinfer-python [cu, \nx] '\n", True),
        (b'"""flashinfer-python\n"""\n', True),
        (b"flashinfer-python [cu] >= 1\n", True),
        (b"import flashinfer_python\n", False),
        (b'"flashinfer-python is needed"\n', False),
        (b"padding(flashinfer_python, 1)\n", False),
        (b"uv pip install -U x flashinfer-python\n", True),
        (b"pip install flashinfer_jit.cache\n", True),
        (b"X FLASHINFER_VERSION=0.1\n", True),
        (b"f'flashinfer-cu{x}$Y'\n", False),
        (b"'flashinfer-cu$Y'\n", True),
        (b"x == '0.1'\n", True),
        (b"x == '1'\n", False),
        (b"sha256='" + b"0f" * 32 + b"'\n", True),
        (b"['git', 'clone']\n", True),
        (b"few logits\nx.git\n", False),
        (b"Repo.clone_from(U)\n", True),
        (b"# /// script\n", True),
    ],
)
def test_evidence_in_python(text: bytes, expected: bool) -> None:
    assert has_evidence(evidence("python", WANTED), Source("a.py", text)) is expected


def test_a_package_that_is_a_word_of_code() -> None:
    # The name alone is in nearly every file of an engine.
    wanted = Wanted(frozenset({"torch"}), frozenset({"TORCH_VERSION"}), frozenset())
    code = b"import torch\nfrom torch import nn\nx: torch.Tensor = torch.zeros(2)\nadd(torch, 'a torch')\n"
    for text, expected in ((code, False), (code + b"'torch'\n", True), (code + b"'torch==2.9'\n", True)):
        assert has_evidence(evidence("python", wanted), Source("a.py", text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"# not with FlashInfer\nX=0.6.1\n", False),
        (b'if [ -n "$FLASHINFER" ]; then\n  a --backend FLASHINFER\nfi\nX=0.6.1\n', False),
        (b"python -c 'import flashinfer\nprint()\n\n# a\n\nv == \"0.6.1\"'\n", True),
        (b"x = flashinfer.__version__\n" + b"#\n" * 900 + b'x == "0.6.1"\n', True),
        (b"case $FLASHINFER in\n" + b"a" * 3000 + b"\n0.6.1) echo " + b"0" * 64 + b";;\nesac\n", True),
        (b"FLASHINFER_SHA256=([0.6.1]=" + b"0" * 64 + b")\n", True),
        (b"FLASHINFER_SHA256=x\n", False),
        (b"pip install flashinfer-\\\npython==0.6.1\n", True),
    ],
)
def test_a_script_needs_a_version_near_a_short_name(text: bytes, expected: bool) -> None:
    assert may_contain("shell", Source("a.sh", text), WANTED) is expected


@pytest.mark.parametrize(
    "text",
    [
        b"x = flashinfer.__version__\n" + b"#" * 1900 + b'\nif x == "0.6.1":\n',
        b'if ("0.6.1" ' + b" " * 4 + b"== flashinfer.__version__):\n",
        b'add("--flashinfer-version", ' + b"# x\n" * 2000 + b'default="0.6.1")\n',
        b'if flashinfer.__version__ == "1.post1":\n',
        b'x = ["flashinfer-python==7"]\n',
        b'x = ["flashinfer_python  [all]  >= 1"]\n',
        b'version("7", sha256="'
        + b"0" * 64
        + b'")\n'
        + b"x" * 9000
        + b'"https://github.com/flashinfer-ai/flashinfer"\n',
        b'x = "git+https://git@github.com/flashinfer-ai/flashinfer@v0.6.1"',
    ],
)
def test_python_far_from_its_name(text: bytes) -> None:
    assert look("python", Source("a.py", text), WANTED) != Found(())
    assert not is_ruled_out("python", Source("a.py", text), WANTED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"--backend=flashinfer_trtllm\nFLASHINFER_MLA: 1\n", False),
        (b"flashinfers flashinfer-trtllm", False),
        (b"image: engine:flashinfer0.6", True),
        (b"backend: FlashInfer\n", True),
        (b"flashinfer-\n", True),
        (b"X_FLASHINFER_VERSION", True),
        (b"flashinfer__.cubin", True),
        (b"github.com/flashinfer-ai/x", True),
    ],
)
def test_is_promising(text: bytes, expected: bool) -> None:
    assert is_promising(Source("a.yml", text), WANTED) is expected


def test_search_of_names_with_and_without_a_common_start() -> None:
    text = Source("a", b"Kit-_a kitten kitten! kit_b")
    assert Search([("kit_a", ""), ("kitten", "!")]).places(text) == [0, 14]
    assert Search([("a", ""), ("b_c", "")]).places(Source("a", b"xaxb.c")) == [1, 3]
    assert Search([]).places(text) == []
