"""The shell finder: a table of whole results, the text that a shell reads, the laws, odd input, linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.shell import find
from fi_bump.formats.shell_lines import read
from fi_bump.formats.shell_script import find_in_shell
from fi_bump.pins import Found, Source, Span, Wanted
from tests.formats import laws, scaling
from tests.formats.results import REPOSITORY, URL, WANTED, rows

V = "FLASHINFER_VERSION"
ONE_LINER = "compared in a one-liner: update it by hand, or record it with fi-bump site add"
SUMMED = "its checksum is beside it; update both together"
TABLE = "a table of versions and checksums: add a row for the new version"
SHA = b"0123456789abcdef" * 4


def search(data: bytes) -> Found:
    return find(Source("ci/build.sh", data), WANTED)


VARIABLES: list[tuple[bytes, list[str]]] = [
    (b"FLASHINFER_VERSION=0.6.1\n", [f"1:20 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION=0.6.1", [f"1:20 {V} 0.6.1"]),
    (b"\xef\xbb\xbfFLASHINFER_VERSION=0.6.1\r\n", [f"1:20 {V} 0.6.1"]),
    (b'export FLASHINFER_VERSION="v0.6.1+cu130"\n', [f"1:29 {V} 0.6.1"]),
    (b"  local FLASHINFER_VERSION='0.6.1rc1'; x\n", [f"1:29 {V} 0.6.1rc1"]),
    (
        b"readonly -x FLASHINFER_VERSION=0.6.1\ndeclare -r FLASHINFER_VERSION=0.6.1\n",
        [f"1:32 {V} 0.6.1", f"2:31 {V} (2) 0.6.1"],
    ),
    (b"VLLM_FLASHINFER_VERSION=0.6.1 make\n", ["1:25 VLLM_FLASHINFER_VERSION 0.6.1"]),
    (b"KTRANSFORMERS_VERSION=0.5.3 FLASHINFER_VERSION=0.5.3\n", [f"1:48 {V} 0.5.3"]),
    (b"FLASHINFER_LOCAL_VERSION=cu130\nFLASHINFER_VERSION_X=1.0\nXFLASHINFER_VERSION=1.0\n", []),
    (b': "${FLASHINFER_VERSION:=0.6.1}"\n', [f"1:26 {V} 0.6.1"]),
    (b"x ${FLASHINFER_VERSION:-0.6.1} ${FLASHINFER_VERSION-0.6.2}\n", [f"1:25 {V} 0.6.1", f"1:53 {V} (2) 0.6.2"]),
    (b'FLASHINFER_VERSION="${1:-0.6.1}"\n', [f"1:26 {V} 0.6.1"]),
    (b"FLASHINFER_GIT_REF=tags/v0.6.1\n", ["1:26 FLASHINFER_GIT_REF 0.6.1"]),
    (b"FLASHINFER_GIT_REF=main\n", ["1:20 ? FLASHINFER_GIT_REF: not a version"]),
    (b"FLASHINFER_VERSION=${V} FLASHINFER_VERSION=$(cat v) FLASHINFER_VERSION= FLASHINFER_VERSION=`x`\n", []),
    (b"echo ${FLASHINFER_VERSION} ${FLASHINFER_VERSION#v} $FLASHINFER_VERSION\n", []),
    (b"docker build --build-arg FLASHINFER_VERSION=0.6.1 \\\n  --build-arg X=0.6.1 .\n", [f"1:45 {V} 0.6.1"]),
    (b"FLASHINFER_VERSION=0.\\\n6.1\n", ["1:20 ? FLASHINFER_VERSION: the version is split over lines"]),
    ("É=é FLASHINFER_VERSION=0.6.1 # é\n".encode(), [f"1:24 {V} 0.6.1"]),
    (b"X=\xff\xfe FLASHINFER_VERSION=0.6.1\n", [f"1:25 {V} 0.6.1"]),
]
REQUIREMENTS: list[tuple[bytes, list[str]]] = [
    (b"pip install flashinfer-python==0.6.1\n", ["1:32 flashinfer-python 0.6.1"]),
    (b"pip install torchcodec==0.5.0 \\\n  'FlashInfer.Python[cu13] == 0.5.0'\n", ["2:31 flashinfer-python 0.5.0"]),
    (
        b'P=(a flashinfer-python==0.6.1\n  # flashinfer-cubin==9.9\n  "flashinfer-cubin==0.6.1")\n',
        ["1:25 flashinfer-python 0.6.1", "3:22 flashinfer-cubin 0.6.1"],
    ),
    (b"P+=(flashinfer-jit-cache==0.6.1+cu${CUDA})\n", ["1:27 flashinfer-jit-cache 0.6.1"]),
    (b"S=${SPEC:-flashinfer-python==0.6.1}\n", ["1:30 flashinfer-python 0.6.1"]),
    (b"pip install flashinfer-python==${FLASHINFER_VERSION} flashinfer-cubin==$V\n", []),
    (b"pip install 'flashinfer-python>=0.6,<0.8'\n", ["1:31 ~ flashinfer-python>=0.6,<0.8"]),
    (b"pip show flashinfer-python > 0.txt\n", []),
    (b"pip install git+" + URL + b"@v0.6.1\n", [f"1:66 git+{REPOSITORY} 0.6.1"]),
]
UNREAD: list[tuple[bytes, list[str]]] = [
    (b"#!/bin/sh FLASHINFER_VERSION=1.0\n# FLASHINFER_VERSION=1.0\nx # FLASHINFER_VERSION=1.0\n", []),
    (b"echo 'a # b' FLASHINFER_VERSION=0.6.1\n", [f"1:33 {V} 0.6.1"]),
    (b'echo "a # b" a#b \\# FLASHINFER_VERSION=0.6.1\n', [f"1:40 {V} 0.6.1"]),
    (b'x "$(y "a # b" # FLASHINFER_VERSION=1.0\n)" FLASHINFER_VERSION=0.6.1\n', [f"2:23 {V} 0.6.1"]),
    (
        b"cat > r.txt <<EOF\n# flashinfer-python==9.9\nflashinfer-python==0.6.1\nEOF\nFLASHINFER_VERSION=0.6.1 # x\n",
        ["3:20 flashinfer-python 0.6.1", f"5:20 {V} 0.6.1"],
    ),
    (
        b"cat <<-'A' <<\"B\"\n\tit's FLASHINFER_VERSION=0.6.1\n\tA\n\"\nB\nx # FLASHINFER_VERSION=9.9\n",
        [f"2:26 {V} 0.6.1"],
    ),
]
GIT: list[tuple[bytes, list[str]]] = [
    (b"git clone --depth 1 --branch v0.6.1 " + URL + b"\n", [f"1:31 git clone {REPOSITORY} 0.6.1"]),
    (b"git clone " + URL + b"\ncd flashinfer\n\ngit checkout v0.6.1\n", [f"4:15 git checkout {REPOSITORY} 0.6.1"]),
    (b"git clone " + URL + b"\n", [f"1:11 ? {REPOSITORY}: cloned without a release"]),
    (b'REPO="' + URL + b'"\ngit clone -b v0.6.1 "${REPO}" x\n', [f"2:15 git clone {REPOSITORY} 0.6.1"]),
    (
        b': "${REPO:=' + URL + b'}"\ngit clone $REPO && git -C flashinfer checkout v0.6.1\n',
        [f"2:48 git checkout {REPOSITORY} 0.6.1"],
    ),
    (b"git clone ${REPO:-" + URL + b"} -b v0.6.1\n", [f"1:72 git clone {REPOSITORY} 0.6.1"]),
    (b"REPO=" + URL + b"\nREPO=https://github.com/o/p\ngit clone -b v0.6.1 $REPO $OTHER\n", []),
    (b"git clone -b v0.6.1 $UNKNOWN\n", []),
    (
        b"git clone " + URL + b"\ncd flashinfer\ngit fetch --tags origin && git reset --hard v0.6.1\n",
        [f"3:46 git reset {REPOSITORY} 0.6.1"],
    ),
    (
        b"git clone " + URL + b"\ngit fetch --depth 1 origin tag v0.6.1\ngit checkout FETCH_HEAD\n",
        [f"2:33 git fetch {REPOSITORY} 0.6.1"],
    ),
    (
        b"git init x\ngit remote add origin "
        + URL
        + b"\ngit fetch origin +refs/tags/v0.6.1:refs/tags/v0.6.1\ngit reset --hard HEAD~1\n",
        [f"3:30 git fetch {REPOSITORY} 0.6.1", f"3:47 git fetch {REPOSITORY} (2) 0.6.1"],
    ),
    (b"git remote add up https://github.com/o/p\ngit fetch up v0.6.1\ngit reset --hard\n", []),
    (
        b"git clone " + URL + b"\ngit fetch origin pull/12/head\ngit checkout FETCH_HEAD\n",
        [f"3:14 ? {REPOSITORY}: not a release tag"],
    ),
    (b"git clone " + URL + b"\ngit reset --hard 0123456789abcdef\n", [f"2:18 ? {REPOSITORY}: a commit, not a release"]),
]
REPORTS: list[tuple[bytes, list[str]]] = [
    (
        b"python3 -c \"import flashinfer; expected = '0.6.1'; assert x == expected\"\n",
        [f"1:44 ? {REPOSITORY}: {ONE_LINER}"],
    ),
    (
        b"python -c 'import flashinfer; assert flashinfer.__version__.startswith(\"v0.6.1\")'\n",
        [f"1:74 ? {REPOSITORY}: {ONE_LINER}"],
    ),
    (
        b"python -c \"assert version('flashinfer-python') == '0.6.1' and version('torch') == '2.9.0'\"\n",
        [f"1:52 ? flashinfer-python: {ONE_LINER}"],
    ),
    (b'[ "$FLASHINFER_VERSION" = "0.6.1" ] && [[ $CUDA == "12.8" ]]\n', [f"1:28 ? {V}: {ONE_LINER}"]),
    (b"[[ ${FLASHINFER_VERSION} != 0.6.1 ]]\n", [f"1:29 ? {V}: {ONE_LINER}"]),
    (b"pip list | grep flashinfer-python | grep -q '0.6.1'\n", [f"1:46 ? flashinfer-python: {ONE_LINER}"]),
    (
        b"python -c \"assert Version(flashinfer.__version__) == Version('0.6.1')\"\n",
        [f"1:63 ? {REPOSITORY}: {ONE_LINER}"],
    ),
    (b"python -c \"assert Version(flashinfer.__version__) >= Version('0.6.1')\"\n", []),
    (b'pip install flashinfer-python==$V torch=="2.9.0"\nif [ "$CUDA" = "12.8" ]; then pip list | grep 12.8; fi\n', []),
    (b'[ "$FLASHINFER_CUDA_VERSION" = "12.8" ] || [ $flashinfer_extras = 1.0 ]\n', []),
    (b"if [ $expected = 0.6.1 ]; then x; fi\n\n\n\n\nFLASHINFER_VERSION=$X\n", []),
    (
        b"pip install https://x/flashinfer_jit_cache-0.6.1%2Bcu130-cp39-abi3-l.whl#sha256=1\n",
        ["1:44 url flashinfer-jit-cache 0.6.1 ! pinned by a URL with a hash; update both together"],
    ),
    (
        b"wget https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v0.6.1.tar.gz\n",
        [f"1:69 url {REPOSITORY} 0.6.1"],
    ),
    (
        b"pip install https://x/flashinfer_python-${FLASHINFER_VERSION}-py3-none-any.whl https://x/torch-2.9.0-flashinfer.whl\n",
        [],
    ),
    (b"conda install -c conda-forge flashinfer-python=0.6.1\n", ["1:48 flashinfer-python 0.6.1"]),
    (
        b'micromamba create -n x "conda-forge::flashinfer-python 0.6.1" flashinfer-cubin==0.6.1 \\\n  kit=0.6.1\n',
        ["1:56 flashinfer-python 0.6.1", "1:81 flashinfer-cubin 0.6.1"],
    ),
    (
        b"mamba update flashinfer-python=0.6.1=cuda130_0 && mamba install flashinfer-cubin\n",
        [
            "1:32 ? flashinfer-python: pinned with a build string, which changes with the version",
            "1:65 ? flashinfer-cubin: has no version specifier",
        ],
    ),
    (b"conda install flashinfer-python=0.6.*\n", ["1:33 ? flashinfer-python: a wildcard, not one version"]),
    (b"conda list flashinfer-python=0.6.1; pip install x-flashinfer-python=0.6.1\n", []),
    (
        b"pip install flashinfer-python --extra-index-url https://flashinfer.ai/whl/cu130\n",
        ["1:13 ? flashinfer-python: has no version specifier"],
    ),
    (
        b"wget https://x/v0.6.1/flashinfer_python-0.6.1-py3-none-any.whl && pip install ./flashinfer_python-0.6.1-py3-none-any.whl\n"
        b"curl -LO https://x/flashinfer_jit_cache-0.6.1%2Bcu130-cp39-abi3-x.whl\npip install /w/flashinfer_jit_cache-0.6.1+cu130-cp39-abi3-x.whl\n",
        [
            "1:17 url flashinfer-python 0.6.1",
            "1:99 file flashinfer-python 0.6.1",
            "2:41 url flashinfer-jit-cache 0.6.1",
            "3:37 file flashinfer-jit-cache 0.6.1",
        ],
    ),
    (
        b'curl -sfL "https://x/v0.6.1/flashinfer_cubin-0.6.1-py3-none-any.whl" -o "$D/flashinfer_cubin-0.6.1-py3-none-any.whl"\n'
        b'echo "' + SHA + b'  $D/flashinfer_cubin-0.6.1-py3-none-any.whl" | sha256sum -c -\n',
        [
            f"1:23 url flashinfer-cubin 0.6.1 ! {SUMMED}",
            f"1:94 file flashinfer-cubin 0.6.1 ! {SUMMED}",
            f"2:93 file flashinfer-cubin (2) 0.6.1 ! {SUMMED}",
        ],
    ),
    (
        b"A_URL=${A_URL:-https://x/flashinfer_cubin-0.6.1-py3-none-any.whl}\nA_SHA256=" + SHA + b"\n"
        b"B_URL=https://x/flashinfer_cubin-0.6.1-py3-none-any.whl\n",
        [
            "1:43 url flashinfer-cubin 0.6.1 ! A_SHA256 holds its checksum; update both together",
            "3:34 url flashinfer-cubin (2) 0.6.1",
        ],
    ),
    (
        b"pip install dist/flashinfer_python-0.6.1-py3-none-any.whl flashinfer_python-${V}-py3-none-any.whl torch-2.9.whl\n",
        ["1:13 ? flashinfer-python: pinned by the path of a file, which fi-bump does not update"],
    ),
    (
        b"W=${W:-https://x/flashinfer_python-0.6.1-py3-none-any.whl}\nF=${F:-flashinfer_python-0.6.1-py3-none-any.whl}\n",
        ["1:36 url flashinfer-python 0.6.1", "2:26 file flashinfer-python 0.6.1"],
    ),
    (
        b"pip install https://x/${{ inputs.cuda }}/{{ y }}/flashinfer_python-0.6.1-py3-none-any.whl\n",
        ["1:13 ? flashinfer-python: pinned by a URL that fi-bump does not update"],
    ),
    (
        b'python - <<E\nexpected = {\n  "torch": "2.9.0",\n  "flashinfer-python": "0.6.1",\n  "flashinfer-cubin": "0.6.1+cu130"}\nE\n',
        [f"4:25 ? flashinfer-python: {ONE_LINER}", f"5:24 ? flashinfer-cubin: {ONE_LINER}"],
    ),
    (
        b'python -c "check(\\"flashinfer_cubin\\", \\"0.6.1\\"); x(\\"flashinfer-cubin-x\\", \\"0.6.2\\")"\n',
        [f"1:42 ? flashinfer-cubin: {ONE_LINER}"],
    ),
    (b"""X='{"FLASHINFER_VERSION": "0.6.1", "flashinfer-python": "latest"}'\n""", [f"1:28 ? {V}: {ONE_LINER}"]),
    (
        b'case "$FLASHINFER_VERSION" in\n  0.6.1) SHA256=' + SHA + b" ;;\n  0.6.2) SHA256=" + SHA + b" ;;\nesac\n",
        [f"2:3 ? {V}: {TABLE}"],
    ),
    (b"case $FLASHINFER_VERSION in 0.6.1) X=1 ;; esac\ncase $TORCH_VERSION in 2.9.0) Y=" + SHA + b" ;; esac\n", []),
    (b"declare -A FLASHINFER_SHA256=([0.6.1]=" + SHA + b" [0.6.2]=" + SHA + b")\n", [f"1:32 ? {V}: {TABLE}"]),
    (b"declare -A TORCH_SHA256=([2.9.0]=" + SHA + b")  # flashinfer-python\n", []),
    (
        b'FLASHINFER_VERSION=0.6.1\nFLASHINFER_SHA256="' + SHA + b'"\n',
        [f"1:20 {V} 0.6.1 ! FLASHINFER_SHA256 holds its checksum; update both together"],
    ),
    (b"FLASHINFER_VERSION=0.6.1\nTORCH_SHA256=" + SHA + b"\n", [f"1:20 {V} 0.6.1"]),
]
FORMS = VARIABLES + REQUIREMENTS + UNREAD + GIT + REPORTS


@pytest.mark.parametrize(("data", "expected"), FORMS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


def test_nothing_wanted_finds_nothing() -> None:
    nothing = Wanted(frozenset(), frozenset(), frozenset())
    data = b"V=1.0 && git clone x\ncase $V in 1.0) S=" + SHA + b";; esac\n[ $V = 1.0 ]\n"
    assert find(Source("a.sh", data), nothing) == Found(())


def test_scripts_in_another_file_have_prefixes_and_share_clones() -> None:
    data = (
        b"run: |\n  cat <<E\n  FLASHINFER_VERSION=0.6.1\n  E\n  x # FLASHINFER_VERSION=1.0\nrun: git clone "
        + URL
        + b"\nrun: git checkout v0.6.1\n"
    )
    second = data.index(b"git clone")
    third = data.index(b"git checkout")
    spans = [(Span(7, second - 5), "a/"), (Span(second, third - 5), "b/"), (Span(third, len(data)), "c/")]
    found = find_in_shell(Source("x.yml", data), WANTED, spans, indented=True)
    assert rows(found) == [f"3:22 a/{V} 0.6.1", f"7:20 c/git checkout {REPOSITORY} 0.6.1"]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("a # b\n", "a \n"),
        ("a#b $# ${#x} ${x#v} ${x:-# y}\n", "a#b $# ${#x} ${x#v} ${x:-# y}\n"),
        ("$'it\\'s' # a\n'it # s'\n", "$'it\\'s' \n'it # s'\n"),
        ("\"${x:-'}\" # a\n${x:-'}'} # b\n", "\"${x:-'}\" \n${x:-'}'} \n"),
        ("$((1 << 2)) # a\n((x << y)) # b\n((f (1) )) # c\n", "$((1 << 2)) \n((x << y)) \n((f (1) )) \n"),
        ("((cd a; b) && c) # d\n", "((cd a; b) && c) \n"),
        ("`a # b` c # d\n", "`a ` c \n"),
        ("case x in a) b ;; esac # c\n", "case x in a) b ;; esac \n"),
        ("x <<<EOF # a\nEOF\n", "x <<<EOF \nEOF\n"),
        ("x << Y # a\n# b\n", "x << Y \n\n"),
        ("x <<A <<A\n# 1\nA\n# 2\nA\n# 3\n", "x <<A <<A\n\nA\n\nA\n\n"),
        ("a \\\nb\\\r\nc \\x \\", "a bc \\x \\"),
        ("'a # b\n", "'a \n"),
        ("x <<A\nA", "x <<A\nA"),
    ],
)
def test_what_a_shell_reads(script: str, text: str) -> None:
    data = script.encode()
    assert read(data, Span(0, len(data))).data == text.encode()


FRAGMENTS = [data.strip(b"\xef\xbb\xbf\r\n") for data, _ in FORMS]
VERSIONS = st.sampled_from(["0.6.11.post2", "1.0rc1", "0.7", "1!2.0.dev3"])


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from([b"\n", b"\r\n", b"\n\n"]), VERSIONS, VERSIONS)
def test_laws(parts: list[bytes], end: bytes, first: str, second: str) -> None:
    laws.hold(search, end.join(parts), first, second)


MARKS = [b"\\", b"'", b'"', b"$(", b"((", b"))", b")", b"${", b"}", b"`", b"<<E", b"\nE\n", b"#", b"\n", b"\xff", b" "]


@given(st.lists(st.sampled_from(FRAGMENTS + MARKS)))
def test_no_input_crashes(parts: list[bytes]) -> None:
    data = b"".join(parts)
    for pin in search(data).pins:
        assert data[pin.span.start : pin.span.end] == pin.version.encode()


@given(st.binary(max_size=200))
def test_no_bytes_crash(data: bytes) -> None:
    search(b"flashinfer-python==0.6.1 " + data)


PATHOLOGICAL = {
    "word": b"a_",
    "names": b"flashinfer-python ",
    "clones": b"git clone ",
    "defaults": b"${FLASHINFER_VERSION:-",
    "quotes": b"'\"",
    "heredocs": b"x <<E%d\n",
    "cases": b"case $FLASHINFER_VERSION in ",
    "arrays": b"FLASHINFER_X=([",
    "compared": b"flashinfer == ",
    "greps": b"grep flashinfer ",
    "conda": b"conda install flashinfer-python ",
    "addresses": b"https://x/flashinfer_python-0.6.1.whl ",
    "names of addresses": b"A=git@",
    "pins": b"pip install \\\n  flashinfer-python==0.6.1 # x\n",
    "blanks": b" " * 20,
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_time_is_linear(piece: bytes) -> None:
    def script(count: int) -> bytes:
        lines = [piece % number if b"%d" in piece else piece for number in range(count)]
        return b"FLASHINFER_VERSION=0.6.1\n" + b"".join(lines)

    assert scaling.is_linear(search, script, 100_000 // len(piece))
