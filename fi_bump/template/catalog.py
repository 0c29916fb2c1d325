"""The templates by name, with each one's purpose and its usual path in a repository."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal, NamedTuple

from fi_bump.errors import InternalError, UsageError, did_you_mean


class Template(NamedTuple):
    """One template.

    `source` is its file in templates/, and `target` the path that --write uses. `smoke` says how much of it runs
    `smoke`: a "whole" one needs a group that the probes test, a "part" is omitted if there is none. `rivals` are
    the paths where the same tool looks for its configuration; if one of them exists, --write does not replace it.
    `at_top` says whether the file only works at the top of a checkout.
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
            "pre-commit hook: fail on drift",
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
            "GitHub workflow: propose new versions",
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
            "github-compare",
            "github-compare.yml",
            ".github/workflows/fi-bump-compare.yml",
            "GitHub workflow: compare tests with nights",
        ),
        Template(
            "gitlab-compare",
            "gitlab-compare.yml",
            ".gitlab/fi-bump-compare.yml",
            "GitLab job: compare tests with nights",
        ),
        Template(
            "buildkite-compare",
            "buildkite-compare.yml",
            ".buildkite/fi-bump-compare.yml",
            "Buildkite step: compare tests with nights",
        ),
        Template(
            "github-sweep",
            "github-sweep.yml",
            ".github/workflows/fi-bump-sweep.yml",
            "GitHub workflow: a sweep in parts",
            smoke="whole",
        ),
        Template(
            "gitlab-sweep",
            "gitlab-sweep.yml",
            ".gitlab/fi-bump-sweep.yml",
            "GitLab jobs: a sweep in parts",
            smoke="whole",
        ),
        Template(
            "buildkite-sweep",
            "buildkite-sweep.yml",
            ".buildkite/fi-bump-sweep.yml",
            "Buildkite steps: a sweep in parts",
            smoke="whole",
        ),
        Template(
            "kubernetes-sweep",
            "kubernetes-sweep.yaml",
            "deploy/fi-bump-sweep.yaml",
            "Kubernetes Indexed Job: a sweep in parts",
            smoke="whole",
            at_top=False,
        ),
        Template(
            "renovate",
            "renovate.json",
            "renovate.json",
            "Renovate: propose new versions",
            rivals=(
                "renovate.json",
                "renovate.json5",
                ".github/renovate.json",
                ".github/renovate.json5",
                ".gitlab/renovate.json",
                ".gitlab/renovate.json5",
                ".renovaterc",
                ".renovaterc.json",
            ),
        ),
        Template(
            "pull-request",
            "pull-request.md",
            ".github/PULL_REQUEST_TEMPLATE/fi-bump.md",
            "the body of a pull request that moves a group",
        ),
        Template(
            "git-merge",
            "gitattributes",
            ".gitattributes",
            "git: merge the lock with fi-bump",
            rivals=(".gitattributes",),
            at_top=False,
        ),
    )
}


def find(name: str) -> Template:
    """Return the template with that name. Raises UsageError with similar names."""
    if name in TEMPLATES:
        return TEMPLATES[name]
    hint = did_you_mean(name, TEMPLATES, f"name one of {', '.join(TEMPLATES)}")
    raise UsageError(f"there is no template '{name}'", hint=hint)


def source(template: Template) -> str:
    """Return the template's text before it is filled in. Raises InternalError if the installation lacks it."""
    package = files("fi_bump")
    # A wheel contains templates/ inside the package; in a checkout, editable or not, it is next to the package.
    for folder in (package.joinpath("data", "templates"), package.joinpath("..", "templates")):
        file = folder.joinpath(template.source)
        if file.is_file():
            return file.read_bytes().decode("utf-8")
    raise InternalError(f"the template {template.source} is not in this installation", hint="install fi-bump again")


def installs(text: str) -> bool:
    """Whether a template's text installs fi-bump, so that it needs to know from where."""
    return "<<install" in text or "<<hook>>" in text
