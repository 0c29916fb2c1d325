"""Tests of where a template installs fi-bump from: every kind of source, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fi_bump.template.catalog import TEMPLATES, installs, source
from tests.commands.template.conftest import COMMIT, RECORD, Install
from tests.conftest import Result, Run

SUM = "ab" * 32
FILE = "https://files.example/a/fi_bump-0.1.0-py3-none-any.whl"
LOCAL = "file:///srv/wheels/fi_bump-0.1.0-py3-none-any.whl"
HINT = (
    "help: name fi-bump at one commit or with a checksum: --source git+https://HOST/REPOSITORY@COMMIT, "
    "--source 'https://HOST/FILE.whl#sha256=CHECKSUM', "
    "or --source 'fi-bump==VERSION --hash=sha256:CHECKSUM' if your own index has it\n"
)
INSTALLING = [name for name, template in TEMPLATES.items() if installs(source(template))]
# A record as an installer writes it, and the requirement that each template then has.
RECORDED: dict[str, tuple[dict[str, Any], str]] = {
    "a commit": (RECORD, f"git+https://git.example/tools/fi-bump@{COMMIT}"),
    "a commit over ssh": (
        {"url": "ssh://git@git.example/fi-bump.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
        f"git+ssh://git@git.example/fi-bump.git@{COMMIT}",
    ),
    "a folder of a repository": (
        {**RECORD, "subdirectory": "tools/bump"},
        f"git+https://git.example/tools/fi-bump@{COMMIT}#subdirectory=tools/bump",
    ),
    "an archive": ({"url": FILE, "archive_info": {"hashes": {"sha256": SUM}}}, f"{FILE}#sha256={SUM}"),
    "an archive of an old pip": ({"url": FILE, "archive_info": {"hash": f"sha256={SUM}"}}, f"{FILE}#sha256={SUM}"),
    "a local file": ({"url": LOCAL, "archive_info": {"hashes": {"sha256": SUM}}}, f"{LOCAL}#sha256={SUM}"),
}


def strings(value: object) -> list[str]:
    """Return every text of a YAML document."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    return [text for each in value for text in strings(each)] if isinstance(value, list) else [str(value)]


def requirements(text: str) -> set[str]:
    """Return what a rendered template makes pip or pre-commit install of fi-bump, as the format's parser reads it."""
    document = yaml.safe_load(text)
    found = set()
    for script in strings(document):
        for line in script.split("\n"):
            if " pip install " in line and not line.endswith(" /dev/stdin"):
                found.add(shlex.split(line)[-1])
            elif line.startswith("echo 'fi-bump"):
                found.add(shlex.split(line)[1])
    for entry in document.get("repos", []) if isinstance(document, dict) else []:
        if entry["repo"] != "local":
            found.add(f"fi-bump @ git+{entry['repo']}@{entry['rev']}")
        found |= {each for hook in entry["hooks"] for each in hook.get("additional_dependencies", [])}
    return found


def test_the_templates_that_install_it() -> None:
    assert INSTALLING == [
        "pre-commit",
        "github-drift",
        "github-bump",
        "github-smoke",
        "buildkite",
        "gitlab",
        "github-compare",
        "gitlab-compare",
        "buildkite-compare",
        "github-sweep",
        "gitlab-sweep",
        "buildkite-sweep",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", RECORDED)
@pytest.mark.parametrize("name", INSTALLING)
def test_every_template_from_every_source(two: Path, run: Run, installed: Install, name: str, kind: str) -> None:
    record, expected = RECORDED[kind]
    installed(json.dumps(record), "direct_url.json")
    note = (
        f"note: fi-bump @ {expected} works only where CI has the same files at this path\n" if LOCAL in expected else ""
    )
    done = run(two, "template", name)
    assert (done.code, done.err) == (0, note)
    assert requirements(done.out) == {f"fi-bump @ {expected}"}
    assert "fi-bump==" not in done.out
    assert "github.com/fi-bump" not in done.out
    # pip runs git to fetch a commit, and the slim image has none.
    assert set(re.findall("image: (.+)", done.out)) <= {"python:3.12" if "git+" in expected else "python:3.12-slim"}
    # The requirement is one that pip reads, and --source takes what a record becomes.
    (requirement,) = requirements(done.out)
    parsed = Requirement(requirement)
    assert (canonicalize_name(parsed.name), parsed.url) == ("fi-bump", expected)
    installed(None, "direct_url.json")
    assert run(two, "template", name, "--source", expected) == done
    assert run(two, "template", name, "--source", requirement) == done


@pytest.mark.parametrize("name", INSTALLING)
def test_a_release_of_an_index_with_its_checksums(two: Path, run: Run, name: str) -> None:
    spec = f"fi-bump==0.1.0 --hash=sha256:{SUM} --hash=sha256:{'0' * 64}"
    done = run(two, "template", name, "--source", spec)
    assert (done.code, done.err) == (0, "")
    if name == "pre-commit":
        (entry,) = yaml.safe_load(done.out)["repos"]
        assert entry["repo"] == "local"
        assert [(hook["language"], hook["entry"]) for hook in entry["hooks"]] == [("system", "fi-bump check")]
        return
    # The checksums are checked first; the second command finds fi-bump installed, and adds what it needs.
    assert requirements(done.out) == {spec, "fi-bump==0.1.0"}
    first = "--no-deps --require-hashes --requirement /dev/stdin"
    assert done.out.count(first) == done.out.count(f"echo '{spec}' |\n") > 0
    last = [line.split()[-1] for line in done.out.split("\n") if " pip install " in line]
    assert last == ["/dev/stdin", "'fi-bump==0.1.0'"] * (len(last) // 2)


def test_a_local_hook_installs_an_archive(two: Path, run: Run) -> None:
    done = run(two, "template", "pre-commit", "--source", f"{FILE}#sha256={SUM}")
    assert done.out.partition("repos:\n")[2] == (
        "  - repo: local\n    hooks:\n      - id: fi-bump-check\n        name: fi-bump check\n"
        "        entry: fi-bump check\n        language: python\n"
        f'        additional_dependencies: ["fi-bump @ {FILE}#sha256={SUM}"]\n'
        "        pass_filenames: false\n        always_run: true\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (None, "no installer recorded where this copy of fi-bump is from"),
        ("{", "no installer recorded where this copy of fi-bump is from"),
        ("[]", "no installer recorded where this copy of fi-bump is from"),
        (
            '{"url": "file:///home/me/fi%20bump", "dir_info": {"editable": true}}',
            "this copy of fi-bump was installed from the folder /home/me/fi bump",
        ),
        (
            '{"url": "file:///home/me/x", "dir_info": {}}',
            "this copy of fi-bump was installed from the folder /home/me/x",
        ),
        (
            json.dumps({"url": FILE, "archive_info": {}}),
            f"this copy of fi-bump was installed from {FILE}, without a commit or a checksum to install again",
        ),
        (
            json.dumps({"url": "https://u:secret@git.example/x", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}),
            "this copy of fi-bump was installed from https://git.example/x, without a commit or a checksum to install again",
        ),
        (
            json.dumps({"url": "https://hg.example/x", "vcs_info": {"vcs": "hg", "commit_id": COMMIT}}),
            "this copy of fi-bump was installed from https://hg.example/x, without a commit or a checksum to install again",
        ),
        (
            '{"vcs_info": {"vcs": "git"}}',
            "this copy of fi-bump was installed from an unknown address, without a commit or a checksum to install again",
        ),
    ],
)
def test_copies_that_nobody_else_can_install(
    two: Path, run: Run, installed: Install, record: str | None, sentence: str
) -> None:
    (two.parent / "site-packages/fi_bump-1.2.3.dist-info/direct_url.json").unlink()
    installed(record, "direct_url.json")
    for name in INSTALLING:
        assert run(two, "template", name) == Result(2, "", f"fi-bump: {sentence}\n{HINT}")
    # What the help says works as it is, for a place of the user's own.
    spec = re.findall(r"--source '?([^', ]+)", HINT)[0].replace("HOST", "git.example").replace("COMMIT", COMMIT)
    assert run(two, "template", "gitlab", "--source", spec).code == 0


def test_the_record_of_another_copy_is_not_believed(two: Path, run: Run) -> None:
    package = two.parent / "site-packages/fi_bump"
    package.unlink()
    package.mkdir()
    (package / "__init__.py").write_bytes(b"")
    sentence = "no installer recorded where this copy of fi-bump is from"
    assert run(two, "template", "gitlab") == Result(2, "", f"fi-bump: {sentence}\n{HINT}")


def test_a_record_of_an_index(two: Path, run: Run, installed: Install) -> None:
    (two.parent / "site-packages/fi_bump-1.2.3.dist-info/direct_url.json").unlink()
    installed(json.dumps({"url": FILE, "archive_info": {"hashes": {"sha256": SUM}}}), "provenance_url.json")
    assert requirements(run(two, "template", "gitlab").out) == {f"fi-bump @ {FILE}#sha256={SUM}"}


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("fi-bump", "fi-bump"),
        ("fi-bump==0.1.0", "fi-bump==0.1.0"),
        ("fi-bump>=0.1.0", "fi-bump>=0.1.0"),
        (f"other==0.1.0 --hash=sha256:{SUM}", f"other==0.1.0 --hash=sha256:{SUM}"),
        ("git+https://git.example/x@main", "git+https://git.example/x@main"),
        ("git+https://git.example/x@0123456", "git+https://git.example/x@0123456"),
        ("git+https://git.example/x", "git+https://git.example/x"),
        (f"git+http://git.example/x@{COMMIT}", f"git+http://git.example/x@{COMMIT}"),
        (f"git+https://me:secret@git.example/x@{COMMIT}", f"git+https://git.example/x@{COMMIT}"),
        (FILE, FILE),
        (f"{FILE}?token=secret#sha256={SUM}", f"{FILE}?token=****#sha256={SUM}"),
        (f"{FILE}#md5={SUM}", f"{FILE}#md5={SUM}"),
        (f"{FILE}'; rm -rf x #sha256={SUM}", f"{FILE}'; rm -rf x #sha256={SUM}"),
        (f"https://git.example/$(id)/x.whl#sha256={SUM}", f"https://git.example/$(id)/x.whl#sha256={SUM}"),
        (f"https://git.example/${{{{ x }}}}.whl#sha256={SUM}", f"https://git.example/${{{{ x }}}}.whl#sha256={SUM}"),
        (".", "."),
        ("", ""),
    ],
)
def test_a_source_that_may_change(two: Path, run: Run, spec: str, shown: str) -> None:
    sentence = f"--source {shown}: is not fi-bump at one commit or with a checksum\n{HINT}"
    assert run(two, "template", "gitlab", "--source", spec) == Result(2, "", sentence)


def test_a_template_that_does_not_install_it_needs_no_source(two: Path, run: Run, installed: Install) -> None:
    (two.parent / "site-packages/fi_bump-1.2.3.dist-info/direct_url.json").unlink()
    for name in TEMPLATES.keys() - set(INSTALLING):
        assert run(two, "template", name).code == 0
        sentence = f"fi-bump: {name} does not install fi-bump\nhelp: run it again without --source\n"
        assert run(two, "template", name, "--source", "x") == Result(2, "", sentence)
