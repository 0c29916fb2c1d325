"""Which certificates are trusted: options of pip, variables and files of uv, against a server with its own authority."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fi_bump.errors import PackageIndexError
from fi_bump.index import configuration, retries
from fi_bump.index.cache import Cache
from fi_bump.index.configuration import find
from fi_bump.index.consulted import pip_files
from fi_bump.index.http import Http
from fi_bump.index.trust import AUTHORITIES, Setting, Trust
from tests.index.server import AUTHORITY, CLIENT, Index, running
from tests.index.test_pip_proxy import PIP as PIP_ASKS

UNTRUSTED = "the certificate is not trusted"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without configuration, and no variables about certificates."""
    ours = [name for name in os.environ if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy")]
    for name in (*ours, *AUTHORITIES, "SSL_CERT_DIR", "SSL_CLIENT_CERT"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in (("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_CONFIG_DIRS", "none")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr(configuration, "_pip_default", lambda: "https://index.invalid/simple")
    monkeypatch.setattr(retries, "RETRIES", 0)
    monkeypatch.setattr(
        configuration, "pip_files", lambda given: [path for path in pip_files(given) if path[:5] != "/etc/"]
    )
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def asks(index: Index, *given: str, root: str = ".") -> int:
    """Ask as a command does, and return the status."""
    user = find(given, root)
    http = Http(Cache(None), proxy=user.proxy, trust=user.trust)
    http.prepare(index.url)
    return http.get(f"{index.url}/simple/kit/").status


def test_to_prepare_a_request_asks_nothing_and_refuses_nothing() -> None:
    with running(tls=True) as index:
        http = Http(Cache(None), trust=Trust(Setting("/none", "SSL_CERT_FILE")))
        for url in (index.url, index.url.replace("https", "http"), "https://[", "https://a@b@c:x/", "", "/tmp"):
            http.prepare(url)
        with pytest.raises(PackageIndexError, match="cannot be read"):
            http.get(f"{index.url}/simple/kit/")
        assert index.log == []


def refusal(index: Index, *given: str) -> tuple[str, str | None]:
    """Return why the index is not asked, and the help."""
    with pytest.raises(PackageIndexError) as caught:
        asks(index, *given)
    assert caught.value.exit == 3
    return str(caught.value), caught.value.hint


PIP = "config/pip/pip.conf"
UV = "config/uv/uv.toml"
# Options of pip in its file and in variables.
OF_PIP: list[tuple[str, dict[str, str]]] = [
    (f"[global]\ncert = {AUTHORITY}\n", {}),
    (f"[install]\ncert = {AUTHORITY}\n", {}),
    ("", {"PIP_CERT": str(AUTHORITY)}),
    ("[global]\ncert = /none\n", {"PIP_CERT": str(AUTHORITY)}),
    ("[global]\ncert = {folder}\n", {}),
    ("[global]\ntrusted-host = a.invalid\n    127.0.0.1\n", {}),
    ("[global]\ntrusted-host = 127.0.0.1:{port}\n", {}),
    ("", {"PIP_TRUSTED_HOST": "a.invalid 127.0.0.1"}),
]
TRUSTED = [
    *(pytest.param(PIP, text, given, id=f"pip's option {number}") for number, (text, given) in enumerate(OF_PIP)),
    pytest.param(PIP, f"[global]\ncert = {AUTHORITY}\n", {"SSL_CERT_FILE": "/none"}, id="pip's file counts more"),
    pytest.param(PIP, "", {"REQUESTS_CA_BUNDLE": str(AUTHORITY)}, id="the variable of requests"),
    pytest.param(PIP, "", {"SSL_CERT_FILE": str(AUTHORITY)}, id="OpenSSL's variable"),
    pytest.param(PIP, "", {"SSL_CERT_DIR": "{folder}"}, id="OpenSSL's folder"),
    pytest.param(UV, 'allow-insecure-host = ["a.invalid", "127.0.0.1"]\n', {}, id="uv's host"),
    pytest.param(UV, 'allow-insecure-host = ["https://127.0.0.1:{port}"]\n', {}, id="uv's host with a scheme"),
    pytest.param(UV, 'allow-insecure-host = ["*"]\n', {}, id="every host"),
    pytest.param(UV, "", {"UV_INSECURE_HOST": "127.0.0.1"}, id="uv's variable for hosts"),
]


@pytest.fixture
def folder(home: Path) -> Path:
    """The authority in a folder, under the name that OpenSSL looks for."""
    made = home / "authorities"
    made.mkdir()
    # `openssl x509 -hash` of the authority's name.
    shutil.copy(AUTHORITY, made / "06137d8f.0")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("path", "text", "variables"), TRUSTED)
def test_a_server_that_is_trusted(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, variables: dict[str, str]
) -> None:
    with running(tls=True) as index:
        values = {"port": index.url.rpartition(":")[2], "folder": folder}
        write(home / path, text.format(**values))
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(**values))
        assert asks(index) == 404
        # The same settings count for an index of the command line.
        assert asks(index, index.url) == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text", "variables"),
    [
        pytest.param(PIP, "", {}, id="nothing"),
        pytest.param(PIP, f"[list]\ncert = {AUTHORITY}\n", {}, id="the section of another command"),
        pytest.param(PIP, "[global]\ntrusted-host = 127.0.0.1:1\n", {}, id="another port"),
        pytest.param(PIP, "[global]\ntrusted-host = 127.0.0.10 7.0.0.1 0.0.1\n", {}, id="other hosts"),
        pytest.param(PIP, "[global]\ntrusted-host = [127.0.0.1\n", {}, id="not a host"),
        pytest.param(UV, 'allow-insecure-host = ["http://127.0.0.1"]\n', {}, id="another scheme"),
        # The repository is not trusted.
        pytest.param("uv.toml", 'allow-insecure-host = ["*"]\n', {}, id="a file of uv in the repository"),
        pytest.param("pyproject.toml", '[tool.uv]\nallow-insecure-host = ["*"]\n', {}, id="pyproject.toml"),
    ],
)
def test_a_server_that_is_not_trusted(
    home: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, variables: dict[str, str]
) -> None:
    write(home / path, text)
    monkeypatch.chdir(home)
    help_ = "set SSL_CERT_FILE to the file with the index's certificates"
    with running(tls=True) as index:
        assert refusal(index) == (f"{index.url}/simple/kit/: {UNTRUSTED}", help_)
        assert refusal(index, index.url) == (f"{index.url}/simple/kit/: {UNTRUSTED}", help_)
        assert index.log == []


def test_other_certificates_are_not_trusted_and_the_help_names_the_option(home: Path) -> None:
    write(home / PIP, f"[global]\ncert = {CLIENT}\n")
    with running(tls=True) as index:
        expected = f"{index.url}/simple/kit/: {UNTRUSTED}"
        assert refusal(index) == (expected, "set pip's option cert to the file with the index's certificates")


@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("cert", "a file of PEM certificates"),
        ("client-cert", "a PEM file with the client's certificate and its key, without a password"),
    ],
)
@pytest.mark.parametrize("how", ["the file", "the variable"])
def test_a_path_that_cannot_be_used(
    home: Path, monkeypatch: pytest.MonkeyPatch, option: str, wanted: str, how: str
) -> None:
    path = home / "own.pem"
    if how == "the file":
        write(home / PIP, f"[global]\n{option} = {path}\n")
        name = f"pip's option {option}"
    else:
        name = f"PIP_{option.upper().replace('-', '_')}"
        monkeypatch.setenv(name, str(path))
    help_ = f"set {name} to {wanted}, or unset it"
    with running(tls=True) as index:
        assert refusal(index) == (f"{path}: cannot be read: no such file or directory", help_)
        path.write_text("nothing")
        what = "no certificate" if option == "cert" else "no certificate with a key"
        assert refusal(index) == (f"{path}: has {what} that can be read", help_)
        path.unlink()
        os.mkfifo(path)
        assert refusal(index) == (f"{path}: cannot be read: it is not a file", help_)


@pytest.mark.parametrize("name", AUTHORITIES)
def test_a_variable_that_names_no_file(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/none.pem")
    help_ = f"set {name} to a file of PEM certificates, or unset it"
    with running(tls=True) as index:
        assert refusal(index) == ("/none.pem: cannot be read: no such file or directory", help_)
    with running() as plain:
        # Nothing is encrypted on the way.
        assert asks(plain) == 404


CLIENTS = [
    pytest.param(f"[global]\nclient-cert = {CLIENT}\n", {}, id="pip's file"),
    pytest.param("", {"PIP_CLIENT_CERT": str(CLIENT)}, id="pip's variable"),
    pytest.param("", {"SSL_CLIENT_CERT": str(CLIENT)}, id="uv's variable"),
]


@pytest.mark.parametrize(("text", "variables"), CLIENTS)
def test_the_certificate_of_the_client(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str]
) -> None:
    write(home / PIP, text)
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with running(tls=True, asks_clients=True) as index:
        assert asks(index) == 404


def test_a_server_that_wants_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    with running(tls=True, asks_clients=True) as index:
        message, _ = refusal(index)
        assert message.startswith(f"{index.url}/simple/kit/: ")
        assert UNTRUSTED not in message


def test_a_key_with_a_password_is_not_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = home / "locked.pem"
    command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:s3cr3t", "-v2", "aes256", "-in", str(CLIENT)]
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command")
    key = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    locked.write_text(CLIENT.read_text().partition("-----BEGIN EC")[0] + key)
    monkeypatch.setenv("PIP_CLIENT_CERT", str(locked))
    with running(tls=True) as index:
        message, _ = refusal(index)
        assert message == f"{locked}: has no certificate with a key that can be read"


def test_a_default_of_uv_is_asked_without_the_options_of_pip(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / PIP, f"[global]\ncert = {AUTHORITY}\ntrusted-host = 127.0.0.1\n")
    with running(tls=True) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        assert refusal(index)[0] == f"{index.url}/simple/kit/: {UNTRUSTED}"


@pytest.mark.parametrize("value", ["127.0.0.1", ["127.0.0.1", 1], {"host": "127.0.0.1"}])
def test_hosts_of_another_type(home: Path, value: object) -> None:
    text = str(value).replace("'", '"').replace(": ", " = ") if not isinstance(value, str) else f'"{value}"'
    path = write(home / UV, f"allow-insecure-host = {text}\n")
    with pytest.raises(Exception, match="allow-insecure-host is not what uv expects there") as caught:
        find()
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("hosts", "url", "checked"),
    [
        (("::1",), "https://[::1]:8443/simple", False),
        (("[::1]:8443",), "https://[::1]:8443/simple", False),
        (("[::1]:8444",), "https://[::1]:8443/simple", True),
        (("A.Invalid",), "https://a.invalid/simple", False),
        (("a.invalid:443",), "https://a.invalid/simple", False),
        (("a.invalid:x",), "https://a.invalid/simple", True),
        (("invalid",), "https://a.invalid/simple", True),
        (("https://a.invalid",), "https://user@a.invalid/simple", False),
        (("",), "https://a.invalid/simple", True),
        (("*",), "https://[/simple", True),
    ],
)
def test_hosts(hosts: tuple[str, ...], url: str, checked: bool) -> None:
    assert Trust(hosts=hosts).checks(url) is checked


def test_the_variables_for_uv(folder: Path) -> None:
    trust = Trust(Setting(str(AUTHORITY), "cert"), Setting(str(CLIENT), "client-cert"), ("a", "b:1"))
    expected = {"SSL_CERT_FILE": str(AUTHORITY), "SSL_CLIENT_CERT": str(CLIENT), "UV_INSECURE_HOST": "a b:1"}
    assert trust.variables() == expected
    assert Trust(Setting(str(folder), "cert")).variables() == {"SSL_CERT_DIR": str(folder)}
    assert Trust().variables() == {}


@pytest.mark.slow
def test_pip_trusts_the_same(home: Path, folder: Path) -> None:
    asked = []
    with running(tls=True) as index:
        values = {"port": index.url.rpartition(":")[2], "folder": folder}
        # The machine's own configuration counts more than the variables of other tools.
        for number, (text, given) in enumerate(OF_PIP):
            own = home / str(number)
            write(own / PIP, text.format(**values))
            asked.append({**os.environ, "XDG_CONFIG_HOME": str(own / "config"), **given})
        command = [sys.executable, "-c", PIP_ASKS, f"{index.url}/simple/kit/"]
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.stdout == "an older pip\n":
        pytest.skip("this pip is older than the option no-proxy-env")
    assert done.stdout.split() == ["404"] * len(OF_PIP), done.stderr
