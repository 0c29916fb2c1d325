"""Where releases have their pages: the repository of a group on github.com, and the address of a tag's page there."""

from __future__ import annotations

from fi_bump.lock.records import Group

_HOST = "github.com/"


def pages_of(group: Group) -> str | None:
    """Return the repository with the pages of a group's releases as `github.com/owner/name`, or None."""
    return next((each for each in group.repositories if each.startswith(_HOST) and each.count("/") == 2), None)


def release_page(group: Group, version: str) -> str | None:
    """Return the address of a release's page and notes, or None if no repository of the group has any."""
    repository = pages_of(group)
    return None if repository is None else page_of(repository, f"v{version}")


def page_of(repository: str, tag: str) -> str:
    """Return the address of the page of a tag."""
    from urllib.parse import quote  # A move without a terminal prints no address.

    return f"https://{repository}/releases/tag/{quote(tag, safe='')}"
