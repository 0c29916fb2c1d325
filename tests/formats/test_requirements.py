"""The requirement-file finder: whole results for every form, the laws, and packaging to confirm them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from fi_bump.formats.requirements import find
from fi_bump.pins import Found, Guard, Kind, Source
from tests.formats import laws, results
from tests.formats.results import REPOSITORY

WANTED = results.WANTED._replace(variables=frozenset({"FLASHINFER_VERSION"}))
HASHES = "fi-bump cannot replace its --hash options: not all are sha256, or other text separates them"
URL = "pinned by a URL that fi-bump does not update"
PATH = "pinned by the path of a file, which fi-bump does not update"
GIT = "pinned by a git URL that fi-bump does not update"


def look(data: bytes) -> Found:
    return find(Source("requirements/cuda.txt", data), WANTED)


def pins(data: bytes) -> list[tuple[str, str, int, int]]:
    """Return anchor, version, line and column of every pin; assert that nothing else was found."""
    found = look(data)
    assert (found.unpinned, found.floors) == ((), ())
    assert all(pin.kind is Kind.REQUIREMENT for pin in found.pins)
    return [(pin.anchor, pin.version, *pin.source.position(pin.span.start)) for pin in found.pins]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"flashinfer-python==0.6.1\n", ("0.6.1", 1, 20)),
        (b"flashinfer-python==0.6.1", ("0.6.1", 1, 20)),
        (b"flashinfer-python == 0.6.11.post2  # flashinfer-python==0.1\n", ("0.6.11.post2", 1, 22)),
        (b"\tflashinfer-python\t==\t0.6.1\t\n", ("0.6.1", 1, 23)),
        (b"flashinfer-python===0.6.1\n", ("0.6.1", 1, 21)),
        (b"flashinfer-python==v0.6.1\n", ("0.6.1", 1, 21)),
        (b"flashinfer-python==0.6.1rc1.dev3\n", ("0.6.1rc1.dev3", 1, 20)),
        (b"flashinfer-python==1!0.6.1+cu130.torch2.6\n", ("1!0.6.1", 1, 20)),
        (b"flashinfer-python==0.6.1+${CUDA}\n", ("0.6.1", 1, 20)),
        (b"flashinfer-python (==0.6.1)\n", ("0.6.1", 1, 22)),
        (b"flashinfer-python ( == 0.6.1 , != 0.6.0 )\n", ("0.6.1", 1, 24)),
        (b"flashinfer-python!=0.6.0,==0.6.1,>=0.5\n", ("0.6.1", 1, 28)),
        (b"flashinfer-python==0.6.1,\n", ("0.6.1", 1, 20)),
        (b"flashinfer_python==0.6.1\n", ("0.6.1", 1, 20)),
        (b"FlashInfer.-_Python==0.6.1\n", ("0.6.1", 1, 22)),
        (b"flashinfer-python[cu13,nvep]==0.6.1\n", ("0.6.1", 1, 31)),
        (b"flashinfer-python [ cu13 ] ==0.6.1\n", ("0.6.1", 1, 30)),
        (b'flashinfer-python==0.6.1; python_version == "3.12"\n', ("0.6.1", 1, 20)),
        (b'flashinfer-python==0.6.1 ;platform_machine=="x86_64" and python_version<"3.14"\n', ("0.6.1", 1, 20)),
        (b"flashinfer-python==0.6.1 --config-settings=x==9\n", ("0.6.1", 1, 20)),
        (b"\xef\xbb\xbfflashinfer-python==0.6.1\r\n", ("0.6.1", 1, 20)),
        (b"# \xff\xc3\xa9\r\nflashinfer-python==0.6.1\r\n", ("0.6.1", 2, 20)),
        (b"a==1\rflashinfer-python==0.6.1\r", ("0.6.1", 1, 25)),
        (b"a==1\r\n\nflashinfer-python==0.6.1\r\rb==2\n", ("0.6.1", 3, 20)),
        (b"a==1\x0cflashinfer-python==0.6.1\xe2\x80\xa8b==2\n", ("0.6.1", 1, 25)),
        (b"flashinfer-python \\\n  == \\\n  0.6.1\n", ("0.6.1", 3, 3)),
        (b"flashinfer-python \\\r\n  ==0.6.1 \\\r\n  ; python_version > '3.1'\r\n", ("0.6.1", 2, 5)),
        (b"flashinfer-\\\npython==0.6.1\n", ("0.6.1", 2, 9)),
        (b"flashinfer-python==0.6.1 \\", ("0.6.1", 1, 20)),
        (b"flashinfer-python==0.6.1\\\n# comment \\\nb==2\n", ("0.6.1", 1, 20)),
        (b"# comment \\\nflashinfer-python==0.6.1\n", ("0.6.1", 2, 20)),
    ],
)
def test_one_pin(data: bytes, expected: tuple[str, int, int]) -> None:
    assert pins(data) == [("flashinfer-python", *expected)]


def test_label_is_kept_and_anchors_are_numbered() -> None:
    data = b"flashinfer-jit-cache==0.6.1+cu134\nflashinfer-cubin==0.6.1\nflashinfer_cubin==0.6.2; python_version<'3'\n"
    assert pins(data) == [
        ("flashinfer-jit-cache", "0.6.1", 1, 23),
        ("flashinfer-cubin", "0.6.1", 2, 19),
        ("flashinfer-cubin (2)", "0.6.2", 3, 19),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\\",
        b"torch==2.9.0\ntorchcodec==0.5.0\n",
        b"flashinfer-python-foo==0.6.1\n",
        b"my-flashinfer-python==0.6.1\n",
        b"flashinfer-pytho\xc3\xb1==0.6.1\n",
        b"# flashinfer-python==0.6.1\n",
        b"  # flashinfer-python==0.6.1\n",
        b"x==1 \\\n# flashinfer-python==0.6.1\n",
        b"x==1 # \\\nflashinfer-python==0.6.1\n",
        b"-r flashinfer-python==0.6.1\n-c flashinfer_python-0.6.1-py3-none-any.whl\n",
        b"-e git+https://github.com/flashinfer-ai/flashinfer.git@${REF}\n",
        b"-e git+https://github.com/other/flashinfer.git@v0.6.1\n",
        b"-e ./flashinfer-python\n",
        b"-e .\n--find-links https://x.org/w\n-f=https://github.com/flashinfer-ai/flashinfer/releases/download/v${V}\n",
        b"--extra-index-url https://flashinfer.ai/whl/cu130\n",
        b"flashinfer-python==${FLASHINFER_VERSION}\n",
        b"flashinfer-python==v${FLASHINFER_VERSION}\n",
        b"flashinfer-python>=${FLASHINFER_VERSION}\n",
        b"flashinfer-python${FLASHINFER_SPEC}\n",
        b"flashinfer-python @ https://x.org/${WHEEL}\n",
        b"flashinfer-python is great\n",
        b"flashinfer-python/setup.py\n",
        b"'flashinfer-python==0.6.1'\n",
        b"?? }{ \x00\xff\n[[[\n",
        b"git+https://github.com/other/flashinfer.git@v0.6.1\n",
        b"https://x.org/torch-2.9.0-cp312-cp312-linux_x86_64.whl\n",
    ],
)
def test_nothing(data: bytes) -> None:
    assert look(data) == Found(())


@pytest.mark.parametrize(
    ("data", "text", "subject", "reason"),
    [
        (b" flashinfer-python\n", "flashinfer-python", "", "has no version specifier"),
        (b"flashinfer-python [a] # x\n", "flashinfer-python [a]", "", "has no version specifier"),
        (b'flashinfer-python; python_version == "3.12"\n', "flashinfer-python", "", "has no version specifier"),
        (b"flashinfer-python==0.6.*\n", "0.6.*", "", "'0.6.*' is a wildcard, not one version"),
        (b"flashinfer-python==0.6.\xc3\xa9\n", "0.6.\u00e9", "", "'0.6.\u00e9' is not a version"),
        (b"flashinfer-python==0.6.1+cu\xff\n", "0.6.1+cu\ufffd", "", "'0.6.1+cu\ufffd' is not a version"),
        (b"flashinfer-python=={{v}}\n", "{{v}}", "", "'{{v}}' is not a version"),
        (b"flashinfer-python==0.6.${P}\n", "0.6.${P}", "", "'0.6.${P}' is assembled from a variable"),
        (b"flashinfer-python==0.6,==0.7\n", "==0.6,==0.7", "", "'==0.6,==0.7' names more than one version"),
        (b"flashinfer-python( )\n", "( )", "", "'( )' is not a version specifier"),
        (b"flashinfer-python=0.6\n", "=0.6", "", "'=0.6' is not a version specifier"),
        (b"flashinfer-python (==0.6\n", "(==0.6", "", "'(==0.6' is not a version specifier"),
        (b"flashinfer-python==0.6 0.7\n", "==0.6 0.7", "", "'==0.6 0.7' is not a version specifier"),
        (b"flashinfer-python~=1\n", "~=1", "", "'~=1' is not a version specifier"),
        (b"flashinfer-python==0.\\\n6\n", "0.\\\n6", "", "the version is split by a line continuation"),
        (b"flashinfer-python @ https://x.org/a.whl ; a\n", "@ https://x.org/a.whl ; a", "", URL),
        (b"./w/flashinfer_python-0.6-py3-none-any.whl\n", "./w/flashinfer_python-0.6-py3-none-any.whl", "", PATH),
        (b"git+https://x.org/a@v1#egg=flashinfer_python\n", "git+https://x.org/a@v1#egg=flashinfer_python", "", GIT),
    ]
    + [
        (address.encode() + b"\n", address, REPOSITORY, reason)
        for address, reason in [
            ("git+https://github.com/FlashInfer-AI/flashinfer@a/b@v1#subdirectory=python", "not a release tag"),
            ("git+https://github.com/flashinfer-ai/flashinfer", "installed without a release"),
            ("git+https://github.com/flashinfer-ai/flashinfer@0123456789abcdef", "a commit, not a release"),
        ]
    ],
)
def test_unpinned(data: bytes, text: str, subject: str, reason: str) -> None:
    found = look(data)
    assert (found.pins, found.floors) == ((), ())
    assert [(item.source.text(item.span), item.subject, item.reason, item.version) for item in found.unpinned] == [
        (text, subject or "flashinfer-python", reason, None)
    ]


ARCHIVE = "https://github.com/flashinfer-ai/flashinfer/archive/refs/tags/v"
RELEASE = "https://github.com/flashinfer-ai/flashinfer/releases/download/v"


@pytest.mark.parametrize(
    ("line", "anchor", "subject", "kind", "spans"),
    [
        (f"git+https://{REPOSITORY}.git@v0.6.1#egg=x", f"git+{REPOSITORY}", REPOSITORY, Kind.GIT_REF, [53]),
        (f"-e git+https://{REPOSITORY}.git@v0.6.1#egg=x", f"git+{REPOSITORY}", REPOSITORY, Kind.GIT_REF, [56]),
        (f"--editable=git+https://{REPOSITORY}@v0.6.1", f"git+{REPOSITORY}", REPOSITORY, Kind.GIT_REF, [60]),
        (
            f"--find-links 'https://{REPOSITORY}/releases/expanded_assets/v0.6.1'",
            f"url {REPOSITORY}",
            REPOSITORY,
            Kind.URL,
            [84],
        ),
        (f"git+ssh://git@{REPOSITORY}@refs/tags/v0.6.1", f"git+{REPOSITORY}", REPOSITORY, Kind.GIT_REF, [61]),
        (
            f"flashinfer-python @ git+https://{REPOSITORY}@0.6.1 ; python_version > '3'",
            "flashinfer-python",
            REPOSITORY,
            Kind.GIT_REF,
            [68],
        ),
        (f"{ARCHIVE}0.6.1.tar.gz", f"url {REPOSITORY}", REPOSITORY, Kind.URL, [63]),
        ("https://x.org/flashinfer_python-0.6.1.tar.gz", "url flashinfer-python", "flashinfer-python", Kind.URL, [32]),
        (
            f"flashinfer-jit-cache @ {RELEASE}0.6.1/flashinfer_jit_cache-0.6.1%2Bcu130-cp39-abi3-manylinux_2_28_x86_64.whl",
            "flashinfer-jit-cache",
            "flashinfer-jit-cache",
            Kind.URL,
            [86, 113],
        ),
    ],
)
def test_addresses(line: str, anchor: str, subject: str, kind: Kind, spans: list[int]) -> None:
    found = look(line.encode() + b"\n")
    assert (found.unpinned, found.floors) == ((), ())
    (pin,) = found.pins
    assert (pin.anchor, pin.subject, pin.kind) == (anchor, subject, kind)
    assert [span.start for span in (pin.span, *pin.repeats)] == spans
    assert {pin.source.text(span) for span in (pin.span, *pin.repeats)} == {"0.6.1"}


@pytest.mark.parametrize(
    ("header", "command"),
    [
        (b"", None),
        (b"# This file was autogenerated by hand\n", None),
        (
            b"# This file was autogenerated by uv via the following command:\n#    uv pip compile a.in -o b.txt\n",
            "uv pip compile a.in -o b.txt",
        ),
        (
            (
                b"#\r\n# This file is autogenerated by pip-compile with Python 3.11\r\n# by the following command:\r\n"
                b"#\r\n#    pip-compile --generate-hashes a.in\r\n#\r\n"
            ),
            "pip-compile --generate-hashes a.in",
        ),
    ],
)
def test_hashes(header: bytes, command: str | None) -> None:
    line = b"flashinfer-jit-cache==0.6.1+cu130 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
    found = look(header + line)
    assert (found.unpinned, found.floors) == ((), ())
    (pin,) = found.pins
    assert (pin.version, pin.anchor, pin.command) == ("0.6.1", "flashinfer-jit-cache", command)
    assert [pin.source.text(span) for span in pin.hashes] == ["sha256:aa", "sha256:bb"]
    (pin,) = look(header + b"flashinfer-jit-cache==0.6.1+cu130\n    # via x\n").pins
    assert (pin.version, pin.hashes, pin.command) == ("0.6.1", (), command)


@pytest.mark.parametrize(
    "options",
    [
        b"--hash=md5:aa",
        b"--hash=sha256:aa --hash=sha512:bb",
        b"--hash=sha256:aa --no-binary=:all: --hash=sha256:bb",
        b"--hash=sha256:a\\\na",
        b"--hash=sha256:AA",
    ],
)
def test_hashes_that_cannot_be_replaced(options: bytes) -> None:
    for header, more in ((b"", ""), (b"# autogenerated by x via the following command:\n#   make\n", "make")):
        found = look(header + b"flashinfer-python==0.6.1 " + options + b"\n")
        reason = HASHES + (f"; regenerate with: {more}" if more else "")
        (pin,) = found.pins
        assert (pin.version, pin.hashes, pin.guard) == ("0.6.1", (), Guard(reason))
        assert found.unpinned == ()


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (b"--hash=sha256:aa", ["sha256:aa"]),
        (b"--hash sha256:aa", ["sha256:aa"]),
        (b"--no-deps --hash=sha256:aa", ["sha256:aa"]),
        (
            b"\\\r\n  --hash=sha256:aa \\\r\n  --hash=sha256:bb \\\r\n  --hash=sha256:cc",
            ["sha256:aa", "sha256:bb", "sha256:cc"],
        ),
    ],
)
def test_where_hashes_stand(options: bytes, found: list[str]) -> None:
    (pin,) = look(b"flashinfer-python==0.6.1 ; python_version<'4' " + options + b"  # why\n").pins
    assert [pin.source.text(span) for span in pin.hashes] == found


@pytest.mark.parametrize(
    ("data", "text", "specifier"),
    [
        (b"flashinfer-python>=0.6\n", ">=0.6", ">=0.6"),
        (b"flashinfer-python >= 0.6 , < 0.8 ; python_version>'3'\n", ">= 0.6 , < 0.8", ">=0.6,<0.8"),
        (b"flashinfer-python (~= 0.6.1)\n", "~= 0.6.1", "~=0.6.1"),
        (b"flashinfer-python!=0.6.*,!=0.7+cu130,>0.5,<=0.9\n",) + ("!=0.6.*,!=0.7+cu130,>0.5,<=0.9",) * 2,
        (b"flashinfer-python>=0.6 --hash=sha256:a\n", ">=0.6", ">=0.6"),
    ],
)
def test_floors(data: bytes, text: str, specifier: str) -> None:
    found = look(data)
    assert (found.pins, found.unpinned) == ((), ())
    assert [(item.source.text(item.span), item.subject, item.specifier) for item in found.floors] == [
        (text, "flashinfer-python", specifier)
    ]
    SpecifierSet(specifier)


VERSIONS = st.sampled_from(["0.6.1", "0.6.11.post2", "1!2.0", "0.7.0rc1", "0.7.0.dev20260101", "10", "1.0-1"])
PIECES = st.sampled_from(
    [
        "flashinfer-python",
        "flashinfer_cubin",
        "FlashInfer.JIT.Cache",
        "torch",
        "[cu13]",
        "==",
        "===",
        ">=",
        "!=",
        "~=",
        "0.6.1",
        "v0.6.1",
        "0.6.*",
        "+cu130",
        "${V}",
        ",",
        "(",
        ")",
        ";",
        "python_version == '3.12'",
        "#",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\\\n",
        "\\\r\n",
        "\\",
        "--hash=sha256:a",
        "-r ",
        "@ ",
        "git+https://",
        "\ufeff",
        "é",
        "\x0c",
    ]
)
REQUIREMENTS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["flashinfer-python", "flashinfer_cubin", "FlashInfer.JIT.Cache"]),
    st.sampled_from(["", " ", "[a]", " \\\n "]),
    st.sampled_from(["==", " == ", "===", "!=9,=="]),
    VERSIONS,
    st.sampled_from(["", "+cu130", ",<9", " ; python_version == '3.12'", "  # 0.6.1", " \\\r\n  --hash=sha256:a"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
FILES = st.builds(
    lambda bom, parts: bom + b"".join(parts),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(REQUIREMENTS.map(str.encode) | PIECES.map(str.encode) | st.binary(max_size=3), max_size=12),
)


@given(FILES, VERSIONS, VERSIONS)
def test_laws(data: bytes, first: str, second: str) -> None:
    laws.hold(look, data, first, second)


CLAUSES = st.lists(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~="]),
        st.sampled_from(["", " "]),
        st.sampled_from(["0.6.1", "1", "v0.7", "0.6.*", "0.6.1+cu130", "1!2.0rc1", "0.6.post1", "1.0-1", "x", "0..1"]),
        st.sampled_from(["", " "]),
    ),
    min_size=1,
    max_size=3,
).map(",".join)


@given(CLAUSES, st.booleans(), st.sampled_from(["", "[a,b]", " [a]"]), st.sampled_from(["", ' ; python_version>"3"']))
def test_packaging_agrees(clauses: str, parenthesised: bool, extras: str, marker: str) -> None:
    line = f"flashinfer-python{extras} {f'({clauses})' if parenthesised else clauses}{marker}"
    found = look(line.encode())
    assert len(found.pins) + len(found.unpinned) + len(found.floors) == 1
    try:
        meant = Requirement(line).specifier
    except InvalidRequirement:
        assert len(found.unpinned) == 1
        return
    exact = [clause for clause in meant if clause.operator == "=="]
    for floor in found.floors:
        assert SpecifierSet(floor.specifier) == meant
        assert not exact
    for pin in found.pins:
        assert [clause.version.removeprefix("v").partition("+")[0] for clause in exact] == [pin.version]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", [b"\\\n", b" ", b"flashinfer-python==0.6.1\n", b"a-", b"[", b"==1,", b"#", b"flashinfer-python \\\n", b"${"]
)
def test_linear(unit: bytes) -> None:
    """A quadratic step over this much would take minutes; a linear one takes a tenth of a second."""
    begin = time.process_time()
    look(b"flashinfer-python" + unit * 40_000)
    assert time.process_time() - begin < 5
