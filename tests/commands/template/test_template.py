"""Tests of `fi-bump template`: whole files compared with golden copies, their paths, and the refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.template.catalog import TEMPLATES
from tests.conftest import LOCK, TREE, Result, Run, plant, snapshot
from tests.golden import golden as golden_file

GOLDEN = Path(__file__).parent / "golden"
TARGETS = {
    "pre-commit": ".pre-commit-config.yaml",
    "github-drift": ".github/workflows/fi-bump-drift.yml",
    "github-bump": ".github/workflows/fi-bump-bump.yml",
    "github-smoke": ".github/workflows/fi-bump-smoke.yml",
    "buildkite": ".buildkite/fi-bump.yml",
    "gitlab": ".gitlab/fi-bump.yml",
    "kubernetes-smoke": "deploy/fi-bump-smoke.yaml",
    "github-compare": ".github/workflows/fi-bump-compare.yml",
    "gitlab-compare": ".gitlab/fi-bump-compare.yml",
    "buildkite-compare": ".buildkite/fi-bump-compare.yml",
    "github-sweep": ".github/workflows/fi-bump-sweep.yml",
    "gitlab-sweep": ".gitlab/fi-bump-sweep.yml",
    "buildkite-sweep": ".buildkite/fi-bump-sweep.yml",
    "kubernetes-sweep": "deploy/fi-bump-sweep.yaml",
    "renovate": "renovate.json",
    "pull-request": ".github/PULL_REQUEST_TEMPLATE/fi-bump.md",
    "git-merge": ".gitattributes",
}
LISTING = """\
pre-commit         pre-commit hook: fail on drift                 .pre-commit-config.yaml
github-drift       GitHub workflow: fail on drift                 .github/workflows/fi-bump-drift.yml
github-bump        GitHub workflow: propose new versions          .github/workflows/fi-bump-bump.yml
github-smoke       GitHub workflow: probes on self-hosted GPUs    .github/workflows/fi-bump-smoke.yml
buildkite          Buildkite steps: check and smoke               .buildkite/fi-bump.yml
gitlab             GitLab jobs: check and smoke                   .gitlab/fi-bump.yml
kubernetes-smoke   Kubernetes Jobs: probes on GPU nodes           deploy/fi-bump-smoke.yaml
github-compare     GitHub workflow: compare tests with nights     .github/workflows/fi-bump-compare.yml
gitlab-compare     GitLab job: compare tests with nights          .gitlab/fi-bump-compare.yml
buildkite-compare  Buildkite step: compare tests with nights      .buildkite/fi-bump-compare.yml
github-sweep       GitHub workflow: a sweep in parts              .github/workflows/fi-bump-sweep.yml
gitlab-sweep       GitLab jobs: a sweep in parts                  .gitlab/fi-bump-sweep.yml
buildkite-sweep    Buildkite steps: a sweep in parts              .buildkite/fi-bump-sweep.yml
kubernetes-sweep   Kubernetes Indexed Job: a sweep in parts       deploy/fi-bump-sweep.yaml
renovate           Renovate: propose new versions                 renovate.json
pull-request       the body of a pull request that moves a group  .github/PULL_REQUEST_TEMPLATE/fi-bump.md
git-merge          git: merge the lock with fi-bump               .gitattributes
"""


def golden(name: str) -> bytes:
    """Return the whole file that the template becomes for the repository `two`."""
    return (GOLDEN / TEMPLATES[name].source).read_bytes()


def test_without_a_name_they_are_listed(run: Run, tmp_path: Path) -> None:
    # There is no lock, and listing does not need one.
    assert run(tmp_path, "template") == Result(0, LISTING, "")


def test_there_is_a_golden_copy_of_each_and_no_other() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(each.source for each in TEMPLATES.values())
    assert {name: template.target for name, template in TEMPLATES.items()} == TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_it_is_printed(two: Path, run: Run, name: str) -> None:
    before = snapshot(two)
    printed = run(two, "template", name)
    expected = golden_file(GOLDEN / TEMPLATES[name].source, printed.out.encode())
    assert printed == Result(0, expected.decode(), "")
    assert snapshot(two) == before


@pytest.mark.parametrize("name", TARGETS)
def test_it_is_written_where_it_belongs(two: Path, run: Run, name: str) -> None:
    before = snapshot(two)
    assert run(two, "template", name, "--write") == Result(0, f"wrote {TARGETS[name]}\n", "")
    after = snapshot(two)
    assert {path: after[path] for path in after.keys() - before.keys()} == {TARGETS[name]: (golden(name), 0o100644)}
    assert {path: after[path] for path in before} == before
    assert run(two, "template", name, "--write") == Result(0, f"{TARGETS[name]} is up to date\n", "")


def test_another_file_is_not_replaced_without_force(two: Path, run: Run) -> None:
    target = two / TARGETS["github-drift"]
    plant(two, {TARGETS["github-drift"]: b"mine\n"})
    complaint = (
        f"{TARGETS['github-drift']}: this file exists and differs from the template\n"
        "help: run it again with --force to replace the file; its changes are lost\n"
    )
    assert run(two, "template", "github-drift", "--write") == Result(2, "", complaint)
    assert target.read_bytes() == b"mine\n"
    assert run(two, "template", "github-drift", "--write", "--force") == Result(
        0, f"wrote {TARGETS['github-drift']}\n", ""
    )
    assert target.read_bytes() == golden("github-drift")


KEPT = "this file exists and may hold other settings, so it was not replaced\n"
ENTRY = (
    "help: add this entry to its repos:\n"
    "  - repo: https://git.example/tools/fi-bump\n"
    "    rev: 0123456789abcdef0123456789abcdef01234567\n"
    "    hooks:\n"
    "      - id: fi-bump-check\n"
)
THEIRS = b"repos:\n- repo: https://example.invalid/y\n  rev: v1\n  hooks: [{id: z}]\n"


def settings() -> str:
    """Return the hint for a configuration of Renovate: the settings of the golden file without its first lines."""
    lines = golden("renovate").decode().split("\n")
    assert lines[:3] == ["{", '  "$schema": "https://docs.renovatebot.com/renovate-schema.json",', lines[2]]
    assert (lines[3], lines[-3:]) == ('  "customManagers": [', ["  ]", "}", ""])
    added = "\n".join(lines[3:-2])
    return f"help: add these settings to it, or name another file with --output PATH:\n{added}\n"


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_shared_configuration_is_never_replaced(two: Path, run: Run, force: tuple[str, ...]) -> None:
    plant(two, {".pre-commit-config.yaml": THEIRS, ".github/renovate.json5": b"{}\n"})
    before = snapshot(two)
    complaint = f".pre-commit-config.yaml: {KEPT}{ENTRY}"
    assert run(two, "template", "pre-commit", "--write", *force) == Result(2, "", complaint)
    complaint = f".github/renovate.json5: {KEPT}{settings()}"
    assert run(two, "template", "renovate", "--write", *force) == Result(2, "", complaint)
    assert snapshot(two) == before


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    ("spelling", "place"),
    [
        (".pre-commit-config.yaml", ".pre-commit-config.yaml"),
        ("./docker/..//.pre-commit-config.yaml", ".pre-commit-config.yaml"),
        ("{root}/.pre-commit-config.yaml", ".pre-commit-config.yaml"),
        ("../two/.pre-commit-config.yaml", ".pre-commit-config.yaml"),
        ("ci/link.yaml", "ci/link.yaml"),
        ("ci/hard.yaml", "ci/hard.yaml"),
        ("folder/.pre-commit-config.yaml", "folder/.pre-commit-config.yaml"),
        ("ci/.Pre-Commit-Config.YAML", "ci/.Pre-Commit-Config.YAML"),
    ],
)
def test_output_does_not_replace_a_shared_configuration(
    two: Path, run: Run, spelling: str, place: str, force: tuple[str, ...]
) -> None:
    plant(two, {".pre-commit-config.yaml": THEIRS, "ci/.Pre-Commit-Config.YAML": THEIRS})
    (two / "ci/link.yaml").symlink_to("../.pre-commit-config.yaml")
    (two / "ci/hard.yaml").hardlink_to(two / ".pre-commit-config.yaml")
    (two / "folder").symlink_to(".")
    before = snapshot(two)
    given = spelling.format(root=two)
    assert run(two, "template", "pre-commit", "--output", given, *force) == Result(2, "", f"{place}: {KEPT}{ENTRY}")
    assert snapshot(two) == before


def test_output_does_not_replace_the_file_that_a_configuration_links_to(two: Path, run: Run) -> None:
    plant(two, {"tools/hooks.yaml": THEIRS})
    (two / ".pre-commit-config.yaml").symlink_to("tools/hooks.yaml")
    complaint = f"tools/hooks.yaml: {KEPT}{ENTRY}"
    assert run(two, "template", "pre-commit", "--output", "tools/hooks.yaml", "--force") == Result(2, "", complaint)
    assert (two / "tools/hooks.yaml").read_bytes() == THEIRS


@pytest.mark.parametrize("place", ["renovate.json", ".github/renovate.json5", ".renovaterc", "ci/renovate.json"])
def test_output_does_not_replace_a_configuration_of_renovate(two: Path, run: Run, place: str) -> None:
    plant(two, {place: b'{"extends": ["local>x/y"]}\n'})
    before = snapshot(two)
    complaint = f"{place}: {KEPT}{settings()}"
    assert run(two, "template", "renovate", "--output", place, "--force") == Result(2, "", complaint)
    assert snapshot(two) == before


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("gitlab", ".pre-commit-config.yaml", KEPT),
        ("gitlab", ".gitlab-ci.yml", KEPT),
        ("buildkite", ".buildkite/pipeline.yml", KEPT),
        ("pre-commit", "renovate.json", KEPT),
        ("git-merge", "renovate.json", KEPT),
        ("renovate", "versions.lock.json", "this file is a lock of fi-bump, so it was not replaced\n"),
    ],
)
def test_output_does_not_replace_the_shared_file_of_another_tool(
    two: Path, run: Run, name: str, place: str, message: str
) -> None:
    if place != "versions.lock.json":
        plant(two, {place: b"include: []\n"})
    before = snapshot(two)
    hint = f"help: run fi-bump template {name} --write, or name another file with --output PATH\n"
    complaint = f"{place}: {message}{hint}"
    assert run(two, "template", name, "--output", place, "--force") == Result(2, "", complaint)
    assert snapshot(two) == before


def test_output_replaces_a_file_that_is_not_shared(two: Path, run: Run) -> None:
    places = ["ci/pipeline.yml", "ci/x.pre-commit-config.yaml", "my-renovate.json"]
    for place in places:
        plant(two, {place: b"mine\n"})
        assert run(two, "template", "gitlab", "--output", place, "--force") == Result(0, f"wrote {place}\n", "")
        assert (two / place).read_bytes() == golden("gitlab")


def test_output_makes_a_shared_configuration_where_none_is(two: Path, run: Run) -> None:
    place = ".pre-commit-config.yaml"
    for said in (f"wrote {place}\n", f"{place} is up to date\n"):
        assert run(two, "template", "pre-commit", "--output", place, "--force") == Result(0, said, "")
    assert (two / place).read_bytes() == golden("pre-commit")


def test_output_names_another_place(two: Path, run: Run) -> None:
    plant(two, {"renovate.json": b"{}\n"})
    assert run(two, "template", "renovate", "--output", "ci/deep/r.json") == Result(0, "wrote ci/deep/r.json\n", "")
    assert (two / "ci/deep/r.json").read_bytes() == golden("renovate")


def test_output_stays_in_the_repository(two: Path, run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (two / "link").symlink_to(outside)
    before = snapshot(two)
    hint = "help: give paths inside the repository's folder\n"
    assert run(two, "template", "gitlab", "--output", "../x.yml") == Result(
        2, "", f"../x.yml: is outside the repository\n{hint}"
    )
    assert run(two, "template", "gitlab", "--output", "link/a/x.yml") == Result(
        3, "", "link/a/x.yml: is behind a link to a folder outside the repository\nhelp: nothing was changed\n"
    )
    assert snapshot(two) == before
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(("name", "place"), [("docker", "docker"), ("docker/", "docker/"), ("", "."), (".", ".")])
def test_a_folder_is_no_place(two: Path, run: Run, name: str, place: str) -> None:
    complaint = f"{place}: this is a folder\nhelp: name a file in the repository\n"
    assert run(two, "template", "gitlab", "--output", name) == Result(2, "", complaint)


@pytest.mark.parametrize(
    "option", [("--write",), ("--output", "x"), ("--group", "kit"), ("--force",), ("--source", "x")]
)
def test_options_without_a_name(two: Path, run: Run, option: tuple[str, ...]) -> None:
    complaint = (
        "fi-bump: --write, --output, --group, --force and --source need the name of a template\n"
        "help: run fi-bump template to list the templates\n"
    )
    assert run(two, "template", *option) == Result(2, "", complaint)


def test_below_the_top_of_a_checkout_nobody_would_read_it(two: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    before = snapshot(two)
    complaint = (
        f".github/workflows/fi-bump-drift.yml: this file only works at the top of {tmp_path}, but the lock is in two\n"
        "help: save the output of fi-bump template github-drift there, and add -C two after each fi-bump in it\n"
    )
    assert run(two, "template", "github-drift", "--write") == Result(2, "", complaint)
    assert snapshot(two) == before
    assert run(two, "template", "github-drift", "--output", "x.yml").code == 0
    assert run(two, "template", "kubernetes-smoke", "--write").code == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("renovte", "did you mean renovate?"),
        ("github", "did you mean github-bump or gitlab or github-sweep?"),
        ("x", f"name one of {', '.join(TARGETS)}"),
    ],
)
def test_an_unknown_name(run: Run, tmp_path: Path, name: str, hint: str) -> None:
    assert run(tmp_path, "template", name) == Result(2, "", f"fi-bump: there is no template '{name}'\nhelp: {hint}\n")


def test_an_installation_without_the_sources(two: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = TEMPLATES["gitlab"]._replace(source="lost.yml")
    monkeypatch.setitem(TEMPLATES, "gitlab", lost)
    complaint = "fi-bump: the template lost.yml is not in this installation\nhelp: install fi-bump again\n"
    assert run(two, "template", "gitlab") == Result(3, "", complaint)


def test_without_a_lock(run: Run, tmp_path: Path) -> None:
    complaint = "there is no lock here\nhelp: run fi-bump init, or give the repository's folder with -C\n"
    assert run(tmp_path, "template", "gitlab") == Result(3, "", f"versions.lock.json: {complaint}")


def test_one_group(two: Path, run: Run) -> None:
    whole = golden("github-bump").decode()
    one = whole.replace('group: ["flashinfer", "kit"]', 'group: ["kit"]')
    assert one != whole
    assert run(two, "template", "github-bump", "--group", "kit") == Result(0, one, "")
    # No probe tests this group, so the steps that run probes are omitted.
    check = golden("buildkite").decode().partition("\n  # The probes are named")[0]
    assert run(two, "template", "buildkite", "--group", "kit") == Result(0, check, "")
    complaint = "fi-bump: the group 'kit' does not have flashinfer-python\nhelp: add the package to a group of versions.lock.json\n"
    assert run(two, "template", "github-smoke", "--group", "kit") == Result(2, "", complaint)
    complaint = "fi-bump: the lock has no group 'kitt'\nhelp: did you mean kit?\n"
    assert run(two, "template", "gitlab", "--group", "kitt") == Result(2, "", complaint)


def test_several_groups_that_the_probes_could_judge(run: Run, tmp_path: Path) -> None:
    second = b"""
    "other": {"version": "0.6.6", "packages": {"flashinfer-python": {}}, "sites": ["other.txt#flashinfer-python"]},
    "flashinfer": {"""
    lock = LOCK.replace(b'\n    "flashinfer": {', second)
    plant(tmp_path, {**TREE, "requirements/other.txt": b"flashinfer-python==0.6.6\n", "versions.lock.json": lock})
    complaint = "fi-bump: 2 groups of the lock have flashinfer-python\nhelp: name one with --group: other, flashinfer\n"
    for name in ("github-smoke", "kubernetes-smoke", "gitlab", "buildkite"):
        assert run(tmp_path, "template", name) == Result(2, "", complaint)
    printed = run(tmp_path, "template", "kubernetes-smoke", "--group", "other")
    assert printed.code == 0
    assert printed.out.count("image: fi-bump-smoke:0.6.6\n") == 2
    assert run(tmp_path, "template", "github-drift").code == 0


def test_a_member_that_a_command_installs_with_a_variable_is_waited_for(engine: Path, run: Run) -> None:
    path = engine / "docker/Dockerfile"
    path.write_bytes(path.read_bytes().replace(b"cu$(echo $CUDA_VERSION | cut -d. -f1,2)", b"cu130"))
    printed = run(engine, "template", "renovate").out
    assert '"minimumGroupSize": 3,' in printed
    path.write_bytes(path.read_bytes().replace(b"flashinfer-jit-cache==", b"other=="))
    assert '"minimumGroupSize": 2,' in run(engine, "template", "renovate").out


def test_a_member_whose_index_cannot_be_asked_is_not_waited_for(engine: Path, run: Run) -> None:
    # A command installs flashinfer-jit-cache from an address that only a running shell knows.
    printed = run(engine, "template", "renovate").out
    assert '"matchPackageNames": ["flashinfer-cubin", "flashinfer-python"],\n      "enabled": true,' in printed
    assert '"minimumGroupSize": 2,' in printed
