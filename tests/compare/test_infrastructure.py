"""What the infrastructure did, and what only looks like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fi_bump.compare.infrastructure import known
from fi_bump.errors import FiBumpError

CAUSED = [
    ("killed", "subprocess.CalledProcessError: Command 'python' died with <Signals.SIGKILL: 9>."),
    ("killed", "RuntimeError: worker exited with code 137"),
    ("killed", "CalledProcessError: Command 'x' returned non-zero exit status 137."),
    ("killed", "Memory cgroup out of memory: Killed process 4242 (python)"),
    ("killed", "pod failed: OOMKilled"),
    ("killed", "Killed"),
    ("disk-full", "OSError: [Errno 28] No space left on device: '/root/.cache/x.so'"),
    ("download-refused", "HTTPError: 429 Client Error: Too Many Requests for url: https://hub.example/model"),
    ("download-refused", "requests.exceptions.HTTPError: 503 Server Error for url: https://hub.example.invalid/a"),
    (
        "download-refused",
        "ConnectionError: HTTPSConnectionPool(host='hub.example', port=443): Max retries exceeded with url: /a",
    ),
    ("download-refused", "OSError: We couldn't connect to 'https://hub.example' to load this file"),
    ("download-refused", "fatal: unable to access 'x': Could not resolve host: git.example"),
    ("download-refused", "socket.gaierror: [Errno -3] Temporary failure in name resolution"),
    ("runner-lost", "The runner has received a shutdown signal."),
    ("runner-lost", "Error: The operation was canceled."),
    ("device-lost", "RuntimeError: No CUDA GPUs: no CUDA-capable device is detected"),
    ("device-lost", "CUDA error: uncorrectable ECC error encountered"),
    ("device-lost", "Failed to initialize NVML: Driver/library version mismatch"),
]
# A release can cause each of these.
OWN = [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
    "RuntimeError: CUDA error: an illegal memory access was encountered",
    "worker 'gw0' crashed while running 'tests/test_a.py::test_b'",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded with url: /v1/models",
    "requests.exceptions.ConnectionError: http://127.0.0.1:8000/health: Connection refused",
    "httpx.ReadTimeout: read timed out for http://10.0.0.7:8000/generate",
    "process exited with code 1",
    "process exited with code -11",
    "died with <Signals.SIGSEGV: 11>",
    "AssertionError: 429 != 200",
    "AssertionError: assert 137 == 138",
    "the killed sequence was scheduled again",
    "ValueError: no space left in the block table",
    "",
]


@pytest.mark.parametrize(("cause", "text"), CAUSED)
def test_what_the_infrastructure_did(cause: str, text: str) -> None:
    assert known().cause(f"AssertionError\n{text}\nsomething else") == cause


@pytest.mark.parametrize("text", OWN)
def test_what_the_code_under_test_may_have_done(text: str) -> None:
    assert known().cause(text) is None


def test_each_cause_is_put_into_words() -> None:
    causes = known()
    assert [causes.meaning(each.name) for each in causes.patterns] == [
        "the process was killed, as the kernel does when memory runs out",
        "the disk of the machine was full",
        "a download was refused or broke off",
        "the machine that ran the tests was lost or shut down",
        "the GPU or its driver did not answer",
    ]
    assert causes.meaning("of an older version") == "of an older version"


def test_the_user_s_own_patterns_come_first(tmp_path: Path) -> None:
    own = [{"name": "license", "meaning": "no license was free", "pattern": "no license", "unless": "expected"}]
    (tmp_path / "own.json").write_text(json.dumps(own))
    causes = known((str(tmp_path / "own.json"),))
    assert causes.cause("No license: exited with code 137") == "license"
    assert causes.cause("no license expected: exited with code 137") == "killed"
    assert causes.meaning("license") == "no license was free"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "does not hold failure patterns"),
        ("{}", "does not hold failure patterns"),
        ("[1]", "does not hold failure patterns"),
        ('[{"name": "a", "meaning": "b"}]', "does not hold failure patterns"),
        ('[{"name": "a", "meaning": "b", "pattern": 1}]', "does not hold failure patterns"),
        ('[{"name": "a", "meaning": "b", "pattern": "c", "regex": "d"}]', "does not hold failure patterns"),
        (
            '[{"name": "a", "meaning": "b", "pattern": "("}]',
            "holds an invalid regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
)
def test_a_file_that_holds_no_patterns(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(FiBumpError) as caught:
        known((str(path),))
    assert (caught.value.place, caught.value.message) == (str(path), message)
    assert caught.value.hint == (
        'write a list of {"name": …, "meaning": …, "pattern": …}, as in fi_bump/data/infrastructure.json'
    )
