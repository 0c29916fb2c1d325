"""Which checkouts belong to a clone: the folders that `cd`, `git -C`, pushd and WORKDIR name, held against real paths."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.formats.dockerfile import find as find_in_dockerfile
from fi_bump.formats.shell import find
from fi_bump.pins import Source
from tests.formats.results import REPOSITORY, URL, WANTED, rows

CLONE = b"git clone " + URL + b"\n"
NOT_FOUND = [f"1:11 ? {REPOSITORY}: cloned without a release"]


def in_script(commands: str, clone: bytes = CLONE) -> list[str]:
    return rows(find(Source("ci/build.sh", clone + commands.encode() + b"\n"), WANTED))


def in_dockerfile(instructions: str) -> list[str]:
    return rows(find_in_dockerfile(Source("Dockerfile", instructions.encode() + b"\n"), WANTED))


INSIDE = [
    "git checkout v0.6.1",
    "cd flashinfer; git checkout v0.6.1",
    "cd flashinfer; cd csrc; git checkout v0.6.1",
    "cd flashinfer/csrc; git checkout v0.6.1",
    "cd flashinfer && cd csrc && cd kernels && git checkout v0.6.1",
    "cd flashinfer; cd csrc; cd ..; git checkout v0.6.1",
    "cd flashinfer/csrc; cd ../include; git checkout v0.6.1",
    "cd flashinfer; cd ./csrc/; git checkout v0.6.1",
    "cd flashinfer; cd flashinfer; cd ..; git checkout v0.6.1",
    "cd /opt/other; cd /w/flashinfer; git checkout v0.6.1",
    "cd other; cd flashinfer; git checkout v0.6.1",
    "cd /opt/other/../flashinfer; git checkout v0.6.1",
    'cd "flashinfer" || exit 1\ngit checkout v0.6.1',
    "cd -P flashinfer; git checkout v0.6.1",
    "cd -- flashinfer; git checkout v0.6.1",
    "cd .; git checkout v0.6.1",
    "cd $X; git checkout v0.6.1",
    "cd $X; cd csrc; git checkout v0.6.1",
    'cd "${X}/flashinfer/csrc"; git checkout v0.6.1',
    "cd /opt/$X; git checkout v0.6.1",
    "cd flashinfer/$X; git checkout v0.6.1",
    "cd $X; cd ..; git checkout v0.6.1",
    "cd flashinfer; cd $X; cd ../..; git checkout v0.6.1",
    "cd /opt/other; cd -; git checkout v0.6.1",
    "pushd flashinfer; git checkout v0.6.1; popd",
    "cd flashinfer; pushd /opt/other; popd; git checkout v0.6.1",
    "cd flashinfer; pushd csrc; pushd /opt; popd; git checkout v0.6.1",
    "pushd +1; git checkout v0.6.1",
    "cd flashinfer; pushd; git checkout v0.6.1",
    "popd; git checkout v0.6.1",
    "git -C flashinfer checkout v0.6.1",
    "git -C flashinfer -C csrc checkout v0.6.1",
    "git -C flashinfer -c core.autocrlf=false checkout v0.6.1",
    "cd /opt/other; git -C /w/flashinfer checkout v0.6.1",
    "cd /opt/other; git --git-dir=/w/flashinfer/.git checkout v0.6.1",
    "cd flashinfer; git --git-dir .git checkout v0.6.1",
    "git --git-dir=.git checkout v0.6.1",
]
OUTSIDE = [
    "cd /opt/other; git checkout v0.6.1",
    "cd /opt/other\ngit checkout v0.6.1",
    "cd other && git checkout v0.6.1",
    "cd ..; git checkout v0.6.1",
    "cd ~; git checkout v0.6.1",
    "cd\ngit checkout v0.6.1",
    "cd flashinfer; make; cd; git checkout v0.6.1",
    "cd && git checkout v0.6.1",
    "cd flashinfer; cd ~/other; git checkout v0.6.1",
    "cd ~/other; git checkout v0.6.1",
    "cd flashinfer-extra; git checkout v0.6.1",
    "cd flashinfer; cd /opt/other; git checkout v0.6.1",
    "cd flashinfer; cd ..; git checkout v0.6.1",
    "cd flashinfer/csrc; cd ../..; git checkout v0.6.1",
    "cd flashinfer; cd ../other; git checkout v0.6.1",
    "cd /opt/flashinfer/../other; git checkout v0.6.1",
    "cd -P /opt/other; git checkout v0.6.1",
    "pushd /opt/other; git checkout v0.6.1",
    "pushd flashinfer; make; popd; git checkout v0.6.1",
    "pushd flashinfer; pushd csrc; popd; popd >/dev/null; git checkout v0.6.1",
    "cd /opt/other; pushd /w/flashinfer; popd; git checkout v0.6.1",
    "git -C /opt/other checkout v0.6.1",
    "cd flashinfer; git -C /opt/other checkout v0.6.1",
    "cd flashinfer; git --git-dir=/opt/other/.git checkout v0.6.1",
    "cd flashinfer; git --git-dir /opt/other/.git checkout v0.6.1",
    "cd /opt/other; git switch --detach v0.6.1",
    "cd /opt/other && git reset --hard v0.6.1",
    "cd /opt/other; git fetch origin tag v0.6.1",
]


@pytest.mark.parametrize("commands", INSIDE)
def test_a_checkout_in_the_clone(commands: str) -> None:
    line = 2 + commands.partition("v0.6.1")[0].count("\n")
    column = len(commands.partition("v0.6.1")[0].rpartition("\n")[2]) + 2
    assert in_script(commands) == [f"{line}:{column} git checkout {REPOSITORY} 0.6.1"]


@pytest.mark.parametrize("commands", OUTSIDE)
def test_a_checkout_in_another_folder(commands: str) -> None:
    assert in_script(commands) == NOT_FOUND


@pytest.mark.parametrize(
    "commands",
    [
        'git clone https://github.com/other/engine "$ENGINE"\ncd "$ENGINE"\ngit checkout v0.6.1\n',
        'if [ -d "$ENGINE" ]; then\n  cd "${ENGINE}"\n  git checkout v0.6.1\nelse\n'
        '  git clone https://github.com/other/engine "${ENGINE}"\nfi\n',
        'URL=https://github.com/other/engine\ngit -C "$ENGINE" checkout "$BRANCH"\ngit clone "$URL" "$ENGINE"\n',
        'git clone https://github.com/other/engine "${TOP}/$ENGINE"\npushd "$TOP/${ENGINE}"; git checkout v0.6.1; popd\n',
    ],
)
def test_the_folder_of_another_clone_is_a_variable(commands: str) -> None:
    clone = f'git clone -b v0.6.0 https://{REPOSITORY} "$KIT"\n'
    assert rows(find(Source("build.sh", (clone + commands).encode()), WANTED)) == [
        f"1:15 git clone {REPOSITORY} 0.6.0",
    ]
    # The clone itself may have the name of another one, in another branch of the script.
    again = f'git clone https://github.com/other/fork "$KIT"\n{clone}cd "$KIT"\ngit checkout v0.6.1\n'
    assert f"4:15 git checkout {REPOSITORY} 0.6.1" in rows(find(Source("build.sh", again.encode()), WANTED))


@given(
    st.lists(
        st.lists(st.sampled_from(["flashinfer", "csrc", "other", "..", "."]), min_size=1, max_size=4).map("/".join)
        | st.sampled_from(["/opt/other", "/w/flashinfer", "/w/flashinfer/csrc", "/", "/w"]),
        min_size=1,
        max_size=6,
    )
)
def test_a_checkout_counts_where_the_real_folder_is_in_a_clone_of_that_name(paths: list[str]) -> None:
    folder, moved = "/w", False
    for path in paths:
        folder = posixpath.normpath(posixpath.join(folder, path))
        moved = moved or {*path.split("/")} != {"."}
    commands = "".join(f"cd {path}\n" for path in paths) + "git checkout v0.6.1"
    inside = not moved or "flashinfer" in folder.split("/")
    expected = [f"{len(paths) + 2}:15 git checkout {REPOSITORY} 0.6.1"] if inside else NOT_FOUND
    assert in_script(commands) == expected


@pytest.mark.parametrize(
    ("target", "inside", "outside"),
    [
        ("fi", "cd fi", "cd flashinfer"),
        ("/w/fi", "cd /w/fi/csrc", "cd /w/flashinfer"),
        ("$DIR", "cd $DIR/csrc", "cd /opt/other"),
        ("${DIR}", 'cd "$DIR"', "cd other"),
        ("${DIR}", "cd $DIR/csrc", "cd $DIR; cd .."),
        ("$DIR", "cd ${DIR}", "cd ${DIR}; cd .."),
        ("$W/fi", "cd ${W}/fi", "cd /opt/other"),
        ("fi/", "cd fi", "cd flashinfer"),
    ],
)
def test_the_folder_of_a_clone(target: str, inside: str, outside: str) -> None:
    clone = CLONE[:-1] + b" " + target.encode() + b"\n"
    assert in_script(f"{inside}\ngit checkout v0.6.1", clone) == [f"3:15 git checkout {REPOSITORY} 0.6.1"]
    assert in_script(f"{outside}\ngit checkout v0.6.1", clone) == NOT_FOUND


HERE = "git clone " + URL.decode() + " ."
INITIALISED = "git init . && git remote add origin " + URL.decode()


@pytest.mark.parametrize("start", [HERE, HERE + "/", "cd .\n" + HERE, INITIALISED])
@pytest.mark.parametrize(
    ("commands", "inside"),
    [
        ("git checkout v0.6.1", True),
        ("cd csrc; git checkout v0.6.1", True),
        ("cd csrc; cd ..; git checkout v0.6.1", True),
        ("cd /w/fi/csrc; git checkout v0.6.1", True),
        ("cd /opt/other; cd ../fi; git checkout v0.6.1", True),
        ("cd ..; git checkout v0.6.1", False),
        ("cd /opt/other; git checkout v0.6.1", False),
        ("cd /w; git checkout v0.6.1", False),
    ],
)
def test_a_clone_into_the_current_folder(start: str, commands: str, inside: bool) -> None:
    found = in_script(f"{start}\n{commands}", b"mkdir -p /w/fi; cd /w/fi\n")
    pins = [line for line in found if line.endswith("0.6.1")]
    assert len(pins) == (1 if inside else 0), found


@pytest.mark.parametrize(
    ("commands", "inside"),
    [
        ("git -C /w/fi fetch origin tag v0.6.1", True),
        ("cd /w/fi && git fetch origin tag v0.6.1", True),
        ("cd /opt/other && git fetch origin tag v0.6.1", False),
    ],
)
def test_a_remote_that_is_added_in_another_folder(commands: str, inside: bool) -> None:
    start = f"git init /w/fi\ngit -C /w/fi remote add origin {URL.decode()}\n"
    found = in_script(commands, start.encode())
    assert [line.endswith(f"git fetch {REPOSITORY} 0.6.1") for line in found] == ([True] if inside else [])


DOCKERFILES = [
    ("RUN {clone}\nRUN git checkout v0.6.1", True),
    ("RUN {clone}\nWORKDIR /w/flashinfer\nRUN git checkout v0.6.1", True),
    ("RUN {clone}\nWORKDIR flashinfer\nWORKDIR csrc\nRUN git checkout v0.6.1", True),
    ("RUN {clone}\nRUN cd /opt/other\nRUN cd flashinfer && git checkout v0.6.1", True),
    ("RUN {clone}\nRUN pushd flashinfer\nRUN git checkout v0.6.1", True),
    ("RUN {clone}\nRUN pushd flashinfer\nRUN popd; git checkout v0.6.1", True),
    ("RUN {clone}\nWORKDIR /opt/other\nRUN git checkout v0.6.1", False),
    ("RUN {clone}\nWORKDIR flashinfer\nWORKDIR ..\nRUN git checkout v0.6.1", False),
    ("RUN {clone}\nWORKDIR /w/flashinfer\nRUN cd /opt/other && git checkout v0.6.1", False),
    ("WORKDIR /w/fi\nRUN {clone} .\nWORKDIR csrc\nRUN git checkout v0.6.1", True),
    ("WORKDIR /w/fi\nRUN {clone} .\nRUN cd /w/fi/csrc && git checkout v0.6.1", True),
    ("WORKDIR /w/fi\nRUN {clone} .\nWORKDIR ..\nRUN git checkout v0.6.1", False),
    ("RUN mkdir /w/fi && cd /w/fi && {clone} .\nWORKDIR /w/fi\nRUN git checkout v0.6.1", True),
    ("WORKDIR /x\nRUN cd /w/fi && {clone} .\nWORKDIR other\nRUN git checkout v0.6.1", False),
]


@pytest.mark.parametrize(("instructions", "inside"), DOCKERFILES)
def test_a_checkout_after_a_workdir(instructions: str, inside: bool) -> None:
    found = in_dockerfile(instructions.format(clone="git clone " + URL.decode()))
    pins = [line for line in found if line.endswith(f"git checkout {REPOSITORY} 0.6.1")]
    reports = [line for line in found if line.endswith("cloned without a release")]
    assert (len(pins), len(reports), len(found)) == ((1, 0, 1) if inside else (0, 1, 1)), found


def test_a_clone_forgets_the_folders_of_the_clone_before() -> None:
    two = "pushd flashinfer\ngit clone https://example.invalid/o/p\npopd\ngit checkout v0.6.1"
    assert in_script(two) == NOT_FOUND
    again = "pushd flashinfer\n" + CLONE.decode() + "popd\ngit checkout v0.6.1"
    assert in_script(again) == [*NOT_FOUND, f"3:11 ? {REPOSITORY}: cloned without a release"]
    again = "cd flashinfer\npushd csrc\n" + CLONE.decode() + "popd\ngit checkout v0.6.1"
    assert in_script(again) == [*NOT_FOUND, f"4:11 ? {REPOSITORY}: cloned without a release"]


LINES = st.lists(
    st.sampled_from(
        [
            "cd /w",
            "cd flashinfer",
            "cd ..",
            "pushd a",
            "popd",
            f"REPO={URL.decode()}",
            'git clone "$REPO"',
            f"git clone {URL.decode()}",
            "git clone https://example.invalid/other",
            "git remote add origin $REPO",
            "git checkout v0.6.1",
            "git -C flashinfer checkout v0.6.1",
            "git fetch origin tag v0.6.1",
        ]
    ),
    max_size=8,
)


@given(LINES, LINES)
def test_what_comes_before_the_first_wanted_repository_is_read_too(first: list[str], then: list[str]) -> None:
    lines = [f"RUN {line}" for line in first] + ["WORKDIR /w/flashinfer"] + [f"RUN {line}" for line in then]
    text = "\n".join(lines)
    found = in_dockerfile(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fi_bump.formats.shell_git.GitReader._when_wanted", lambda self, do, *_: do())
        assert in_dockerfile(text) == found
