"""Tests of `set --commit` with the real git: one commit of the moved files, or a refusal before any write."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fi_bump.boundary import processes, programs
from fi_bump.git import commits
from tests.commands.conftest import Ask
from tests.commands.pr_body.conftest import git
from tests.conftest import LOCK, NEW, OLD, TREE, UNKNOWN, Run, plant, snapshot

PAGE = "https://github.com/flashinfer-ai/flashinfer/releases/tag/v"
MESSAGE = f"""\
flashinfer {OLD} -> {NEW}

5 pins in 4 files, in step; 1 conflict; 2 places to look at; smoke not run

What moves:
  docker/Dockerfile:3          FLASHINFER_VERSION                   {OLD}  {NEW}
  docker/Dockerfile.nightly:2  github.com/flashinfer-ai/flashinfer  {OLD}  {NEW}
  docker/versions.json:5       FLASHINFER_VERSION                   {OLD}  {NEW}
  requirements/cuda.txt:5      flashinfer-python                    {OLD}  {NEW}
  requirements/cuda.txt:6      flashinfer-cubin                     {OLD}  {NEW}

Releases of flashinfer on the way:
  0.6.9 {PAGE}0.6.9                2026-04-16
  0.6.10 {PAGE}0.6.10              2026-05-04, yanked: wrong | <b>results</b>
  {NEW} {PAGE}{NEW}  2026-05-20

Audit:
  requirements/cuda.txt:3: numba==0.61.2 conflicts with flashinfer-python {NEW}, which needs numba>=0.62 [conflict]
  to resolve this, run fi-bump set flashinfer=={NEW} numba==0.62.0

To look at:
  docs/a|b.md:3 doc: | `pip install flashinfer-python=={OLD}` | <b>@octocat</b> #12 |
  src/gate.py:3 exact gate: if flashinfer.__version__ == "{OLD}":

Not run:
  {UNKNOWN}
  smoke of flashinfer: not run; run fi-bump smoke --group flashinfer --output smoke.json on a GPU
"""
FILES = [*sorted(TREE), "versions.lock.json"]


def committed_files(root: Path) -> list[str]:
    """Return the files of the last commit."""
    return git(root, "show", "--format=", "--name-only", "HEAD").split("\n")[:-1]


def hook(root: Path, name: str, script: str) -> None:
    """Install a git hook in the repository."""
    path = root / ".git/hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def refused(root: Path, run: Run, *arguments: str) -> tuple[int, str]:
    """Return the exit code and the first line of a refusal, and assert that nothing changed."""
    before, head, status = snapshot(root), git(root, "rev-list", "--all"), git(root, "status", "--porcelain")
    result = run(root, "set", NEW, "--commit", *arguments)
    assert result.out == ""
    assert (snapshot(root), git(root, "rev-list", "--all"), git(root, "status", "--porcelain")) == (
        before,
        head,
        status,
    )
    return result.code, result.err.replace(str(root), "ROOT").split("\n")[0]


def test_one_commit_in_the_words_of_the_body(committed: Path, ask: Ask) -> None:
    result = ask(committed, "set", NEW, "--commit")
    assert (result.code, result.err) == (0, "")
    name = git(committed, "rev-parse", "--short", "HEAD").strip()
    assert result.out.split("\n")[-2] == f"committed {name}: flashinfer {OLD} -> {NEW}"
    assert git(committed, "log", "-1", "--format=%B").rstrip("\n") + "\n" == MESSAGE
    assert committed_files(committed) == FILES
    assert git(committed, "status", "--porcelain") == ""


def test_nothing_else_goes_along(committed: Path, run: Run) -> None:
    plant(committed, {"staged.txt": b"x", "docs/a|b.md": b"edited", "new.txt": b"y"})
    git(committed, "add", "staged.txt")
    before = git(committed, "status", "--porcelain")
    assert run(committed, "set", NEW, "--commit").code == 0
    assert committed_files(committed) == FILES
    assert git(committed, "status", "--porcelain") == before


def test_below_the_top_of_the_work_tree_and_odd_names(committed: Path, run: Run) -> None:
    below = committed / "engines/a b"
    # If git took this name as a pattern, it would also match the edited file.
    odd = "requirements/a*.txt"
    plant(below, {"versions.lock.json": LOCK, **TREE, odd: b"flashinfer-python==0.6.8.post1\n"})
    plant(below, {"requirements/a.txt": b"numba\n"})
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "below")
    plant(below, {"requirements/a.txt": b"numba>1\n"})
    assert run(below, "set", NEW, "--commit").code == 0
    assert sorted(committed_files(committed)) == sorted(f"engines/a b/{name}" for name in [*FILES, odd])
    assert git(committed, "status", "--porcelain") == ' M "engines/a b/requirements/a.txt"\n'


def test_a_comment_character_and_a_clean_up_of_the_users(committed: Path, run: Run) -> None:
    git(committed, "config", "commit.cleanup", "strip")
    git(committed, "config", "core.commentChar", "f")
    assert run(committed, "set", NEW, "--commit").code == 0
    assert git(committed, "log", "-1", "--format=%s") == f"flashinfer {OLD} -> {NEW}\n"


def test_hooks_run_and_may_refuse(committed: Path, run: Run, tmp_path: Path) -> None:
    hook(committed, "pre-commit", "echo 'no bumps on a Friday' >&2; exit 1")
    body = tmp_path / "body.md"
    result = run(committed, "set", NEW, "--commit", "--pr-body", str(body))
    assert result.code == 3
    assert result.err == (
        "fi-bump: git made no commit\n  no bumps on a Friday\n"
        "help: the files are changed: fix what git reports and commit them, or undo the change with git checkout\n"
    )
    assert git(committed, "log", "--format=%s") == "tree\n"
    assert git(committed, "diff", "--name-only").split("\n")[:-1] == FILES
    assert body.read_text().startswith(f"## flashinfer {OLD} -> {NEW}\n")


def test_a_hook_sees_the_message(committed: Path, run: Run) -> None:
    hook(committed, "commit-msg", 'printf "\\nSigned-off-by: t\\n" >> "$1"')
    assert run(committed, "set", NEW, "--commit").code == 0
    assert git(committed, "log", "-1", "--format=%B").rstrip("\n").split("\n")[-1] == "Signed-off-by: t"


def test_a_signature_is_asked_for_as_configured(committed: Path, run: Run, tmp_path: Path) -> None:
    plant(tmp_path, {"gpg": b"#!/bin/sh\necho 'no secret key' >&2\nexit 2\n"})
    os.chmod(tmp_path / "gpg", 0o755)
    git(committed, "config", "commit.gpgSign", "true")
    git(committed, "config", "gpg.program", str(tmp_path / "gpg"))
    result = run(committed, "set", NEW, "--commit")
    assert result.code == 3
    assert "gpg failed to sign the data" in result.err
    assert git(committed, "log", "--format=%s") == "tree\n"


def test_no_work_tree(engine: Path, run: Run) -> None:
    before = snapshot(engine)
    result = run(engine, "set", NEW, "--commit")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(
        f"{engine}: this folder is not a git work tree, so nothing can be committed: fatal: not a git repository"
    )
    assert snapshot(engine) == before


def test_no_folder(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "none"
    message = f"{folder}: there is no such folder\nhelp: give the repository's folder after -C\n"
    assert run(folder, "set", NEW, "--commit") == (2, "", message)


def test_no_commit_yet(engine: Path, run: Run) -> None:
    git(engine, "init", "-q")
    git(engine, "add", "-A")
    assert refused(engine, run) == (3, "ROOT: this git repository has no commit yet")


@pytest.mark.parametrize(("command", "what"), [("merge", "a merge"), ("cherry-pick", "a cherry-pick")])
def test_something_is_in_progress(committed: Path, run: Run, command: str, what: str) -> None:
    git(committed, "checkout", "-qb", "other")
    for branch, data in (("other", b"other"), ("main", b"main")):
        git(committed, "checkout", "-q", branch)
        plant(committed, {"docs/a|b.md": data})
        git(committed, "commit", "-aqm", branch)
    with pytest.raises(Exception, match="returned non-zero"):
        git(committed, command, "other")
    assert refused(committed, run) == (3, f"ROOT: {what} is in progress")


def test_unmerged_files(committed: Path, run: Run) -> None:
    plant(committed, {"docs/a|b.md": b"stashed"})
    git(committed, "stash")
    plant(committed, {"docs/a|b.md": b"committed"})
    git(committed, "commit", "-aqm", "other")
    with pytest.raises(Exception, match="returned non-zero"):
        git(committed, "stash", "pop")
    assert refused(committed, run) == (3, "ROOT: there are unmerged files")


def test_a_lock_that_was_written_by_hand(committed: Path, run: Run) -> None:
    sites = json.loads(LOCK)["groups"]["flashinfer"]["sites"]
    text = LOCK.decode()
    (committed / "versions.lock.json").write_text(
        text.replace(sites[0], "X").replace(sites[-1], sites[0]).replace('"X"', f'"{sites[-1]}"')
    )
    git(committed, "commit", "-qam", "sites in another order")
    assert run(committed, "set", NEW, "--commit", "--offline").code == 0
    assert run(committed, "check").code == 0


def behind_link(root: Path, path: str, real: str) -> None:
    (root / path).rename(root / real)
    (root / path).symlink_to(os.path.relpath(root / real, (root / path).parent))


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("docker/Dockerfile", "docker/real"),
        ("requirements/cuda.txt", "shared"),
        ("docker/Dockerfile.nightly", "docker/nightly é"),
        ("versions.lock.json", "docker/the lock"),
    ],
)
def test_a_file_behind_a_link_is_committed(committed: Path, run: Run, tmp_path: Path, path: str, real: str) -> None:
    behind_link(committed, path, real)
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "link")
    assert run(committed, "set", NEW, "--commit", "--offline").code == 0
    files = sorted({*FILES, real} - {path})
    assert git(committed, "-c", "core.quotePath=false", "show", "--format=", "--name-only").split("\n")[:-1] == files
    assert git(committed, "status", "--porcelain") == ""
    git(tmp_path, "clone", "--quiet", str(committed), "clone")
    assert run(tmp_path / "clone", "check").code == 0
    # The commit before has the link, too.
    assert (
        f"| `docker/Dockerfile:3` | `FLASHINFER_VERSION` | {OLD} | {NEW} |"
        in run(committed, "pr-body", "--base", "HEAD~1").out
    )
    assert "not pinned" not in run(committed, "pr-body", "--base", "HEAD~2").out


def test_a_link_out_of_the_repository_is_not_followed_into_a_commit(committed: Path) -> None:
    (committed / "sub").mkdir()
    (committed / "secret").write_text("secret\n")
    (committed / "sub/link").symlink_to("../secret")
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "link")
    assert commits.at(str(committed / "sub"), "HEAD", "link") == b"../secret"
    assert commits.at(str(committed), "HEAD", "sub/link") == b"secret\n"


def test_a_file_behind_a_link_that_git_does_not_track(committed: Path, run: Run) -> None:
    behind_link(committed, "docker/Dockerfile", "docker/real")
    (committed / ".git/info/exclude").write_text("docker/real\n")
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "link")
    code, line = refused(committed, run, "--offline")
    assert (code, line) == (3, "docker/real: git does not track this file, so --commit cannot commit it")


def test_a_file_with_other_changes(committed: Path, run: Run) -> None:
    plant(committed, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + b"numpy\n"})
    message = "requirements/cuda.txt: this file has uncommitted changes, which --commit would include"
    assert refused(committed, run) == (3, message)
    git(committed, "add", "-A")
    assert refused(committed, run) == (3, message)


def test_a_lock_that_git_does_not_track(committed: Path, run: Run) -> None:
    git(committed, "rm", "-q", "--cached", "versions.lock.json")
    git(committed, "commit", "-qm", "untracked")
    message = "versions.lock.json: git does not track this file, so --commit cannot commit it"
    assert refused(committed, run) == (3, message)


def test_nobody_to_commit_as(committed: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(committed, "config", "user.useConfigOnly", "true")
    code, message = refused(committed, run)
    assert code == 3
    assert message.startswith("ROOT: git does not know who commits: ")


def test_a_plan_is_not_committed(committed: Path, run: Run) -> None:
    assert refused(committed, run, "--dry-run") == (
        2,
        "fi-bump: --dry-run cannot be used with --commit: it changes no file",
    )


def test_without_git_on_the_path(committed: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = snapshot(committed)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert run(committed, "set", NEW, "--commit") == (3, "", "fi-bump: git is not on PATH\n")
    assert snapshot(committed) == before


@pytest.mark.slow
@pytest.mark.parametrize("body", [(), ("--pr-body", "-")])
def test_a_reader_that_leaves_at_once_costs_no_commit(committed: Path, body: tuple[str, ...]) -> None:
    program = f"{{ sleep 0.2; '{sys.executable}' -m fi_bump set --offline --commit {' '.join(body)} {NEW}; }} | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", program], cwd=committed, capture_output=True)
    assert (done.returncode, git(committed, "status", "--porcelain")) == (0, "")
    assert committed_files(committed) == FILES


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_a_file_whose_changes_git_ignores(committed: Path, run: Run, flag: str) -> None:
    git(committed, "update-index", f"--{flag}", "docker/Dockerfile")
    message = f"docker/Dockerfile: git ignores changes of this file ({flag}), so --commit cannot commit it"
    assert refused(committed, run) == (3, message)
    help_ = f"help: run git update-index --no-{flag} 'docker/Dockerfile', or leave out --commit\n"
    assert run(committed, "set", NEW, "--commit").err.endswith(help_)
    # Without the refusal a private edit would go along with assume-unchanged.
    path = committed / "docker/Dockerfile"
    path.write_bytes(path.read_bytes() + b"# private\n")
    assert refused(committed, run) == (3, message)


def test_a_clone_of_the_commit_is_in_step(committed: Path, run: Run, tmp_path: Path) -> None:
    assert run(committed, "set", NEW, "--commit").code == 0
    git(committed, "clone", "-q", str(committed), str(tmp_path / "clone"))
    assert run(tmp_path / "clone", "check").code == 0


def test_line_ends_that_git_converts_are_no_change(committed: Path, run: Run) -> None:
    plant(committed, {".gitattributes": b"requirements/*.txt text eol=crlf\n"})
    path = committed / "requirements/cuda.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "attributes")
    assert run(committed, "set", NEW, "--commit").code == 0
    assert "requirements/cuda.txt" in committed_files(committed)
    path.write_bytes(path.read_bytes() + b"# private\r\n")
    message = "requirements/cuda.txt: this file has uncommitted changes, which --commit would include"
    result = run(committed, "set", OLD, "--commit")
    assert (result.code, result.err.split("\n")[0]) == (3, message)


def test_a_staged_change_of_a_file_is_refused(committed: Path, run: Run) -> None:
    path = committed / "requirements/cuda.txt"
    before = path.read_bytes()
    path.write_bytes(before + b"# staged\n")
    git(committed, "add", "requirements/cuda.txt")
    path.write_bytes(before)
    message = "requirements/cuda.txt: this file has uncommitted changes, which --commit would include"
    assert refused(committed, run) == (3, message)


def test_files_that_a_hook_stages_are_named(committed: Path, run: Run) -> None:
    plant(committed, {"made.txt": b"x", "a\nb.txt": b"y"})
    hook(committed, "pre-commit", "git add made.txt *b.txt")
    result = run(committed, "set", NEW, "--commit")
    assert result.code == 0
    assert result.out.split("\n")[-3:] == [
        "note: a hook added a\\nb.txt to the commit",
        "note: a hook added made.txt to the commit",
        "",
    ]


def test_a_commit_that_lacks_a_file_is_an_error(committed: Path, run: Run) -> None:
    hook(committed, "pre-commit", "git reset -q HEAD -- docker/Dockerfile")
    result = run(committed, "set", NEW, "--commit")
    assert (result.code, result.err) == (
        3,
        "docker/Dockerfile: the commit lacks this file: git or a hook left it out\n"
        "help: look at the commit with git show, and at the hooks of this repository\n",
    )


MOVE = f"sed -i s/{NEW}/0.6.7/"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "script", "path"),
    [
        ("pre-commit", f"{MOVE} docker/Dockerfile && git add docker/Dockerfile", "docker/Dockerfile"),
        ("pre-commit", f"{MOVE} versions.lock.json && git add versions.lock.json", "versions.lock.json"),
        ("pre-commit", "echo {} > versions.lock.json && git add versions.lock.json", "versions.lock.json"),
        ("pre-commit", "echo > docker/Dockerfile && git add docker/Dockerfile", "docker/Dockerfile"),
        (
            "post-commit",
            f"rm .git/hooks/post-commit; {MOVE} requirements/cuda.txt; git commit -qa --amend -m other",
            "requirements/cuda.txt",
        ),
    ],
)
def test_a_hook_that_moves_a_pin_elsewhere_is_an_error(
    committed: Path, run: Run, name: str, script: str, path: str
) -> None:
    hook(committed, name, script)
    result = run(committed, "set", NEW, "--commit")
    assert (result.code, result.err) == (
        3,
        f"{path}: the commit has other pins in this file than fi-bump wrote: a hook or a filter changed it\n"
        "help: look at the commit with git show, and at the hooks of this repository\n",
    )
    assert "committed" not in result.out


def test_a_filter_that_moves_a_pin_elsewhere_is_an_error(committed: Path, run: Run) -> None:
    git(committed, "config", "filter.old.clean", f"sed s/{NEW}/0.6.7/")
    (committed / ".git/info/attributes").write_text("Dockerfile filter=old\n")
    result = run(committed, "set", NEW, "--commit")
    message = "docker/Dockerfile: the commit has other pins in this file than fi-bump wrote: a hook or a filter"
    assert (result.code, result.err.startswith(message)) == (3, True)


def test_a_hook_that_removes_a_file_is_an_error(committed: Path, run: Run) -> None:
    hook(committed, "pre-commit", "git rm -qf docker/Dockerfile")
    result = run(committed, "set", NEW, "--commit")
    message = "docker/Dockerfile: the commit lacks this file: git or a hook left it out\n"
    assert (result.code, result.err.startswith(message)) == (3, True)


def test_a_hook_may_format_files(committed: Path, run: Run) -> None:
    hook(
        committed,
        "pre-commit",
        "echo '# the end' >> docker/Dockerfile; python3 -m json.tool --compact versions.lock.json > ../x; "
        "cp ../x versions.lock.json; git add -A",
    )
    result = run(committed, "set", NEW, "--commit")
    assert (result.code, result.err) == (0, "")
    assert git(committed, "show", "HEAD:docker/Dockerfile").endswith("# the end\n")


def test_a_process_that_a_hook_leaves_does_not_hold_the_command(committed: Path, run: Run) -> None:
    hook(committed, "post-commit", "sleep 60 & echo $! > ../pid")
    begun = time.monotonic()
    assert run(committed, "set", NEW, "--commit").code == 0
    assert time.monotonic() - begun < 50
    os.kill(int((committed.parent / "pid").read_text()), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_hook_that_waits_for_ever(committed: Path, run: Run, trap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_GRACE", 1.0)
    hook(committed, "pre-commit", f"{trap}echo $$ > ../pid; sleep 600 & echo $! >> ../pid; wait; wait")
    result = run(committed, "set", NEW, "--commit", "--commit-timeout", "2")
    assert (result.code, result.err) == (
        3,
        "fi-bump: git made no commit: it waited for a hook, a signature or a filter for more than 2 seconds\n"
        "help: the files are changed: see what git waits for and commit them, or undo the change with git checkout\n",
    )
    numbers = [int(number) for number in (committed.parent / "pid").read_text().split()]
    deadline = time.monotonic() + 20
    while any(map(processes.started, numbers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [processes.started(number) for number in numbers] == [None, None]
    # Every pin has moved, no commit is made, and nothing of git's own is in the way of what the help says.
    assert run(committed, "check").code == 0
    (committed / ".git/hooks/pre-commit").unlink()
    assert subprocess.run(["git", "log", "--oneline"], cwd=committed, capture_output=True).stdout.count(b"\n") == 1
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", *identity, "commit", "-qam", "moved"], cwd=committed, check=True)
    assert subprocess.run(["git", "status", "--porcelain"], cwd=committed, capture_output=True).stdout == b""


@pytest.mark.slow
def test_a_hook_after_the_commit_that_waits_for_ever(committed: Path, run: Run) -> None:
    hook(committed, "post-commit", "sleep 600")
    result = run(committed, "set", NEW, "--commit", "--commit-timeout", "2")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=committed, capture_output=True, text=True).stdout[:12]
    assert (result.code, result.err) == (
        3,
        f"fi-bump: the commit {head} is made, but a hook that git ran after it did not end within 2 seconds\n"
        "help: look at the hooks of this repository that run after a commit\n",
    )


@pytest.mark.slow
def test_a_signature_that_waits_for_ever(committed: Path, run: Run, tmp_path: Path) -> None:
    program = tmp_path / "gpg"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    for name, value in {"commit.gpgSign": "true", "gpg.program": str(program)}.items():
        subprocess.run(["git", "config", name, value], cwd=committed, check=True)
    result = run(committed, "set", NEW, "--commit", "--commit-timeout", "2")
    assert result.code == 3
    assert result.err.startswith("fi-bump: git made no commit: it waited for a hook, a signature or a filter for more")
    assert subprocess.run(["git", "log", "--oneline"], cwd=committed, capture_output=True).stdout.count(b"\n") == 1


@pytest.mark.slow
def test_a_lock_that_git_left_is_named(committed: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # A git that is stopped cannot remove its lock before it is killed.
    monkeypatch.setattr(programs, "_GRACE", 0.5)
    hook(committed, "pre-commit", "kill -STOP $PPID; sleep 600")
    result = run(committed, "set", NEW, "--commit", "--commit-timeout", "2")
    assert "help: the files are changed: remove '.git/index.lock', which git left, see what" in result.err


# Programs that a configuration names. Each leaves its name in a file when it runs, and a filter passes its input on.
HOSTILE = {
    "core.fsmonitor": "fsmonitor",
    "diff.external": "external",
    "diff.evil.textconv": "textconv",
    "diff.evil.command": "command",
    "filter.evil=x.clean": "clean",
    "filter.evil=x.smudge": "smudge",
    "core.pager": "pager",
    "pager.diff": "pager",
    "core.editor": "editor",
    "core.sshCommand": "ssh",
    "credential.helper": "helper",
}


@pytest.mark.slow
def test_git_starts_no_program_of_a_hostile_configuration(committed: Path, run: Run, tmp_path: Path) -> None:
    plant(committed, {".gitattributes": b"* diff=evil filter=evil=x\n"})
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "attributes")
    base = git(committed, "rev-parse", "HEAD").strip()
    ran = tmp_path / "ran"
    for name, word in HOSTILE.items():
        program = tmp_path / word
        program.write_text(f"#!/bin/sh\necho {word} >> {ran}\nexec cat\n")
        program.chmod(0o755)
        git(committed, "config", name, str(program))
    git(committed, "config", "filter.evil=x.required", "true")
    for name in ("post-index-change", "post-checkout", "pre-auto-gc"):
        hook(committed, name, f"echo {name} >> {ran}")
    ran.unlink(missing_ok=True)
    # All files look changed to git: it would run the filters to find out.
    for path in committed.rglob("*.*"):
        if ".git" not in path.parts and path.is_file():
            os.utime(path, (1, 1))
    assert run(committed, "pr-body", "--base", base).code in (0, 3)
    plant(committed, {"requirements/cuda.txt": TREE["requirements/cuda.txt"] + b"# edited\n"})
    result = run(committed, "set", NEW, "--commit")
    assert (result.code, "which --commit would include" in result.err) == (3, True)
    assert not ran.exists()
    plant(committed, {"requirements/cuda.txt": TREE["requirements/cuda.txt"]})
    assert run(committed, "set", NEW, "--commit").code == 0
    # What `git commit` itself does: it passes the files that it commits through their filter.
    assert set(ran.read_text().split()) <= {"clean", "post-index-change"}
