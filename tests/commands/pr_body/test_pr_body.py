"""Tests of `set --pr-body` and `pr-body`: whole bodies of pull requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from fi_bump.report.markdown_escape import code, plain
from tests.commands.conftest import Ask
from tests.commands.pr_body.conftest import MOVES, git, section
from tests.conftest import LOCK, NEW, OLD, UNKNOWN, Run, plant
from tests.index.server import Index, Package, wheel

PAGE = "https://github.com/flashinfer-ai/flashinfer/releases/tag/v"
LOOK = f"""\
### To look at

- `docs/a|b.md:3` doc: ``| `pip install flashinfer-python=={OLD}` | <b>@octocat</b> #12 |``
- `src/gate.py:3` exact gate: `if flashinfer.__version__ == "{OLD}":`
"""
BODY = f"""\
## flashinfer {OLD} -> {NEW}

5 pins in 4 files, in step; 1 conflict; 2 places to look at; smoke not run

{MOVES}
### Releases of flashinfer on the way

| release | uploaded |
| --- | --- |
| [0.6.9]({PAGE}0.6.9) | 2026-04-16 |
| [0.6.10]({PAGE}0.6.10) | 2026-05-04, yanked: wrong \\| &lt;b>results&lt;/b> |
| [{NEW}]({PAGE}{NEW}) | 2026-05-20 |

### Audit

- `requirements/cuda.txt:3`: numba==0.61.2 conflicts with flashinfer-python {NEW}, which needs numba>=0.62 \\[conflict\\]
- to resolve this, run `fi-bump set flashinfer=={NEW} numba==0.62.0`

{LOOK}
### Not run

- {plain(UNKNOWN)}
- smoke of `flashinfer`: not run; run `fi-bump smoke --group flashinfer --output smoke.json` on a GPU
"""
OFFLINE = f"""\
## flashinfer {OLD} -> {NEW}

5 pins in 4 files, in step; audit not run; 2 places to look at; smoke not run

{MOVES}
### Releases of flashinfer on the way

| release | uploaded |
| --- | --- |
| [{NEW}]({PAGE}{NEW}) | not known |

{LOOK}
### Not run

- audit and release dates: offline, no package index was asked; run `fi-bump audit`
- smoke of `flashinfer`: not run; run `fi-bump smoke --group flashinfer --output smoke.json` on a GPU
"""


def test_set_writes_the_body_beside_what_it_says(committed: Path, ask: Ask, tmp_path: Path) -> None:
    body = tmp_path / "body.md"
    result = ask(committed, "set", NEW, "--pr-body", str(body))
    assert (result.code, result.err) == (0, "")
    assert f"docker/Dockerfile:3:24: FLASHINFER_VERSION {OLD} -> {NEW}" in result.out.split("\n")
    assert result.out.split("\n")[-2] == f"wrote {body}"
    assert body.read_text() == BODY
    # `pr-body` prints the same body, before the commit and (with --base) after it.
    assert ask(committed, "pr-body") == (0, BODY, "")
    git(committed, "commit", "-aqm", "moved")
    assert ask(committed, "pr-body", "--base", "HEAD~1") == (0, BODY, "")


def test_a_body_for_standard_output_stands_there_alone(committed: Path, ask: Ask) -> None:
    result = ask(committed, "set", NEW, "--pr-body", "-")
    assert (result.code, result.out) == (0, BODY)
    assert f"docker/Dockerfile:3:24: FLASHINFER_VERSION {OLD} -> {NEW}" in result.err.split("\n")


def test_a_refused_set_has_no_body(committed: Path, ask: Ask, tmp_path: Path) -> None:
    said = ask(committed, "set", "9.9", "--pr-body", "-")
    assert (said.code, said.out) == (1, "")
    assert "nothing was changed\n" in said.err
    assert ask(committed, "set", "9.9", "--pr-body", str(tmp_path / "body.md")).code == 1
    assert not (tmp_path / "body.md").exists()
    assert git(committed, "status", "--porcelain") == ""


def test_offline(committed: Path, run: Run) -> None:
    assert run(committed, "set", NEW, "--pr-body", "-").out == OFFLINE
    assert run(committed, "pr-body") == (0, OFFLINE, "")


def test_from_an_earlier_lock_without_git(committed: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "earlier.json").write_bytes(LOCK)
    run(committed, "set", NEW)
    git(committed, "commit", "-aqm", "moved")
    result = run(committed, "pr-body", "--from-lock", str(tmp_path / "earlier.json"))
    assert result == (0, OFFLINE, "")


def test_a_downgrade_goes_the_other_way(committed: Path, ask: Ask) -> None:
    assert ask(committed, "set", "0.6.13", "--pr-body", "-").code == 0
    git(committed, "commit", "-aqm", "moved")
    body = ask(committed, "set", "0.6.9rc1", "--pr-body", "-").out
    assert body.startswith("## flashinfer 0.6.13 -> 0.6.9rc1\n")
    assert section(body, "Releases of flashinfer on the way")[2:] == [
        f"| [{NEW}]({PAGE}{NEW}) | 2026-05-20 |",
        f"| [0.6.10]({PAGE}0.6.10) | 2026-05-04, yanked: wrong \\| &lt;b>results&lt;/b> |",
        f"| [0.6.9]({PAGE}0.6.9) | 2026-04-16 |",
        f"| [0.6.9rc1]({PAGE}0.6.9rc1) | 2026-04-10 |",
    ]


def test_a_group_without_a_page_and_two_groups_at_once(committed: Path, ask: Ask, index: Index) -> None:
    body = ask(committed, "set", f"flashinfer=={NEW}", "numba==0.62.0", "--pr-body", "-").out
    assert body.split("\n")[:3] == [
        f"## flashinfer {OLD} -> {NEW}, numba 0.61.2 -> 0.62.0",
        "",
        "6 pins in 4 files, in step; no conflicts; 2 places to look at; smoke not run",
    ]
    assert "| `requirements/cuda.txt:3` | `numba` | 0.61.2 | 0.62.0 |" in section(body, "What moves")
    assert section(body, "Releases of numba on the way")[2:] == ["| 0.62.0 | 2026-05-01 |"]
    assert section(body, "Audit") == ["- no conflicts"]
    assert section(body, "Not run")[-1] == "- smoke of `numba`: no probe tests it"
    # With git, the new group's old version is the version of its pin in the old commit.
    assert ask(committed, "pr-body").out == body


def test_pins_that_came_went_and_stayed_behind(committed: Path, run: Run) -> None:
    run(committed, "set", NEW)
    (committed / "docker/versions.json").unlink()
    text = (committed / "requirements/cuda.txt").read_bytes()
    plant(
        committed,
        {
            "requirements/cuda.txt": text.replace(b"cubin==0.6.11.post2", b"cubin==0.6.8.post1"),
            "requirements/rocm.txt": b"flashinfer-python==0.6.11.post2\n",
        },
    )
    body = run(committed, "pr-body").out
    assert body.split("\n")[2] == (
        "5 pins in 5 files, 3 findings of fi-bump check; audit not run; 2 places to look at; smoke not run"
    )
    assert section(body, "What moves")[-3:] == [
        f"| `requirements/cuda.txt:5` | `flashinfer-python` | {OLD} | {NEW} |",
        f"| `requirements/rocm.txt:1` | `flashinfer-python` | not pinned | {NEW} |",
        f"| `docker/versions.json` | `FLASHINFER_VERSION` | {OLD} | no longer pinned |",
    ]
    assert section(body, "Not in step") == [
        "- `docker/versions.json:1:1: the lock records 'variable.FLASHINFER_VERSION.default' here, but there is no pin at this anchor [missing-site]`",
        f"- `requirements/cuda.txt:6:19: flashinfer-cubin is {OLD}, the lock says {NEW} [drift]`",
        "- `requirements/rocm.txt:1:20: flashinfer-python is pinned here, but the lock does not record it [new-site]`",
    ]


def test_many_pins_are_folded_away(committed: Path, run: Run) -> None:
    plant(committed, {f"requirements/{name:02}.txt": b"flashinfer-python==0.6.8.post1\n" for name in range(16)})
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "more")
    body = run(committed, "set", NEW, "--pr-body", "-").out
    moves = section(body, "What moves")
    assert moves[:3] == ["<details><summary>21 pins</summary>", "", "| place | pin | from | to |"]
    assert moves[-2:] == ["", "</details>"]
    assert len(moves) == 2 + 2 + 21 + 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 3, "fi-bump: no pin differs between HEAD and the working tree\n"),
        (["--base", "nowhere"], 2, "fi-bump: 'nowhere' is not a revision of this git repository\n"),
        (["--base", ""], 2, "fi-bump: '' is not a revision of this git repository\n"),
        (["--base", "--help"], 2, "fi-bump: '--help' is not a git revision\n"),
        (["--base", "HEAD~1"], 3, "versions.lock.json: there is no lock in HEAD~1\n"),
        (
            ["--base", "HEAD", "--from-lock", "x"],
            2,
            "fi-bump: --base and --from-lock cannot be used together: each names the earlier state\n",
        ),
        (
            ["--baseline", "x"],
            2,
            "fi-bump: --baseline needs --smoke: it names what the smoke report is compared with\n",
        ),
    ],
)
def test_nothing_to_tell(committed: Path, run: Run, arguments: list[str], code: int, message: str) -> None:
    git(committed, "checkout", "-q", "--orphan", "other")
    git(committed, "rm", "-rq", "--cached", ".")
    git(committed, "commit", "-q", "--allow-empty", "-m", "empty")
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "tree")
    result = run(committed, "pr-body", *arguments)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(message)


def test_a_lock_that_was_wrong_is_named_with_its_revision(committed: Path, run: Run) -> None:
    plant(committed, {"versions.lock.json": b'{"lock-version": 1, "groups": {}}'})
    git(committed, "commit", "-aqm", "wrong")
    plant(committed, {"versions.lock.json": LOCK})
    assert run(committed, "pr-body") == (
        3,
        "",
        "HEAD:versions.lock.json: in 'groups': the lock has no group\nhelp: run fi-bump init --force\n",
    )


def test_without_git(engine: Path, run: Run) -> None:
    result = run(engine, "pr-body")
    assert (result.code, result.out) == (3, "")
    assert "this is not a git repository, so there is no earlier lock\n" in result.err


def test_a_body_that_cannot_be_written_stops_the_set(committed: Path, run: Run, tmp_path: Path) -> None:
    result = run(committed, "set", NEW, "--pr-body", str(tmp_path / "no/body.md"))
    assert (result.code, result.out) == (3, "")
    assert "cannot be written: its folder does not exist" in result.err
    assert git(committed, "status", "--porcelain") == ""


def test_nothing_moved(committed: Path, run: Run, tmp_path: Path) -> None:
    result = run(committed, "set", OLD, "--pr-body", str(tmp_path / "body.md"), "--commit")
    assert result == (
        0,
        f"flashinfer is already at {OLD}\nno pin moved, so no body was written and no commit was made\n",
        "",
    )
    assert not (tmp_path / "body.md").exists()


def test_a_plan_has_no_body(committed: Path, run: Run) -> None:
    result = run(committed, "set", NEW, "--dry-run", "--pr-body", "-")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "fi-bump: --dry-run cannot be used with --pr-body: it changes no file\nhelp: leave out --dry-run or --pr-body\n"
    )


def test_a_release_that_is_on_one_index_only(committed: Path, ask: Ask, index: Index) -> None:
    Package("flashinfer-cubin", {each: wheel("flashinfer-cubin", each) for each in (OLD, NEW)}).serve(index)
    body = ask(committed, "set", NEW, "--pr-body", "-").out
    assert section(body, "Releases of flashinfer on the way")[2:] == [
        f"| [0.6.9]({PAGE}0.6.9) | 2026-04-16 |",
        f"| [0.6.10]({PAGE}0.6.10) | 2026-05-04 |",
        f"| [{NEW}]({PAGE}{NEW}) | 2026-05-01 |",
    ]


def test_files_that_are_compiled(committed: Path, run: Run) -> None:
    header = b"# This file was autogenerated by uv via the following command:\n#    uv pip compile a.in -o requirements/lock.txt\n"
    plant(committed, {"requirements/lock.txt": header + b"flashinfer-python==0.6.8.post1\n"})
    body = run(committed, "set", NEW, "--pr-body", "-").out
    assert section(body, "To look at")[-1] == (
        "- `requirements/lock.txt`: is compiled; regenerate it with: uv pip compile a.in -o requirements/lock.txt"
    )


def test_more_places_than_anybody_reads(committed: Path, run: Run) -> None:
    plant(committed, {"docs/long.md": f"flashinfer {OLD}\n".encode() * 120})
    look = section(run(committed, "set", NEW, "--pr-body", "-").out, "To look at")
    assert look[0] == "<details><summary>101 places</summary>"
    assert look[-3:] == ["- and 22 more: run `fi-bump check --mentions`", "", "</details>"]
    assert len(look) == 2 + 101 + 2


def test_drift_that_is_mended_without_a_new_version(committed: Path, run: Run) -> None:
    text = (committed / "requirements/cuda.txt").read_bytes()
    plant(committed, {"requirements/cuda.txt": text.replace(b"cubin==0.6.8.post1", b"cubin==0.6.6")})
    git(committed, "commit", "-aqm", "drift")
    body = run(committed, "set", OLD, "--pr-body", "-", "--commit").out
    assert body.split("\n")[:3] == [
        f"## flashinfer {OLD}",
        "",
        "1 pin in 1 file, in step; audit not run; nothing else to look at; smoke not run",
    ]
    assert section(body, "What moves")[2:] == [f"| `requirements/cuda.txt:6` | `flashinfer-cubin` | 0.6.6 | {OLD} |"]
    assert "### Releases" not in body
    assert git(committed, "log", "-1", "--format=%s") == f"flashinfer {OLD}\n"
    assert git(committed, "show", "--format=", "--name-only") == "requirements/cuda.txt\n"


def test_the_old_version_beside_a_pin_that_moved(committed: Path, run: Run) -> None:
    plant(committed, {"requirements/rocm.txt": f"flashinfer-python=={OLD}  # {OLD} is what the image has\n".encode()})
    git(committed, "add", "-A")
    git(committed, "commit", "-qm", "rocm")
    look = f"- `requirements/rocm.txt:1` text: `flashinfer-python=={NEW}  # {OLD} is what the image has`"
    body = run(committed, "set", NEW, "--pr-body", "-").out
    assert section(body, "To look at")[1] == look
    assert run(committed, "pr-body").out == body


def test_an_earlier_body_is_no_place_to_look_at(committed: Path, run: Run) -> None:
    for version in (NEW, "0.6.13"):
        assert run(committed, "set", version, "--pr-body", str(committed / "docs/body.md")).code == 0
    body = (committed / "docs/body.md").read_text()
    assert body.startswith(f"## flashinfer {NEW} -> 0.6.13\n")
    assert section(body, "To look at") == [f'- `src/gate.py:3` exact gate: `if flashinfer.__version__ == "{OLD}":`']


@pytest.mark.slow
def test_a_body_is_no_place_to_look_at_for_another_command(committed: Path, run: Run) -> None:
    body = committed / "docs/body.md"
    assert run(committed, "set", NEW, "--offline", "--commit", "--pr-body", str(body)).code == 0
    assert run(committed, "pr-body", "--offline", "--base", "HEAD~1") == (0, body.read_text(), "")
    assert "body.md" not in run(committed, "check", "--mentions").out


def test_text_is_shown_as_it_is() -> None:
    assert plain("a@b <i>&amp; #12 | `x` *y* _z_ [q](r) \\ ~s~\u2028n") == (
        "a@&#8203;b &lt;i>&amp;amp; \\#&#8203;12 \\| \\`x\\` \\*y\\* \\_z\\_ \\[q\\](r) \\\\ \\~s\\~ n"
    )
    assert code("plain") == "`plain`"
    assert code("a`b") == "``a`b``"
    assert code("`a``b`") == "``` `a``b` ```"
    assert code("a|b\nc") == "`a|b c`"
    assert code("a|b", cell=True) == "`a\\|b`"
