"""A hook for mkdocs: add the pages from the top of the repository, with links that work on the site."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

TOP = Path(__file__).resolve().parent.parent
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the top folder."""
    for name, page in PAGES.items():
        text = (TOP / name).read_text().replace("](docs/", "](")
        files.append(File.generated(config, page, content=text))
    return files
