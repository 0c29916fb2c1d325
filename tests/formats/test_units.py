"""An address and the names of folders and files with its version are one unit: they move together, or none of them."""

from __future__ import annotations

import pytest

from fi_bump.formats.by_name import format_of
from fi_bump.formats.finders import finder
from fi_bump.pins import Found, Source
from tests.formats import laws, scaling
from tests.formats.results import REPOSITORY, WANTED

TAG = f"https://{REPOSITORY}/archive/refs/tags/v"
URL = f"{TAG}0.6.1.tar.gz"
SUM = "0f" * 32


def found(path: str, text: str) -> Found:
    form = format_of(path)
    assert form is not None
    return finder(form)(Source(path, text.encode()), WANTED)


# For each text, how often the version stands in it: all of them must move.
TOGETHER: list[tuple[str, str]] = [
    ("Dockerfile", f"RUN curl -L {URL} | tar xz && cd flashinfer-0.6.1 && pip install .\n"),
    ("Dockerfile", f"RUN curl -L {URL} | tar xz -C /src\nWORKDIR /src/flashinfer-0.6.1\nRUN pip install .\n"),
    (
        "Dockerfile",
        f"ARG FLASHINFER_VERSION=0.6.1\nRUN curl -L {TAG}$FLASHINFER_VERSION.tar.gz | tar xz && cd flashinfer-0.6.1\n",
    ),
    ("a.sh", f'curl -o flashinfer-0.6.1.tar.gz {URL}\ntar xf flashinfer-0.6.1.tar.gz\npushd "$SRC/flashinfer-0.6.1"\n'),
    ("a.sh", f"git clone -b v0.6.1 https://{REPOSITORY}.git /tmp/flashinfer-0.6.1\ncd /tmp/flashinfer-0.6.1\n"),
    ("Makefile", f"f:\n\twget {URL}\n\ttar xf v.tar.gz\n\tmake -C ./flashinfer-0.6.1\n"),
    # The file that the download leaves.
    ("a.sh", f"wget {URL}\ntar xf v0.6.1.tar.gz\nrm -f ./v0.6.1.tar.gz\n"),
    ("Dockerfile", f"FROM a\nADD {URL} /src/\nRUN tar xf /src/v0.6.1.tar.gz && pip install /src/flashinfer-0.6.1\n"),
    ("ci.yml", f"steps:\n  - run: |\n      curl -LO {URL}\n      tar xzf v0.6.1.tar.gz\n"),
    ("a.yml", f"- run: |\n    wget {URL}\n    pip install ./flashinfer-0.6.1\n"),
    ("CMakeLists.txt", f"CPMAddPackage(NAME flashinfer VERSION 0.6.1 URL {URL})\n"),
    ("CMakeLists.txt", f"ExternalProject_Add(f URL {URL} SOURCE_DIR ${{X}}/flashinfer-0.6.1)\n"),
    # What `pip download` and `pip wheel` leave.
    (
        "Dockerfile",
        "RUN pip download flashinfer-python==0.6.1 -d w && pip install w/flashinfer_python-0.6.1-py3-none-any.whl\n",
    ),
    (
        "a.sh",
        'python3 -m pip wheel --no-deps "flashinfer_cubin == 0.6.1"\npip install ./flashinfer_cubin-0.6.1-py3-none-any.whl\n',
    ),
    (
        "ci.yml",
        "steps:\n  - run: |\n      pip download --no-binary :all: Flashinfer.Python==0.6.1\n"
        "      tar xzf flashinfer_python-0.6.1.tar.gz\n",
    ),
    (
        "CMakeLists.txt",
        'CPMAddPackage("gh:flashinfer-ai/flashinfer@0.6.1")\nCPMAddPackage("gh:flashinfer-ai/flashinfer#v0.6.1")\n',
    ),
    ("a.bzl", f'http_archive(urls = ["{URL}"], strip_prefix = "flashinfer-0.6.1")\n'),
]


@pytest.mark.parametrize(("path", "text"), TOGETHER)
def test_all_of_a_unit_moves(path: str, text: str) -> None:
    result = found(path, text)
    assert sum(1 + len(pin.repeats) for pin in result.pins) == text.count("0.6.1")
    assert result.unpinned == ()
    laws.hold(lambda data: found(path, data.decode()), text.encode(), "0.6.11.post2", "1.0rc1")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sh", f"curl -L {URL} | tar xz && cd flashinfer-0.6.1\necho '{SUM}  v0.6.1.tar.gz' | sha256sum -c\n"),
        ("CMakeLists.txt", f"CPMAddPackage(NAME flashinfer VERSION 0.6.1 URL {URL} URL_HASH SHA256={SUM})\n"),
        ("a.bzl", f'http_archive(url = "{URL}", strip_prefix = "flashinfer-0.6.1", sha256 = "{SUM}")\n'),
    ],
)
def test_none_of_a_unit_with_a_checksum_moves(path: str, text: str) -> None:
    result = found(path, text)
    assert result.pins
    assert all(pin.guard for pin in result.pins)


@pytest.mark.parametrize(
    ("path", "text", "moving"),
    [
        ("a.sh", "pip download flashinfer-python==0.6.1\npip install ./flashinfer_cubin-0.6.1-py3-none-any.whl\n", 1),
        ("a.sh", f"curl -LO {URL}\ncp -r third_party/flashinfer-0.6.1 /src\n", 1),
        ("a.sh", f"curl -LO {URL}\ncd flashinfer-0.6.0\ndocker tag x org/y:flashinfer-0.6.1\n", 1),
        ("a.sh", f"curl -LO {URL}\ncd flashinfer-extras-0.6.1 && cd my-flashinfer-0.6.1\n", 1),
        ("a.sh", "cd flashinfer-0.6.1\n", 0),
        ("a.sh", f"curl -LO {URL}\ntar xf v0.6.0.tar.gz\ncp third_party/v0.6.1.tar.gz v0.6.1.tar.gz.old /src\n", 1),
        ("a.sh", "tar xf v0.6.1.tar.gz\n", 0),
        # The name of a wheel is no folder: its label and tags belong to one release.
        (
            "Dockerfile",
            'ARG WHEEL="flashinfer_python-0.6.1%2Bcu128-cp39-abi3-linux_x86_64.whl"\nARG FLASHINFER_VERSION=0.6.1\n',
            1,
        ),
        ("a.sh", f"curl -LO {URL}\npip install ./flashinfer_python-0.6.1%2Bcu128torch2.7-cp39-abi3-linux.whl\n", 1),
        ("a.sh", f"curl -LO {URL}\ncp /tmp/flashinfer-0.6.1%20old /src\n", 1),
        ("a.sh", "pip install flashinfer-python==0.6.1\ncd flashinfer-0.6.1\n", 1),
        ("CMakeLists.txt", f"CPMAddPackage(NAME x VERSION 0.6.1 URL https://h/torch2.5/{URL[8:]}.zip)\n", 0),
    ],
)
def test_what_belongs_to_no_address(path: str, text: str, moving: int) -> None:
    assert sum(1 + len(pin.repeats) for pin in found(path, text).pins) == moving


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        f"curl {URL}; cd flashinfer-0.6.1\n",
        f"curl -LO {URL}; tar xf v0.6.1.tar.gz\n",
        "cd flashinfer-0.6.1;",
        "/a/flashinfer-",
        "a/" * 9,
    ],
)
def test_time_is_linear(piece: str) -> None:
    text = f"curl -L {URL}\n"
    assert scaling.is_linear(
        lambda data: found("a.sh", data.decode()), lambda count: (text + piece * count).encode(), 1000
    )
