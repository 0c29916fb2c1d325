"""Input that is only bad or odd is never called a bug of fi-bump, and what cannot be read is not in step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Run, plant

OLD, NEW = "0.6.8", "0.6.9"
LOCK = json.dumps(
    {
        "lock-version": 1,
        "groups": {
            "flashinfer": {
                "version": OLD,
                "packages": {"flashinfer-cubin": {}, "flashinfer-python": {}},
                "variables": ["FLASHINFER_VERSION"],
            }
        },
    }
).encode()
DIGITS = "9" * 5000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "flashinfer-python==\\\n0.6.8\n"),
        ("requirements.txt", "flashinfer-python==\\\r\n  0.6.8\r\n"),
        ("requirements.txt", "flashinfer-python\\\n[cu13]==\\\n0.6.8 ; python_version >= '3.9'  # kernels\nnumba\n"),
        ("requirements.txt", "flashinfer-python \\\n    == \\\n    0.6.8 \\\n    --no-binary :all:\n"),
        ("requirements.txt", "\ufeff\\\nflashinfer-python==\\\n0.6.8"),
        ("requirements.txt", "numba\\\n  ==1\nflashinfer-python>=0.6,\\\n==0.6.8\n"),
        ("Dockerfile", "FROM base\nRUN pip install flashinfer-python==\\\n0.6.8\n"),
        ("bake.json", '{"variable":{"FLASHINFER_VERSION":{"default":"0.6.8"},"FLASHINFER_VERSION":{"default":"x y"}}}'),
        ("bake.json", '{"variable":{"FLASHINFER_VERSION":{"default":"0.6.8","default":"main"}}}'),
        ("bake.json", '{"variable":{"FLASHINFER_VERSION":{"default":"0.6.8","default":null,"default":[{}]}}}'),
        ("bake.json", '{"variable":{"FLASHINFER_VERSION":{"default":"0.6.8"}},"variable":1}'),
    ],
)
def test_an_odd_pin_moves(tmp_path: Path, run: Run, path: str, text: str) -> None:
    plant(tmp_path, {path: text.encode(), "versions.lock.json": LOCK})
    result = run(tmp_path, "set", NEW, "--offline")
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / path).read_bytes() == text.replace(OLD, NEW).encode()
    assert run(tmp_path, "check").code == 0


@pytest.mark.slow
def test_pip_reads_the_moved_pin(tmp_path: Path, run: Run) -> None:
    plant(tmp_path, {"requirements.txt": b"flashinfer-python==\\\n0.6.8\n", "versions.lock.json": LOCK})
    run(tmp_path, "set", NEW, "--offline")
    script = (
        "import sys; from pip._internal.req.req_file import parse_requirements\n"
        "from pip._internal.network.session import PipSession\n"
        "print([each.requirement for each in parse_requirements(sys.argv[1], PipSession())])"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "requirements.txt")]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"['flashinfer-python=={NEW}']\n"
    )


@pytest.mark.parametrize(
    ("path", "text", "place", "shown"),
    [
        ("a.txt", f"flashinfer-python>={DIGITS}\n", "requirements/a.txt:1:18", f">={DIGITS}"),
        ("a.txt", f"flashinfer-python>=0.6,<0.{DIGITS}\n", "requirements/a.txt:1:18", f">=0.6,<0.{DIGITS}"),
        ("a.txt", f"flashinfer-python!={DIGITS}.1\n", "requirements/a.txt:1:18", f"!={DIGITS}.1"),
    ],
)
def test_a_range_that_cannot_be_read_is_not_in_step(
    tmp_path: Path, run: Run, path: str, text: str, place: str, shown: str
) -> None:
    pin = {"requirements.txt": f"flashinfer-cubin=={OLD}\nflashinfer-python=={OLD}\n".encode()}
    plant(tmp_path, {**pin, "versions.lock.json": LOCK})
    assert run(tmp_path, "check", "--fix").code == 0
    plant(tmp_path, {f"requirements/{path}": text.encode()})
    result = run(tmp_path, "check")
    assert (result.code, result.out.split("\n")[0]) == (
        1,
        f"{place}: {f'flashinfer-python{shown}'[:80]}… cannot be read as a range [floor-violated]",
    )


LINES = st.sampled_from(
    [
        "flashinfer-python==0.6.8",
        "flashinfer-python[cu13] == 0.6.8",
        "flashinfer-cubin===0.6.8",
        "flashinfer-python>=0.6",
        "0.6.8",
        "==",
        "\\\n",
        "\\\r\n",
        "\\",
        "\n",
        "\n",
        " ",
        "\t# a comment\n",
        " ; python_version>'3'",
        " --hash=sha256:" + "0" * 64,
        "-r other.txt\n",
        "\x0c",
        "\u2028",
        ",",
    ]
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=12).map("".join))
def test_no_requirements_file_is_a_bug(tmp_path: Path, run: Run, text: str) -> None:
    plant(tmp_path, {"requirements.txt": text.encode(), "versions.lock.json": LOCK})
    for command in (("check",), ("set", NEW, "--offline")):
        result = run(tmp_path, *command)
        assert result.code in (0, 1, 3)
        assert "bug" not in result.err + result.out
        assert "unexpected" not in result.err
