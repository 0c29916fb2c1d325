"""The templates by name: what each is, and where it belongs in a repository."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from typing import Literal, NamedTuple

from fi_bump.errors import InternalError, UsageError


class Template(NamedTuple):
    """One template.

    `source` is its file in templates/, `target` where --write puts it. `smoke` says how much of it runs the smoke
    stage: what is whole of it is nothing without a group that the probes judge. `rivals` are other places where the
    same tool looks for a file of this purpose; a template that has them is a tool's whole configuration, and is never
    written over one that is there. `at_top` says whether it is of use at the top of a checkout alone.
    """

    name: str
    source: str
    target: str
    summary: str
    smoke: Literal["none", "part", "whole"] = "none"
    rivals: tuple[str, ...] = ()
    at_top: bool = True


TEMPLATES = {
    template.name: template
    for template in (
        Template(
            "pre-commit",
            "pre-commit.yaml",
            ".pre-commit-config.yaml",
            "the hook that fails a commit on drift",
            rivals=(".pre-commit-config.yaml",),
        ),
        Template(
            "github-drift",
            "github-drift.yml",
            ".github/workflows/fi-bump-drift.yml",
            "GitHub workflow: fail on drift",
        ),
        Template(
            "github-bump",
            "github-bump.yml",
            ".github/workflows/fi-bump-bump.yml",
            "GitHub workflow: propose what every member has",
        ),
        Template(
            "github-smoke",
            "github-smoke.yml",
            ".github/workflows/fi-bump-smoke.yml",
            "GitHub workflow: probes on self-hosted GPUs",
            smoke="whole",
        ),
        Template("buildkite", "buildkite.yml", ".buildkite/fi-bump.yml", "Buildkite steps: check and smoke", "part"),
        Template("gitlab", "gitlab.yml", ".gitlab/fi-bump.yml", "GitLab jobs: check and smoke", "part"),
        Template(
            "kubernetes-smoke",
            "kubernetes-smoke.yaml",
            "deploy/fi-bump-smoke.yaml",
            "Kubernetes Jobs: probes on GPU nodes",
            smoke="whole",
            at_top=False,
        ),
        Template(
            "renovate",
            "renovate.json",
            "renovate.json",
            "Renovate: propose what every member has",
            rivals=(
                *("renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5"),
                *(".gitlab/renovate.json", ".gitlab/renovate.json5", ".renovaterc", ".renovaterc.json"),
            ),
        ),
        Template(
            "pull-request",
            "pull-request.md",
            ".github/PULL_REQUEST_TEMPLATE/fi-bump.md",
            "the body of a pull request that moves a group",
        ),
    )
}


def find(name: str) -> Template:
    """The template of that name. Raises UsageError with the nearest names."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    close = get_close_matches(name, TEMPLATES)
    hint = f"did you mean {' or '.join(close)}?" if close else f"the templates are {', '.join(TEMPLATES)}"
    raise UsageError(f"there is no template '{name}'", hint=hint)


def source(template: Template) -> str:
    """The template's text, not filled in: out of the installed package, or beside it in a checkout."""
    package = files("fi_bump")
    # A wheel carries templates/ inside the package; a checkout, also when it is installed editable, has it beside.
    for folder in (package.joinpath("data", "templates"), package.joinpath("..", "templates")):
        file = folder.joinpath(template.source)
        if file.is_file():
            return file.read_bytes().decode("utf-8")
    raise InternalError(f"the template {template.source} is not in this installation", hint="install fi-bump again")
