"""Tables that install packages: pyproject.toml with uv or pixi, pixi.toml, Pipfile, and pip's list in conda YAML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from fi_bump.formats.shared.requirement_text import named
from fi_bump.grammar import canonical_name
from fi_bump.installs.model import IndexAddress, IndexOptions, Installation, resolved
from fi_bump.pins import Place, Source
from fi_bump.untrusted import entries, table, texts

_ITEM = re.compile(rb"^[ \t]*-[ \t]+[\"']?(?P<text>[^\r\n#\"']+)", re.MULTILINE)
_CONDA_OPTION = re.compile(r"(?P<name>--index-url|-i|--extra-index-url)(?:\s*=\s*|\s+)(?P<url>\S+)")


def in_toml(source: Source) -> list[Installation]:
    """Return what a pyproject.toml, pixi.toml or Pipfile installs; nothing for a file that is not TOML."""
    try:
        document = tomllib.loads(source.data.decode("utf-8-sig"))
    except ValueError:
        return []  # the scan reports it
    name = source.path.rpartition("/")[2]
    if name == "Pipfile":
        return _pipfile(source, document)
    tool = table(document, "tool")
    pixi = document if name == "pixi.toml" else table(tool, "pixi")
    uv = table(tool, "uv")
    is_uv = "uv" in tool
    found = _uv(source, uv, _names_of_project(document)) if is_uv else _plain(source, _names_of_project(document))
    return [*found, *_pixi(source, pixi)]


def _plain(source: Source, names: Iterable[str]) -> list[Installation]:
    installation = Installation(Place(source.path), frozenset(names), IndexOptions(), frozenset({source.path}))
    return [installation] if installation.names else []


def _names_of_project(document: dict[str, Any]) -> Iterator[str]:
    """Yield the packages of a project's dependencies, extras and groups."""
    project = table(document, "project")
    uv = table(table(document, "tool"), "uv")
    lists = [
        project.get("dependencies"),
        *table(project, "optional-dependencies").values(),
        *table(document, "dependency-groups").values(),
        table(document, "build-system").get("requires"),
        *(uv.get(f"{name}-dependencies") for name in ("override", "constraint", "dev")),
    ]
    for text in (text for each in lists for text in texts(each)):
        head = named(text.encode())
        if head:
            yield head[0]
    poetry = table(table(document, "tool"), "poetry")
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    tables += [group.get("dependencies") for group in table(poetry, "group").values() if isinstance(group, dict)]
    for each in tables:
        yield from (canonical_name(name) for name in (each if isinstance(each, dict) else ()))


def _uv(source: Source, uv: dict[str, Any], names: Iterable[str]) -> list[Installation]:
    """Return the installations of a project of uv: packages with an index of their own in tool.uv.sources, and others.

    An index that is `explicit` serves only the packages that name it (uv's documentation, Package indexes).
    """
    listed = [each for each in entries(uv.get("index")) if isinstance(each, dict) and isinstance(each.get("url"), str)]
    by_name = {each["name"]: _address(source, each["url"]) for each in listed if isinstance(each.get("name"), str)}
    defaults = [each["url"] for each in listed if each.get("default")] + texts([uv.get("index-url")])
    extra = [each["url"] for each in listed if not each.get("default") and not each.get("explicit")]
    extra += texts(uv.get("extra-index-url"))
    options = IndexOptions(
        "uv",
        _address(source, defaults[0]) if defaults else None,
        tuple(_address(source, url) for url in extra),
        all_indexes=str(uv.get("index-strategy", "")).startswith("unsafe-"),
        elsewhere=tuple(IndexAddress(link, None, Place(source.path)) for link in texts(uv.get("find-links"))),
    )
    own: dict[str, list[IndexAddress]] = {}
    for package, given in table(uv, "sources").items():
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, dict) and each.get("index") in by_name:
                own.setdefault(canonical_name(package), []).append(by_name[each["index"]])
    wanted = set(names)
    return _split(source, wanted, options, own, "uv")


def _split(
    source: Source, names: set[str], options: IndexOptions, own: dict[str, list[IndexAddress]], tool: str
) -> list[Installation]:
    """Return an installation for the packages that all indexes serve, and one for each index of one package."""
    paths = frozenset({source.path})
    found = [Installation(Place(source.path), frozenset(names - own.keys()), options, paths)]
    for package, addresses in own.items():
        if package in names:
            for address in addresses:
                alone = IndexOptions(tool, address, alone=True, all_indexes=False)
                found.append(Installation(address.place, frozenset({package}), alone, paths))
    return [each for each in found if each.names]


def _pixi(source: Source, pixi: dict[str, Any]) -> list[Installation]:
    """Return the PyPI packages of pixi, which resolves them with uv. A feature may have indexes of its own."""
    found = []
    features = [each for each in table(pixi, "feature").values() if isinstance(each, dict)]
    for part in (pixi, *features):
        packages = {canonical_name(name): given for name, given in table(part, "pypi-dependencies").items()}
        given = {**table(pixi, "pypi-options"), **table(part, "pypi-options")}
        default = texts([given.get("index-url")])
        options = IndexOptions(
            "uv",
            _address(source, default[0]) if default else None,
            tuple(_address(source, url) for url in texts(given.get("extra-index-urls"))),
            all_indexes=str(given.get("index-strategy", "")).startswith("unsafe-"),
        )
        own = {
            name: [_address(source, each["index"])]
            for name, each in packages.items()
            if isinstance(each, dict) and isinstance(each.get("index"), str)
        }
        found += _split(source, set(packages), options, own, "uv")
    return found


def _pipfile(source: Source, document: dict[str, Any]) -> list[Installation]:
    """Return the packages of a Pipfile: from its first source, unless a package names another one."""
    sources = [each for each in entries(document.get("source")) if isinstance(each, dict)]
    sources = [each for each in sources if isinstance(each.get("url"), str)]
    urls = {str(each.get("name", "")): resolved(each["url"], Place(source.path)) for each in sources}
    packages: dict[str, object] = {}
    for section in ("dev-packages", "packages"):
        packages |= {canonical_name(name): given for name, given in table(document, section).items()}
    own = {
        name: [urls[given["index"]]]
        for name, given in packages.items()
        if isinstance(given, dict) and given.get("index") in urls
    }
    options = IndexOptions("pip", next(iter(urls.values()), None), alone=True) if urls else IndexOptions()
    return _split(source, set(packages), options, own, "pip")


def in_conda_yaml(source: Source) -> list[Installation]:
    """Return the packages in the pip list of a conda environment, which takes the lines of a requirement file."""
    if b"index-url" not in source.data:
        return []
    names = set()
    options = IndexOptions()
    for match in _ITEM.finditer(source.data):
        text = match["text"].decode("utf-8", "replace").strip()
        line = source.position(match.start("text"))[0]
        option = _CONDA_OPTION.match(text)
        if option is None:
            head = named(text.encode())
            names |= {head[0]} if head else set()
        elif option["name"] == "--extra-index-url":
            options = options._replace(extra=(*options.extra, resolved(option["url"], Place(source.path, line))))
        else:
            default = resolved(option["url"], Place(source.path, line))
            options = options._replace(default=default, extra=(), alone=True)
    if not options.addresses:
        return []
    return [Installation(options.addresses[0].place, frozenset(names), options, frozenset({source.path}))]


def _address(source: Source, url: str) -> IndexAddress:
    """Return an address with the line on which the file has it."""
    offset = source.data.find(url.encode())
    line = source.position(offset)[0] if offset >= 0 else 1
    return resolved(url, Place(source.path, line))
