"""The commands and the hook that install fi-bump from its source, as text for a template."""

from __future__ import annotations

import json

from fi_bump.template.origin import Origin


def install(source: Origin, python: str) -> str:
    """Return shell commands that install fi-bump for `python`, which is quoted already.

    pip takes the checksum of a release in a file only, and then wants one for every dependency, so that these are
    installed by a second command.
    """
    if not source.hashes:
        return f"{python} -m pip install '{source.requirement}'"
    return (
        f"echo '{source.requirement} {source.hashes}' |\n"
        f"  {python} -m pip install --no-deps --require-hashes --requirement /dev/stdin\n"
        f"{python} -m pip install '{source.requirement}'"
    )


def pre_commit_entry(source: Origin) -> str:
    """Return the entry for `repos:` of .pre-commit-config.yaml, without indent.

    pre-commit clones a whole git repository. It installs another source into an environment of a local hook, but
    without checksums of a release, so that hook runs the fi-bump that is installed.
    """
    if source.repository:
        return f"- repo: {source.repository}\n  rev: {source.commit}\n  hooks:\n    - id: fi-bump-check"
    if source.hashes:
        kind = f"language: system # install it first: {source.requirement}"
    else:
        kind = f"language: python\n      additional_dependencies: [{json.dumps(source.requirement)}]"
    return (
        "- repo: local\n  hooks:\n    - id: fi-bump-check\n      name: fi-bump check\n      entry: fi-bump check\n"
        f"      {kind}\n      pass_filenames: false\n      always_run: true"
    )
