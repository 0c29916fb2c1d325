"""Tests of release notes: the lines of Markdown, and the commands that quote them from a local host of releases."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.index import retries
from fi_bump.releases import notes
from fi_bump.releases.notes import LONGEST_LINE, MOST_LINES, lines_of
from tests.conftest import NEW, OLD, Result, Run
from tests.index.server import Index, Package, Reply, Request, running, wheel

Ask = Callable[..., Result]
PAGE = "https://github.com/flashinfer-ai/flashinfer/releases/tag/v"
BODIES = {
    "v0.6.10": "## What's Changed\n* Breaking: `plan` needs a **device** ([#12](https://a.example/12))\n## Features\n",
    f"v{NEW}": "# Kernels\ntext\n```\n# not a heading\n```\n### You must **manually** clear the cache ###\n",
}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("# One\n\n## Two ##\ntext\n#no\n", ("One", "Two")),
        ("## A\n- This is a BREAKING change\n", ("This is a BREAKING change", "A")),
        ("## A\n1. Manual step: **run** `x`\n> * breaking\n", ("Manual step: run x", "breaking", "A")),
        ("## Breaking changes\n## B\n", ("Breaking changes", "B")),
        ("~~~\n# no\n```\nbreaking\n~~~\n# yes\n", ("yes",)),
        ("<!-- # breaking\n# no -->\n# yes\r\n", ("yes",)),
        ("groundbreaking\nmanuals\n", ()),
        ("## New Contributors\n## What\u2019s Changed\n", ()),
        ("# a\x1b[31m\u202eb\n", ("a [31m b",)),
        ("# [text](https://a.example) ![picture](x.png)\n", ("text picture",)),
    ],
)
def test_lines(text: str, lines: tuple[str, ...]) -> None:
    assert lines_of(text) == lines


@given(st.text(st.sampled_from("#*`~<!->[]() \n\x1bbreaking\u202e"), max_size=300))
def test_lines_are_printable_and_bounded(text: str) -> None:
    found = lines_of(f"{text}\n" * 30 + "# " + "x" * 500)
    assert len(found) <= MOST_LINES
    assert all(line.isprintable() and len(line) <= LONGEST_LINE + 1 for line in found)


@pytest.fixture
def host() -> Iterator[Index]:
    """An index of flashinfer's packages that also answers as the host of their releases."""
    with running() as index:
        for name in ("flashinfer-python", "flashinfer-cubin"):
            Package(name, {each: wheel(name, each) for each in (OLD, "0.6.10", NEW)}).serve(index)
        index.routes["/repos/flashinfer-ai/flashinfer/releases/tags/"] = page
        yield index


def page(index: Index, request: Request) -> Reply:
    """Answer with a release."""
    body = BODIES.get(request.path.rpartition("/")[2])
    return Reply(404, {}, b"{}") if body is None else Reply(200, {}, json.dumps({"body": body}).encode())


@pytest.fixture
def ask(run: Run, host: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command against the host, with a netrc that has a password for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    (tmp_path / "netrc").write_text("default login someone password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(retries, "RETRIES", 1)
    monkeypatch.setattr(notes, "API", host.url)

    def call(root: Path, *arguments: str) -> Result:
        return run(root, *arguments, "--index", f"{host.url}/simple", offline=False)

    return call


NOTES = f"""\
release notes of flashinfer 0.6.10: {PAGE}0.6.10
  Breaking: plan needs a device (#12)
  Features
release notes of flashinfer {NEW}: {PAGE}{NEW}
  You must manually clear the cache
  Kernels
"""


def test_set_quotes_them_and_sends_no_password(engine: Path, ask: Ask, host: Index) -> None:
    result = ask(engine, "set", NEW, "--release-notes")
    assert (result.code, NOTES in result.out) == (0, True), result
    asked = [each for each in host.log if each.path.startswith("/repos/")]
    assert len(asked) == 2
    assert not any("authorization" in each.headers for each in asked)


def test_latest_quotes_them(engine: Path, ask: Ask) -> None:
    shown = ask(engine, "latest", "--release-notes").out
    assert "".join(f"  {line}\n" for line in NOTES.splitlines()) in shown
    document = json.loads(ask(engine, "latest", "--release-notes", "--format", "json").out)
    schema = json.loads(files("fi_bump").joinpath("schemas/latest.schema.json").read_bytes())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document["result"]["groups"][0]["releaseNotes"]["releases"][1] == {
        "version": NEW,
        "page": f"{PAGE}{NEW}",
        "lines": ["You must manually clear the cache", "Kernels"],
    }


def test_the_body_quotes_them(engine: Path, ask: Ask) -> None:
    body = ask(engine, "set", NEW, "--release-notes", "--pr-body", "-").out
    assert (
        "### Release notes of flashinfer\n\n"
        f"- [0.6.10]({PAGE}0.6.10): Breaking: plan needs a device (\\#&#8203;12)\n"
        f"- [0.6.10]({PAGE}0.6.10): Features\n"
        f"- [{NEW}]({PAGE}{NEW}): You must manually clear the cache\n"
        f"- [{NEW}]({PAGE}{NEW}): Kernels\n\n"
    ) in body


@pytest.mark.parametrize("reply", [Reply(200, {}, b"["), Reply(200, {}, b"[]"), Reply(200, {}, b'{"body": 1}')])
def test_a_strange_answer_has_no_lines(engine: Path, ask: Ask, host: Index, reply: Reply) -> None:
    host.routes["/repos/"] = lambda *_: reply
    del host.routes["/repos/flashinfer-ai/flashinfer/releases/tags/"]
    result = ask(engine, "set", NEW, "--release-notes")
    assert f"release notes of flashinfer {NEW}: {PAGE}{NEW}\n" in result.out


def test_a_host_that_refuses_does_not_stop_a_move(engine: Path, ask: Ask, host: Index) -> None:
    host.routes["/repos/flashinfer-ai/flashinfer/releases/tags/"] = lambda *_: Reply(403, {}, b"")
    result = ask(engine, "set", NEW, "--release-notes")
    assert result.code == 0
    assert "note: not all release notes of flashinfer could be read: the host answered with status 403\n" in result.out


def test_nothing_is_asked_without_the_option(engine: Path, ask: Ask, host: Index) -> None:
    ask(engine, "latest")
    ask(engine, "set", NEW)
    assert not any(each.path.startswith("/repos/") for each in host.log)


@pytest.mark.parametrize("command", [("set", NEW), ("pr-body",)])
def test_offline_excludes_them(engine: Path, run: Run, command: tuple[str, ...]) -> None:
    assert run(engine, *command, "--offline", "--release-notes", offline=False) == (
        2,
        "",
        "fi-bump: --release-notes cannot be used with --offline: the notes are on the network\n"
        "help: leave out --release-notes or --offline\n",
    )


def told(name: str, version: str, *lines: str) -> bytes:
    """Return a wheel whose metadata has these lines too."""
    source = io.BytesIO(wheel(name, version))
    made = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            data = old.read(each)
            if each.endswith("METADATA"):
                data = data.replace(b"\nName:", "".join(f"\n{line}" for line in lines).encode() + b"\nName:", 1)
            new.writestr(each, data)
    return made.getvalue()


# Real forms: Project-URL with any label, Home-page, with and without www., .git, a path behind the name, and capitals.
@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("Project-URL: Repository, https://github.com/Flashinfer-AI/flashinfer",), True),
        (
            ("Project-URL: homepage, https://docs.example/x", "Project-URL: Source, https://www.github.com/a/kit.git"),
            True,
        ),
        (("Home-page: https://github.com/a/kit/tree/main/python",), True),
        (("Home-page: https://docs.example/github.com/a/kit", "Author: github.com/a/kit"), False),
        (("Project-URL: Repository, https://gitlab.example/a/kit",), False),
        (("Project-URL: Repository, https://github.com/a",), False),
        ((), False),
    ],
)
def test_a_repository_that_only_the_wheels_metadata_names(
    engine: Path, ask: Ask, host: Index, lines: tuple[str, ...], found: bool
) -> None:
    lock = json.loads((engine / "versions.lock.json").read_bytes())
    lock["groups"]["flashinfer"]["repositories"] = []
    lock["groups"]["flashinfer"]["sites"].remove("docker/Dockerfile#ARG FLASHINFER_VERSION")
    (engine / "versions.lock.json").write_text(json.dumps(lock))
    for name in ("flashinfer-python", "flashinfer-cubin"):
        own = lines if name == "flashinfer-python" else ()
        Package(name, {each: told(name, each, *own) for each in (OLD, "0.6.10", NEW)}).serve(host)
    host.routes["/repos/"] = page
    shown = ask(engine, "latest", "--release-notes").out
    asked = {request.path.rpartition("/releases/")[0] for request in host.log if request.path.startswith("/repos/")}
    if found:
        (repository,) = asked
        owner = repository.removeprefix("/repos/")
        assert f"release notes of flashinfer {NEW}: https://github.com/{owner}/releases/tag/v{NEW}\n" in shown
        assert "  You must manually clear the cache\n" in shown
        assert owner.casefold() in ("flashinfer-ai/flashinfer", "a/kit")
    else:
        assert asked == set()
        assert "no repository of it on github.com is in the lock or in its metadata" in shown
