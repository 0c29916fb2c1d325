"""pip's option `proxy`: which requests go through it, compared with pip itself against a proxy on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index import configuration, connections, retries
from fi_bump.index.cache import Cache
from fi_bump.index.configuration import find
from fi_bump.index.http import Http
from tests.index.server import Index, running

INDEX = "http://index.invalid/simple"
PAGE = f"{INDEX}/kit/"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A home without configuration, no proxy in the environment, and an index that no name server knows."""
    for name in [*NAMES, *map(str.lower, NAMES), *(name for name in os.environ if name.startswith(("PIP_", "UV_")))]:
        monkeypatch.delenv(name, raising=False)
    for name, folder in (("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_CONFIG_DIRS", "none")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    monkeypatch.setattr(retries, "RETRIES", 0)
    return dict(os.environ)


@pytest.fixture
def proxy(index: Index) -> Index:
    """The running index as a proxy: it answers 404 for an absolute URL, and logs the request."""
    return index


def write(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config/pip/pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def asks(url: str = PAGE) -> int:
    """Ask as a command does, and return the status."""
    return Http(Cache(None), proxy=find().proxy).get(url).status


# pip's own session for the same page, for the configuration that each environment on standard input names. One process
# for all: pip takes more than a second to start.
PIP = """
import json, os, sys
from pip._internal.commands import create_command
for environment in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(environment)
    install = create_command("install")
    if not install.parser.has_option("--no-proxy-env"):
        print("an older pip")
        break
    options, _ = install.parse_args(["--retries=0", "--timeout=5", "--no-cache-dir", "kit"])
    with install.main_context():
        try:
            print(install.get_default_session(options).get(sys.argv[1]).status_code)
        except Exception:
            print("unreachable")
"""


# A dead proxy in the environment, and the host in NO_PROXY: pip's option takes the place of both.
ELSEWHERE = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "index.invalid"}
CASES = [
    pytest.param("[global]\nproxy = {}\n", {}, True, id="the file"),
    pytest.param("[install]\nproxy = {}\n", {}, True, id="the section of install"),
    pytest.param("[global]\nproxy = http://127.0.0.1:9\n", {"PIP_PROXY": "{}"}, True, id="the variable counts more"),
    pytest.param("[global]\nproxy = {}\n", {"PIP_PROXY": ""}, True, id="an empty variable counts for nothing"),
    pytest.param("[global]\nproxy = {}\n[install]\nproxy =\n", {}, True, id="an empty option counts for nothing"),
    pytest.param("[global]\nproxy = {}\n", ELSEWHERE, True, id="not the environment's"),
    pytest.param("[global]\nno-proxy-env = true\n", {"HTTP_PROXY": "{}"}, False, id="no proxy of the environment"),
    pytest.param("", {"PIP_NO_PROXY_ENV": "1", "http_proxy": "{}"}, False, id="the variable for no proxy"),
    pytest.param("[global]\nno-proxy-env = 0\n", {"http_proxy": "{}"}, True, id="the environment's"),
    pytest.param("[list]\nproxy = {}\n", {}, False, id="the section of another command"),
]


@pytest.mark.parametrize(("text", "variables", "goes"), CASES)
def test_which_requests_go_through_it(
    tmp_path: Path, proxy: Index, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], goes: bool
) -> None:
    write(tmp_path, text.format(proxy.url))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(proxy.url))
    if goes:
        assert asks() == 404
    else:
        with pytest.raises(PackageIndexError, match=r"cannot be reached$"):
            asks()
    assert len(proxy.log) == goes


@pytest.mark.slow
def test_pip_does_the_same(tmp_path: Path, proxy: Index, environment: dict[str, str]) -> None:
    asked = []
    for number, case in enumerate(CASES):
        text, variables, _ = case.values
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, str(text).format(proxy.url))
        assert isinstance(variables, dict)
        given = {name: value.format(proxy.url) for name, value in variables.items()}
        asked.append({**environment, "XDG_CONFIG_HOME": str(folder / "config"), **given})
    command = [sys.executable, "-c", PIP, PAGE]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    if done.stdout == "an older pip\n":
        pytest.skip("this pip is older than the option no-proxy-env, and lets NO_PROXY count beside its own proxy")
    assert done.stdout.split() == ["404" if case.values[2] else "unreachable" for case in CASES]
    assert len(proxy.log) == sum(bool(case.values[2]) for case in CASES)


def test_it_gets_its_own_credentials(tmp_path: Path, proxy: Index) -> None:
    write(tmp_path, "[global]\nproxy = " + proxy.url.replace("//", "//u:p%40w@") + "\n")
    assert asks("http://u2:p2@index.invalid/simple/kit/") == 404
    headers = proxy.log[0].headers
    assert (headers["proxy-authorization"], headers["authorization"]) == ("Basic dTpwQHc=", "Basic dTI6cDI=")


def test_it_counts_for_an_index_of_the_command_line_and_not_for_one_of_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "[global]\nproxy = http://a.invalid:1\n")
    assert find((INDEX,)).proxy == "http://a.invalid:1"
    assert find().proxy == "http://a.invalid:1"
    monkeypatch.setenv("UV_DEFAULT_INDEX", INDEX)
    assert find().proxy is None


def test_with_a_broken_file_a_given_index_goes_the_way_of_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "proxy = http://a.invalid:1\n")
    assert find((INDEX,)).proxy is None
    monkeypatch.setenv("PIP_PROXY", "http://b.invalid:1")
    assert find((INDEX,)).proxy == "http://b.invalid:1"


def test_a_proxy_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with running() as stopped:
        dead = stopped.url
    write(tmp_path, f"[global]\nproxy = {dead}\n")
    with pytest.raises(PackageIndexError) as caught:
        asks()
    assert str(caught.value) == f"{PAGE}: cannot be reached through the proxy that pip's configuration names"
    assert caught.value.hint == "run pip config list, and set proxy there to the URL of an http proxy, or unset it"


@pytest.mark.parametrize("proxy", ["socks5://u:s3cr3t@127.0.0.1:1", "http://u:s3cr3t@[x"])
def test_another_kind_of_proxy(tmp_path: Path, proxy: str) -> None:
    write(tmp_path, f"[global]\nproxy = {proxy}\n")
    with pytest.raises(PackageIndexError) as caught:
        asks()
    message = "is not the URL of a proxy that fi-bump can use: only http and https proxies are known"
    assert str(caught.value) == f"{proxy.replace('u:s3cr3t@', '')}: {message}"
    assert caught.value.hint == connections.PIP_PROXY_HINT


def test_no_secret_of_a_proxy_is_in_a_repr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_pip_default", lambda: INDEX)
    write(tmp_path, "[global]\nproxy = http://u:s3cr3t@a.invalid:1\n")
    assert "s3cr3t" not in repr(find())
