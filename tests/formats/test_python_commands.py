"""Git commands in the strings of Python files, and packages whose names start with v: whole results, and the laws."""

from __future__ import annotations

import pytest

from fi_bump.formats.python import find
from fi_bump.pins import Source, Wanted
from tests.formats import laws, scaling
from tests.formats.results import look, rows

CLONE, CHECKOUT = (f"git {each} github.com/flashinfer-ai/flashinfer" for each in ("clone", "checkout"))
URL = "https://github.com/flashinfer-ai/flashinfer"

# For each file: its text, and what is found in it.
FORMS = [
    (f'os.system("git clone -b v0.6.1 {URL}.git")\n', [f"1:26 system/{CLONE} 0.6.1"]),
    (
        f'subprocess.run(["git", "clone", "--branch", "v0.6.1", "{URL}"], cwd="x")\n',
        [f"1:47 run/{CLONE} 0.6.1"],
    ),
    (
        f'URL = "{URL}"\nsubprocess.check_call(\n    ["git", "clone", "-b", "v0.6.1",\n     URL, dest])\n',
        [f"3:30 check_call/{CLONE} 0.6.1"],
    ),
    (f'nox.run("git", "clone", "-b", "v0.6.1", "{URL}", external=True)\n', [f"1:33 run/{CLONE} 0.6.1"]),
    (f'subprocess.getoutput("cd /tmp; git clone -b v0.6.1 {URL}")\n', [f"1:46 getoutput/{CLONE} 0.6.1"]),
    (f'C = ("git clone --depth 1 "\n     "-b v0.6.1 "\n     "{URL}")\n', [f"2:11 C/{CLONE} 0.6.1"]),
    # A clone in one call, and what it checks out in another one.
    (
        f'subprocess.run(["git", "clone", "{URL}", "fi"])\nsubprocess.run(["git", "checkout", "v0.6.1"], cwd="fi")\n',
        [f"2:38 run/{CHECKOUT} 0.6.1"],
    ),
    (
        f'(\n    image\n    .run_commands(\n        "git clone {URL}",\n        "cd flashinfer && git checkout v0.6.1",\n    )\n)\n',
        [f"5:41 run_commands/{CHECKOUT} 0.6.1"],
    ),
    (f'S = """\nset -e\ngit clone {URL}\ncd flashinfer\ngit checkout v0.6.1\n"""\n', [f"5:15 S/{CHECKOUT} 0.6.1"]),
    (f'X = ["git clone {URL}", "cd flashinfer", "git checkout v0.6.1"]\n', [f"1:95 X/{CHECKOUT} 0.6.1"]),
    # A constant of any name, and an address in one.
    (f'FI = "0.6.1"\nimage.run_commands(f"git clone -b v{{FI}} {URL}")\n', ["1:7 FI 0.6.1"]),
    (f'FI = "v0.6.1"\nsubprocess.run(["git", "clone", "-b", FI, "{URL}"])\n', ["1:8 FI 0.6.1"]),
    (f'URL = "{URL}"\nrun(f"git clone -b v0.6.1 {{URL}} {{here}}/x")\n', [f"2:21 run/{CLONE} 0.6.1"]),
    # No release, no command, another repository, and text that is looked for.
    (
        f'os.system("git clone {URL}")\n',
        ["1:22 ? github.com/flashinfer-ai/flashinfer: cloned without a release"],
    ),
    (f'print("Run git clone {URL}")\n', []),
    (f'"""git clone -b v0.6.1 {URL}"""\n', []),
    (f'run("git clone -b v0.6.1 https://x.invalid/a/b.git")\nHOME = "{URL}"\n', []),
    (f'if "git clone -b v0.6.1 {URL}" in text:\n    pass\n', []),
    (
        f't = t.replace("git clone -b v0.6.0 {URL}", "git clone -b v0.6.1 {URL}")\n',
        [f"1:97 replace/{CLONE} 0.6.1"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_forms(text: str, expected: list[str]) -> None:
    assert rows(look("build.py", text.encode()), versions=False) == expected


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_laws(text: str, expected: list[str]) -> None:
    laws.hold(lambda data: look("build.py", data), text.encode(), "0.6.11.post2", "1.0rc1")


@pytest.mark.slow
@pytest.mark.parametrize("piece", [f'"git clone {URL}" ', '["git", url, ', f'run("git clone -b v0.6.1 {URL}")\n'])
def test_time_is_linear(piece: str) -> None:
    head = f'U = "{URL}"\n'
    assert scaling.is_linear(lambda data: look("a.py", data), lambda count: (head + piece * count).encode(), 1000)


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        (b'X = ["vllm==0.6.1"]\n', ["X/vllm"]),
        (b'run("pip install vllm==0.6.1 verl==0.6.1")\n', ["run/vllm", "run/verl"]),
        (b"F = 'verl == 0.6.1'\n", ["F/verl"]),
        (b'X = ["v0.6.1", "vvllm==0.6.1"]\n', []),
        # A regular expression is no version specifier, and no note says so.
        (b'R = re.compile(r"vllm==(\\d+\\.\\d+)?")\n', []),
        (b'R = r"verl==(\\d+)?"\nS = "vllm==[0-9.]+"\n', []),
    ],
)
def test_packages_whose_names_start_with_v(text: bytes, anchors: list[str]) -> None:
    found = find(Source("a.py", text), Wanted(frozenset({"vllm", "verl"}), frozenset(), frozenset()))
    assert [pin.anchor for pin in found.pins] == anchors
    assert found.unpinned == ()


@pytest.mark.parametrize(
    "call", ["pygit2.clone_repository({}, checkout_branch='v0.6.1')", "Repo.clone_from({}, branch='v0.6.1')"]
)
def test_a_library_of_git_needs_no_command(call: str) -> None:
    text = call.format(f'"{URL}", "x"')
    assert len(look("build.py", f"{text}\n".encode()).pins) == 1
