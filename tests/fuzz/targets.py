"""The readers of input that nobody trusts, each as a function of bytes that ends, or raises an explained error."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from fi_bump.boundary.addresses import has_secrets, redacted, shown
from fi_bump.compare import junit
from fi_bump.errors import FiBumpError, InternalError
from fi_bump.index import configuration, metadata, remote_zip
from fi_bump.index.answer import HttpAnswer
from fi_bump.index.html_tags import start_tags
from fi_bump.index.pages import HTML, JSON, files_of
from fi_bump.lock.reading import load
from fi_bump.pins import Source
from fi_bump.report.markdown_escape import code, plain
from fi_bump.scanning.look import look
from fi_bump.smoke.interpreter import _result
from tests.formats.test_fuzz import NAMES, WANTED

Target = Callable[[bytes], None]
CORPUS = Path(__file__).with_name("corpus")
URL = "https://index.invalid/simple/kit/"


def read_lock(data: bytes) -> None:
    load(data)


def page(kind: str) -> Target:
    def read(data: bytes) -> None:
        for file in files_of(HttpAnswer(URL, 200, {"content-type": kind}, data), "kit"):
            str(file.version)
        has_secrets(data)

    return read


def tags(data: bytes) -> None:
    for _ in start_tags(data.decode("utf-8", "replace")):
        pass


def read_metadata(data: bytes) -> None:
    for requirement in metadata.parse(data).requires:
        requirement.specifier.contains("1.0")


def wheel(data: bytes) -> None:
    pieces = remote_zip.Pieces(len(data), data[-100:], lambda first, last: data[first : last + 1])
    with suppress(ValueError):
        remote_zip.member(pieces, ".dist-info/METADATA")


def address(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    redacted(text)
    # A password is looked for in 1,000 characters, and to hide a long query can bring more of the text into those.
    short = redacted(text[:1000])
    assert redacted(short) == short
    shown(text)
    plain(text)
    code(text)


def result(data: bytes) -> None:
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        _result(data)


def configured(name: str) -> Target:
    def read(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, name).write_bytes(data)
            variables = {"XDG_CONFIG_HOME": folder, "XDG_CONFIG_DIRS": folder, "UV_INDEX_URL": "https://a.invalid"}
            if name == "pip.conf":
                variables = {**variables, "PIP_CONFIG_FILE": f"{folder}/{name}", "PIP_INDEX_URL": "https://a.invalid"}
                del variables["UV_INDEX_URL"]
            configuration.find((), folder, variables)

    return read


def cases(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        junit.read(file.name, lambda key, case: None, lambda evidence: None)


def finder(name: str) -> Target:
    def read(data: bytes) -> None:
        look(Source(name, data), WANTED)

    return read


TARGETS: dict[str, Target] = {
    "lock": read_lock,
    "page-html": page(HTML),
    "page-json": page(JSON),
    "tags": tags,
    "metadata": read_metadata,
    "wheel": wheel,
    "address": address,
    "result": result,
    "uv.toml": configured("uv.toml"),
    "pip.conf": configured("pip.conf"),
    "junit": cases,
    **{form: finder(name) for form, name in NAMES.items()},
}


def attempt(target: Target, data: bytes) -> None:
    """Give a reader an input. An explained error is an answer; a bug that calls itself one is not."""
    try:
        target(data)
    except InternalError:
        raise
    except FiBumpError as error:
        assert "this is a bug" not in f"{error} {error.hint}"


def corpus(name: str) -> Iterator[bytes]:
    """Yield the inputs from which mutations of a target begin, and those that failed once."""
    yield from (path.read_bytes() for path in sorted(CORPUS.glob(f"{name}/*")))
    if name == "wheel":
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", method) as archive:
                archive.writestr("kit-1.0.dist-info/METADATA", "Name: kit\nVersion: 1.0\nRequires-Dist: torch\n\n")
            yield stream.getvalue()
