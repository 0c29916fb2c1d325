"""A hook for mkdocs: pages from the top of the repository, terminal sessions with colour, tables with named cells."""

from __future__ import annotations

import json
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

TOP = Path(__file__).resolve().parent.parent
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# What tools/docs.py filled in, and other blocks that begin with a prompt.
_SESSION = re.compile(r"^```\n(?=\$ )", re.MULTILINE)
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<th[^>]*>(.*?)</th>", re.DOTALL)
_ROW = re.compile(r"<tr>\s*<td.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<td")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the top folder, the schemas, and an entry for the catalog that editors find schemas in."""
    for name, page in PAGES.items():
        text = (TOP / name).read_text().replace("](docs/", "](")
        files.append(File.generated(config, page, content=text))
    for path, text in schemas(config.site_url or "").items():
        files.append(File.generated(config, path, content=text))
    return files


def schemas(site: str) -> dict[str, str]:
    """Return the text of each schema by its path in the site, with its address there as its `$id`.

    With an address, `schemas/schemastore.json` is what the JSON Schema Store's catalog takes for versions.lock.json.
    """
    made = {}
    for source in sorted((TOP / "fi_bump/schemas").iterdir()):
        path = f"schemas/{source.name}"
        document = json.loads(source.read_bytes())
        if site:
            document = {"$schema": document.pop("$schema"), "$id": f"{site}{path}", **document}
        made[path] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if site:
        lock = json.loads(made["schemas/versions.lock.schema.json"])
        entry = {
            "name": "fi-bump versions.lock.json",
            "description": lock["description"],
            "fileMatch": ["versions.lock.json"],
            "url": lock["$id"],
        }
        made["schemas/schemastore.json"] = json.dumps(entry, indent=2, ensure_ascii=False) + "\n"
    return made


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Call a block that begins with a prompt a terminal session, so that it is highlighted and copied as one."""
    return _SESSION.sub("```console\n", markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write the name of its column into each cell of a table, for screens that show a row as a list."""
    return _TABLE.sub(lambda table: _with_columns(table[0]), html)


def _with_columns(table: str) -> str:
    names = [escape(_text(head)) for head in _HEAD.findall(table)]

    def row(match: re.Match[str]) -> str:
        left = iter(names)
        return _CELL.sub(lambda cell: f'<td data-column="{name}"' if (name := next(left, "")) else cell[0], match[0])

    return _ROW.sub(row, table)


class _Words(HTMLParser):
    """Collects the text of some HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _text(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    return "".join(reader.words).strip()
