"""The files that a template never replaces: configurations of whole tools, and the lock."""

from __future__ import annotations

import os
from collections.abc import Iterable

from fi_bump.lock.records import LOCK_NAME
from fi_bump.template.catalog import TEMPLATES

# The paths where tools read a configuration that may hold more than fi-bump's part, and the lock itself.
NEVER_REPLACED = (
    *dict.fromkeys(rival for template in TEMPLATES.values() for rival in template.rivals),
    ".pre-commit-config.yml",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".buildkite/pipeline.yml",
    ".buildkite/pipeline.yaml",
    LOCK_NAME,
)


def shared_name(root: str, path: str) -> str | None:
    """Return the entry of NEVER_REPLACED that an existing file is, by any spelling of its path; None for another file.

    The file is one of them if it has its name, in any folder and in any case, before or after links are followed, or
    if it is the file that the entry links to.
    """
    real = os.path.relpath(os.path.realpath(os.path.join(root, path)), os.path.realpath(root)).replace(os.sep, "/")
    return _named((path, real)) or _same(root, path)


def _named(spellings: Iterable[str]) -> str | None:
    ends = [f"/{spelling}".casefold() for spelling in spellings]
    return next((name for name in NEVER_REPLACED if any(end.endswith(f"/{name}".casefold()) for end in ends)), None)


def _same(root: str, path: str) -> str | None:
    for name in NEVER_REPLACED:
        try:
            if os.path.samefile(os.path.join(root, name), os.path.join(root, path)):
                return name
        except OSError:  # The repository does not have that file.
            continue
    return None
