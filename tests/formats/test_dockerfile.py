"""The Dockerfile finder: a table of whole results, the laws of a finder, and dockerfile-parse to confirm them."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import IO, Any, cast

import pytest
from dockerfile_parse import DockerfileParser
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.errors import ParseError
from fi_bump.formats.dockerfile import find
from fi_bump.pins import BY_HAND, Found, Source, Wanted
from tests.formats import laws, results
from tests.formats.results import REPOSITORY, URL, WANTED

CASES = Path(__file__).parent / "cases" / "dockerfile"
ARG = "ARG FLASHINFER_VERSION"
ENV = "ENV FLASHINFER_VERSION"
SHELL = "RUN FLASHINFER_VERSION"
CLONE = f"git clone {REPOSITORY}"
CHECKOUT = f"git checkout {REPOSITORY}"


def search(data: bytes) -> Found:
    return find(Source("docker/Dockerfile", data), WANTED)


def rows(found: Found) -> list[str]:
    return results.rows(found, versions=False)


VARIABLES: list[tuple[bytes, list[str]]] = [
    (b"ARG FLASHINFER_VERSION=0.6.1\n", [f"1:24 {ARG} 0.6.1"]),
    (b"ARG FLASHINFER_VERSION=0.6.1", [f"1:24 {ARG} 0.6.1"]),
    (b"\xef\xbb\xbfARG FLASHINFER_VERSION=0.6.1\r\n", [f"1:24 {ARG} 0.6.1"]),
    (b"  arg FLASHINFER_VERSION=0.6.1\n", [f"1:26 {ARG} 0.6.1"]),
    (b"ONBUILD ARG FLASHINFER_VERSION=0.6.1\n", [f"1:32 {ARG} 0.6.1"]),
    (b'ENV FLASHINFER_VERSION="0.6.1rc1"\n', [f"1:25 {ENV} 0.6.1rc1"]),
    (b"ENV FLASHINFER_VERSION 0.6.1.post2  \n", [f"1:24 {ENV} 0.6.1.post2"]),
    (b"ENV FLASHINFER_VERSION='v0.6.1+cu130'\n", [f"1:26 {ENV} 0.6.1"]),
    (b"ARG flashinfer_version=0.6.1\n", ["1:24 ARG flashinfer_version 0.6.1"]),
    (b"ARG VLLM_FLASHINFER_VERSION=0.6.1\n", ["1:29 ARG VLLM_FLASHINFER_VERSION 0.6.1"]),
    (b"ARG XFLASHINFER_VERSION=0.6.1\n", []),
    (b"ARG KTRANSFORMERS_VERSION=0.5.3 FLASHINFER_VERSION=0.5.3\n", [f"1:52 {ARG} 0.5.3"]),
    (b"ENV FLASHINFER_LOCAL_VERSION=cu130 FLASHINFER_VERSION_X=1\n", []),
    (b"ARG FLASHINFER_VERSION=1\nARG FLASHINFER_VERSION=2\n", [f"1:24 {ARG} 1", f"2:24 {ARG} (2) 2"]),
    (b"ENV A=1 \\\n# why\n\n  FLASHINFER_VERSION=0.6.1 \\\n  B=2\n", [f"4:22 {ENV} 0.6.1"]),
    (b"ENV A=1 \\\r\n  FLASHINFER_VERSION=0.6.1\n", [f"2:22 {ENV} 0.6.1"]),
    (b"ARG FLASHINFER_VER\\\nSION=0.6.1\n", [f"2:6 {ARG} 0.6.1"]),
    (b"ARG FLASHINFER_VERSION=0.\\\n6.1\n", ["1:24 ? FLASHINFER_VERSION: the version is split over lines"]),
    (b"# escape=`\nENV A=C:\\\nENV FLASHINFER_VERSION=0.6.1\n", [f"3:24 {ENV} 0.6.1"]),
    (b"# check=skip=all\n# escape=`\nENV A=1 `\n  FLASHINFER_VERSION=0.6.1\n", [f"4:22 {ENV} 0.6.1"]),
    (b'ARG FLASHINFER_GIT_REF="v0.6.1"\n', ["1:26 ARG FLASHINFER_GIT_REF 0.6.1"]),
    (b"ARG FLASHINFER_GIT_REF=tags/v0.6.1\n", ["1:30 ARG FLASHINFER_GIT_REF 0.6.1"]),
    (b"ARG FLASHINFER_VERSION\nARG FLASHINFER_VERSION=\n", []),
    (b'ENV FLASHINFER_VERSION=${FLASHINFER_VERSION} FLASHINFER_VERSION="$X"\n', []),
    (b"ENV FLASHINFER_VERSION=${X:-0.6.1}\n", [f"1:29 {ENV} 0.6.1"]),
    (b"ENV FLASHINFER_VERSION=${X#v}\n", []),
    (b"ENV U=https://x/${FLASHINFER_VERSION:-0.6.1}/y\n", [f"1:39 {ENV} 0.6.1"]),
    (b"ARG FLASHINFER_GIT_REF=main\n", ["1:24 ? FLASHINFER_GIT_REF: not a version"]),
    (b"ARG FLASHINFER_GIT_REF=1a2b3c4d5\n", ["1:24 ? FLASHINFER_GIT_REF: a commit, not a release"]),
    (b"ARG FLASHINFER_VERSION=latest\n", ["1:24 ? FLASHINFER_VERSION: not a version"]),
    (b"ARG S=flashinfer-python==0.6.1\n", ["1:26 ARG flashinfer-python 0.6.1"]),
    (b'# ARG FLASHINFER_VERSION=1\nLABEL a="FLASHINFER_VERSION=1"\n', []),
    (b'ARG X="unclosed FLASHINFER_VERSION=1\nENV\nARG\nARG FLASHINFER_VERSION=2\n', [f"4:24 {ARG} 2"]),
    ("ARG Ä=é FLASHINFER_VERSION=0.6.1\n".encode(), [f"1:28 {ARG} 0.6.1"]),
    (b"ARG X=\xff\xfe FLASHINFER_VERSION=0.6.1\n", [f"1:29 {ARG} 0.6.1"]),
]
REQUIREMENTS: list[tuple[bytes, list[str]]] = [
    (
        b"RUN pip install flashinfer-cubin==0.6.1 \\\n && pip install 'FlashInfer.Python[cu13] == 0.6.1'\n",
        ["1:35 RUN flashinfer-cubin 0.6.1", "2:45 RUN flashinfer-python 0.6.1"],
    ),
    (b"RUN pip install torchcodec==0.5.0 flashinfer_python==0.5.0\n", ["1:54 RUN flashinfer-python 0.5.0"]),
    (b"RUN pip install ktransformers-flashinfer-python-x==1 flashinfer-python-foo==1 x-flashinfer-python==1\n", []),
    (b'RUN ["pip", "install", "flashinfer-python==0.6.1"]\n', ["1:44 RUN flashinfer-python 0.6.1"]),
    (b"ONBUILD RUN pip install flashinfer-jit-cache==0.6.1+cu130\n", ["1:47 RUN flashinfer-jit-cache 0.6.1"]),
    (b"RUN pip install flashinfer-jit-cache==0.6.1+cu${CUDA}\n", ["1:39 RUN flashinfer-jit-cache 0.6.1"]),
    (b'RUN pip install flashinfer-python=="0.6.1" --x\n', ["1:37 RUN flashinfer-python 0.6.1"]),
    (b"RUN pip install flashinfer-python==${V} flashinfer-cubin==$V flashinfer-cubin==0.6.$P\n", []),
    (b"RUN pip install flashinfer-python==${V:-0.6.1}\n", ["1:41 RUN flashinfer-python 0.6.1"]),
    (b"RUN pip install flashinfer-python==${FLASHINFER_VERSION:-0.6.1}\n", [f"1:58 {SHELL} 0.6.1"]),
    (b"RUN pip install ${SPEC:-flashinfer-python==0.6.1}\n", ["1:44 RUN flashinfer-python 0.6.1"]),
    (b"RUN pip install flashinfer-python==0.6.*\n", ["1:36 ? flashinfer-python: a wildcard, not one version"]),
    (b"RUN pip install 'flashinfer-python>=0.6, <0.8'\n", ["1:35 ~ flashinfer-python>=0.6,<0.8"]),
    (b"RUN pip install flashinfer-python~=0.6\n", ["1:34 ~ flashinfer-python~=0.6"]),
    (b"RUN pip show flashinfer-python > 0.txt\n", []),
    (b"RUN echo flashinfer-python==0.6.1.\n", ["1:29 RUN flashinfer-python 0.6.1"]),
    (b"RUN pip install a \\\n  # flashinfer-python==1\n  b\n", []),
    (b"RUN <<EOF\n# flashinfer-python==1\npip install flashinfer-python==2\nEOF\n", ["3:32 RUN flashinfer-python 2"]),
    (
        b"RUN <<-'A' cat <<B\n\tpip install flashinfer-cubin==1\n\tA\nFLASHINFER_VERSION=2\nB\nARG FLASHINFER_VERSION=3\n",
        ["2:32 RUN flashinfer-cubin 1", f"4:20 {SHELL} 2", f"6:24 {ARG} 3"],
    ),
    (
        b"COPY <<EOF /x\nflashinfer-python==1\nARG FLASHINFER_VERSION=1\nEOF\n",
        ["2:20 COPY flashinfer-python 1", "3:24 COPY FLASHINFER_VERSION 1"],
    ),
    (
        b"ADD --checksum=sha256:00 https://x/flashinfer_cubin-0.6.1-py3-none-any.whl /w/\n",
        ["1:53 ADD url flashinfer-cubin 0.6.1 ! its checksum is beside it; update both together"],
    ),
    (b"ADD <<EOF /x\nflashinfer-python==1\nEOF\n", ["2:20 ADD flashinfer-python 1"]),
    (b'RUN cat <<<"x" && echo "<<EOF" && echo $((1 << 2))\n', []),
    (b"RUN FLASHINFER_VERSION=0.6.1 pip install x\n", [f"1:24 {SHELL} 0.6.1"]),
    (b"RUN export FLASHINFER_VERSION='0.6.1'; y\n", [f"1:32 {SHELL} 0.6.1"]),
    (b"RUN echo ${FLASHINFER_VERSION:-0.6.1} ${FLASHINFER_VERSION#v}\n", [f"1:32 {SHELL} 0.6.1"]),
    (b"RUN FLASHINFER_VERSION=$(cat v) x && [ $FLASHINFER_VERSION == 1 ]\n", []),
    (b"RUN pip install git+" + URL + b"@v0.6.1#egg=x\n", [f"1:70 RUN git+{REPOSITORY} 0.6.1"]),
]
GIT: list[tuple[bytes, list[str]]] = [
    (b"RUN git clone --depth 1 --branch v0.6.1 " + URL + b"\n", [f"1:35 {CLONE} 0.6.1"]),
    (b"RUN git clone " + URL + b" fi --recursive --branch='v0.6.1'\n", [f"1:89 {CLONE} 0.6.1"]),
    (b"RUN git clone -b v0.6.1 git@github.com:FlashInfer-AI/flashinfer\n", [f"1:19 {CLONE} 0.6.1"]),
    (b'RUN ["git", "clone", "-b", "v0.6.1", "' + URL + b'"]\n', [f"1:30 {CLONE} 0.6.1"]),
    (b"RUN git clone --branch refs/tags/v0.6.1 " + URL + b"\n", [f"1:35 {CLONE} 0.6.1"]),
    (b"RUN git clone -b v0.6.1 https://github.com/other/flashinfer\n", []),
    (b"RUN git clone --branch ${REF} " + URL + b"\n", []),
    (b"RUN git clone --branch main " + URL + b"\n", [f"1:24 ? {REPOSITORY}: not a release tag"]),
    (b"RUN git clone " + URL + b"\n", [f"1:15 ? {REPOSITORY}: cloned without a release"]),
    (b"RUN git clone " + URL + b" && cd flashinfer && git checkout v0.6.1\n", [f"1:97 {CHECKOUT} 0.6.1"]),
    (b"RUN git clone " + URL + b"\nRUN git -C /w/flashinfer checkout -q v0.6.1\n", [f"2:39 {CHECKOUT} 0.6.1"]),
    (b"RUN git clone " + URL + b" \\\n && git switch --detach v0.6.1\n", [f"2:26 {CHECKOUT} 0.6.1"]),
    (b"RUN git clone " + URL + b"\nWORKDIR /w/flashinfer\nRUN git checkout -b x v1\n", [f"3:24 {CHECKOUT} 1"]),
    (b"RUN git clone -b v1 " + URL + b" && git checkout v2\n", [f"1:19 {CLONE} 1", f"1:86 {CHECKOUT} 2"]),
    (b"RUN git clone " + URL + b" && git checkout ${REF}\n", []),
    (
        b"RUN git clone " + URL + b" && git checkout 0123456789abcdef\n",
        [f"1:79 ? {REPOSITORY}: a commit, not a release"],
    ),
    (
        b"RUN git clone " + URL + b" && cd other && git checkout v1\n",
        [f"1:15 ? {REPOSITORY}: cloned without a release"],
    ),
    (
        b"RUN git clone " + URL + b"\nRUN git clone https://github.com/x/y && git checkout v1\n",
        [f"1:15 ? {REPOSITORY}: cloned without a release"],
    ),
    (b"RUN <<EOF\ngit clone " + URL + b"\ncd flashinfer\ngit checkout v0.6.1\nEOF\n", [f"4:15 {CHECKOUT} 0.6.1"]),
    (b"ADD " + URL + b"#v0.6.1 /src\n", [f"1:54 ADD {REPOSITORY} 0.6.1"]),
    (
        b"FROM org/runner:cu130-flashinfer-0.6.1-cu9 AS flashinfer\nFROM flashinfer\n",
        [f"1:34 ? {REPOSITORY}: part of an image tag: publish the new image first, then " + BY_HAND],
    ),
    (
        b"COPY --chown=a --from=h/org/flashinfer:0.6.1 /w /w\nCOPY flashinfer:0.6.1 /w/\n",
        [f"1:40 ? {REPOSITORY}: part of an image tag: publish the new image first, then " + BY_HAND],
    ),
    (
        b'ARG W="flashinfer_python-0.6.1%2Bcu128torch2.7-cp39-abi3-linux_x86_64.whl"\n'
        b"COPY dist/flashinfer_cubin-0.6.1-py3-none-any.whl /w/\n",
        [
            "1:8 ? flashinfer-python: pinned by the path of a file, which fi-bump does not update",
            "2:6 ? flashinfer-cubin: pinned by the path of a file, which fi-bump does not update",
        ],
    ),
    (
        b"""RUN python3 -c 'import u; u.assert_pkg_version("flashinfer_python", "0.6.1", "no"); u.x("torch", "2.9.0")'\n""",
        ["1:70 ? flashinfer-python: compared in a one-liner: update it by hand, or record it with fi-bump site add"],
    ),
]
OTHERS: list[tuple[bytes, list[str]]] = [
    (b"ARG REPO=" + URL + b"\nRUN git clone -b v0.6.1 ${REPO}\n", [f"2:19 {CLONE} 0.6.1"]),
    (b"ENV A=1 REPO=" + URL + b"\nRUN git clone $REPO x && cd x && git checkout v0.6.1\n", [f"2:48 {CHECKOUT} 0.6.1"]),
    (
        b"RUN git clone " + URL + b" && cd flashinfer && git fetch && git reset --hard v0.6.1\n",
        [f"1:114 git reset {REPOSITORY} 0.6.1"],
    ),
    (
        b"LABEL a=b org.x.flashinfer-version='v0.6.1' \\\n  \"FLASHINFER_VERSION\"=0.6.1\n",
        ["1:38 LABEL org.x.flashinfer-version 0.6.1", "2:24 LABEL FLASHINFER_VERSION 0.6.1"],
    ),
    (b"LABEL flashinfer.version=latest flashinfer=1.0\n", ["1:26 ? FLASHINFER_VERSION: not a version"]),
    (b'CMD ["pip", "install", "flashinfer-python==0.6.1"]\n', ["1:44 CMD flashinfer-python 0.6.1"]),
    (b"ENTRYPOINT FLASHINFER_VERSION=0.6.1 x\n", ["1:31 ENTRYPOINT FLASHINFER_VERSION 0.6.1"]),
    (
        b"HEALTHCHECK CMD pip list | grep flashinfer-python | grep 0.6.1\n",
        ["1:58 ? flashinfer-python: compared in a one-liner: update it by hand, or record it with fi-bump site add"],
    ),
    (
        b"RUN python3 -c \"import flashinfer; \\\n  expected = '0.6.1'\"\n",
        [f"2:15 ? {REPOSITORY}: compared in a one-liner: update it by hand, or record it with fi-bump site add"],
    ),
    (
        b"RUN python3 <<E\nimport flashinfer, torch\nassert torch.__version__ == '2.9.0'\nassert flashinfer.__version__ == '0.6.1'\nE\n",
        [f"4:35 ? {REPOSITORY}: compared in a one-liner: update it by hand, or record it with fi-bump site add"],
    ),
    (
        b"RUN pip install https://x/flashinfer_cubin-0.6.1-py3-none-any.whl\n",
        ["1:44 RUN url flashinfer-cubin 0.6.1"],
    ),
    (
        b"ADD https://x/flashinfer_cubin-0.6.1-py3-none-any.whl /x\n",
        ["1:32 ADD url flashinfer-cubin 0.6.1"],
    ),
    (b"RUN pip install https://x/flashinfer_cubin-${V}-py3-none-any.whl\n", []),
    (
        b"ARG FLASHINFER_VERSION=0.6.1\nARG FLASHINFER_SHA256=" + b"0a" * 32 + b"\n",
        ["1:24 ARG FLASHINFER_VERSION 0.6.1 ! FLASHINFER_SHA256 holds its checksum; update both together"],
    ),
]


@pytest.mark.parametrize(("data", "expected"), VARIABLES + REQUIREMENTS + GIT + OTHERS)
def test_form(data: bytes, expected: list[str]) -> None:
    assert rows(search(data)) == expected


@pytest.mark.parametrize("path", sorted(CASES.glob("*/Dockerfile")), ids=lambda path: path.parent.name)
def test_case(path: Path) -> None:
    expected = (path.parent / "expected.txt").read_text("utf-8").splitlines()
    assert rows(search(path.read_bytes())) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"FROM x\nRUN <<EOF\nfoo\n", "docker/Dockerfile:2:5: the heredoc EOF has no end"),
        (b"# escape=x\nFROM x\n", "docker/Dockerfile:1:1: the escape directive takes \\ or ` only"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        search(data)
    assert str(caught.value) == message


def test_nothing_wanted_finds_nothing() -> None:
    data = b"ARG FLASHINFER_VERSION=1\nRUN pip install x==1 && git clone y\nFROM a:x-1.2\n"
    nothing = Wanted(frozenset(), frozenset(), frozenset())
    assert find(Source("Dockerfile", data), nothing) == Found(())


FRAGMENTS = [
    data.strip(b"\xef\xbb\xbf\r\n") for data, _ in VARIABLES + REQUIREMENTS + GIT + OTHERS if b"escape" not in data
]
VERSIONS = st.sampled_from(["0.6.11.post2", "1.0rc1", "0.7", "1!2.0.dev3", "12"])


@pytest.mark.slow
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from([b"\n", b"\r\n", b"\n\n"]), VERSIONS, VERSIONS)
def test_laws(parts: list[bytes], end: bytes, first: str, second: str) -> None:
    # An unfinished last part, or a heredoc, may swallow the next part; the laws hold all the same.
    data = end.join(parts)
    laws.hold(search, data, first, second)


@given(st.lists(st.sampled_from([*FRAGMENTS, b"\\", b"'", b'"', b"<<E", b"\n", b"ENV ", b"RUN ", b"=", b"\xff"])))
def test_no_input_crashes(parts: list[bytes]) -> None:
    try:
        search(b"".join(parts))
    except ParseError as error:
        assert error.place is not None


def structure(data: bytes) -> list[dict[str, Any]]:
    # It accepts bytes, as it documents; its type stubs know only str.
    parser = DockerfileParser(fileobj=cast("IO[str]", io.BytesIO(data)))
    return [dict(instruction) for instruction in parser.structure]


def test_a_witness_sees_only_the_edited_instructions_change() -> None:
    data = b"".join(
        part + b"\n"
        for part in (
            b"FROM x",
            b"ARG FLASHINFER_VERSION=0.6.1",
            b"ENV A=0.6.1",
            b"RUN pip install 'flashinfer-python==0.6.1' \\\n    torch==0.6.1",
            b"RUN git clone -b v0.6.1 " + URL,
            b"CMD bash",
        )
    )
    before, after = structure(data), structure(laws.moved(search, data, "0.6.11.post2"))
    assert len(before) == len(after)
    assert [old["instruction"] for old, new in zip(before, after, strict=True) if old != new] == ["ARG", "RUN", "RUN"]
    for old, new in zip(before, after, strict=True):
        assert (old["startline"], old["endline"]) == (new["startline"], new["endline"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"RUN " + b"a_" * 200_000,
        b"RUN " + b"flashinfer-python " * 20_000,
        b"RUN " + b"git clone " * 20_000,
        b"RUN " + b"${FLASHINFER_VERSION:-" * 20_000,
        b"ARG " + b"'" * 100_001,
        b"RUN " + b" " * 300_000 + b"x",
        b"RUN pip install \\\n" + b"  flashinfer-python==0.6.1 \\\n" * 10_000,
    ],
    ids=["word", "names", "clones", "defaults", "quotes", "blanks", "pins"],
)
def test_time_is_linear(data: bytes) -> None:
    began = time.perf_counter()
    search(data)
    assert time.perf_counter() - began < 5
