"""Every address in the package, the templates and the pages is of a known owner, or of a name that nobody can own."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
PLACES = ("fi_bump", "templates", "docs", "examples", "docker", "requirements")
FILES = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "mkdocs.yml", "pyproject.toml", "Makefile")
HOOKS = (".pre-commit-config.yaml", ".pre-commit-hooks.yaml")
# Hosts of standards and tools, and accounts of the host where anybody may take a free account.
HOSTS = {
    "api.buildkite.com",
    "docs.astral.sh",
    "api.github.com",
    "docs.github.com",
    "docs.gitlab.com",
    "docs.oasis-open.org",
    "docs.renovatebot.com",
    "flashinfer.ai",
    "json-schema.org",
    "keepachangelog.com",
    "packaging.python.org",
    "www.w3.org",
}
ACCOUNTS = {
    "astral-sh",
    "flashinfer-ai",
    "lindell",
    "pre-commit",
    "sgl-project",
    "verl-project",
    "vllm-project",
}
_ADDRESS = re.compile(r"https?://(?P<host>[A-Za-z0-9.-]+\.[A-Za-z0-9-]+)(?::\d+)?(?:/(?P<account>[\w.-]+)(?=/))?")
# Names that are reserved for examples (RFC 2606 and RFC 6761), and words that stand for a host.
_RESERVED = re.compile(r"(?:\A|\.)(?:example|invalid|test|localhost)\Z|\A127\.|\Aexample\.(?:com|org|net)\Z")


def strangers(text: str) -> list[str]:
    """Return the addresses of owners that are not listed."""
    found = []
    for match in _ADDRESS.finditer(text):
        host, account = match["host"].lower(), match["account"]
        if host == "github.com":
            if account is not None and account not in ACCOUNTS:
                found.append(match[0])
        elif host not in HOSTS and not _RESERVED.search(host):
            found.append(match[0])
    return found


def test_an_address_that_nobody_owns_is_found() -> None:
    for text in ("https://github.com/fi-bump/fi-bump", "repo: https://fi-bump.dev/x", "http://wheels.fi-bump.io"):
        assert strangers(text), text
    assert strangers("https://github.com/flashinfer-ai/flashinfer https://a.example/x https://HOST/x") == []


def test_every_address_has_a_known_owner() -> None:
    paths = [path for place in PLACES for path in (TOP / place).rglob("*") if path.suffix != ".pyc" and path.is_file()]
    paths += [TOP / name for name in (*FILES, *HOOKS)]
    texts = {path.relative_to(TOP).as_posix(): path.read_bytes().decode("utf-8", "replace") for path in paths}
    assert {name: found for name, text in texts.items() if (found := strangers(text))} == {}


def test_nothing_installs_the_name_of_a_package_that_is_not_published() -> None:
    command = r"(?:pip3? install|uv (?:pip install|add|tool install|tool run)|uvx|pipx (?:install|run))"
    named = re.compile(rf"{command}(?: -\S+| [\w./-]+)*? ['\"]?fi-bump(?! @)(?:==|>=|['\"`\s]|$)", re.MULTILINE)
    assert named.search('run: python -m pip install "fi-bump==0.1.0"')
    assert named.search("run uvx fi-bump check")
    assert not named.search("python -m pip install 'fi-bump @ git+https://git.example/x@0'")
    paths = [*(TOP / "docs").rglob("*.md"), *(TOP / "templates").iterdir(), TOP / "README.md", TOP / "CONTRIBUTING.md"]
    assert [(path.name, found[0]) for path in paths if (found := named.search(path.read_text()))] == []
