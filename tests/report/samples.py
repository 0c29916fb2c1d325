"""Inputs of the report tests (a broken repository, an audit, smoke runs) and the expected texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from fi_bump import __version__
from fi_bump.audit.audit import Audit
from fi_bump.audit.conflicts import Conflict, Demand, Stated
from fi_bump.audit.notes import Note
from fi_bump.audit.resolve import Verdict
from fi_bump.findings.rules import Rule, Severity
from fi_bump.lock.records import Group, Member
from fi_bump.lock.records import Lock as LockType
from fi_bump.pins import Place
from fi_bump.report.findings.model import Report, Result
from tests.golden import golden as golden_file

GOLDEN = Path(__file__).parent / "golden"
OLD, NEW = "0.6.8.post1", "0.6.11.post2"
HASH = "0" * 64

LOCK = b"""{
  "lock-version": 1,
  "groups": {
    "flashinfer": {
      "version": "0.6.8.post1",
      "packages": {
        "flashinfer-cubin": {},
        "flashinfer-python": {}
      },
      "variables": [
        "FLASHINFER_VERSION"
      ],
      "sites": [
        "docker/Dockerfile#ARG FLASHINFER_VERSION",
        "docker/versions.json#variable.FLASHINFER_VERSION.default",
        "requirements/cuda.txt#flashinfer-cubin",
        "requirements/cuda.txt#flashinfer-python",
        "requirements/gone.txt#flashinfer-python",
        "requirements/hashed.txt#flashinfer-python"
      ]
    }
  }
}
"""
# A character above U+FFFF before the version, a byte order mark, CRLF, a path with every character to escape, hashes.
BROKEN = {
    "docker/Dockerfile": b"FROM base\r\nARG FLASHINFER_VERSION=0.6.6\r\n",
    "docker/versions.json": (
        b"\xef\xbb\xbf"
        + '{"variable": {"SMILE": {"default": "😀é"}, "FLASHINFER_VERSION": {"default": "0.6.7"}}}\n'.encode()
    ),
    "requirements/100%, a: b/cuda ü.txt": b"flashinfer-python==0.6.8.post1\n",
    "requirements/bare.txt": b"flashinfer-cubin\n",
    "requirements/cuda.txt": b"numpy\nflashinfer-python==0.6.8.post1\nflashinfer-cubin==0.6.8.post1\n",
    "requirements/hashed.txt": f"flashinfer-python==0.6.6 --hash=sha256:{HASH}\n".encode(),
    "requirements/range.txt": b"numpy # | `a` <b> @team\nflashinfer-python>=0.7\n",
}

# The repository of an audit, and results that the audit could have.
KIT = LockType((Group("dsl", "4.5.2", (Member("dsl"),)), Group("kit", "1.0", (Member("kit"), Member("kit-cubin")))))
STATED = {
    "requirements/cuda.txt": b"kit==1.0\nkit-cubin==1.0\n\tdsl==4.4.2  # {not} a [link](1)\n",
}
AUDIT = Audit(
    (
        Conflict(
            Stated(Requirement("dsl==4.4.2"), Place("requirements/cuda.txt", 3, 2, 12)),
            Demand(Requirement("dsl>=4.5"), "kit", Version("1.0"), Place("requirements/cuda.txt", 1, 1, 9)),
        ),
    ),
    (Note(Place("requirements/cuda.txt", 2, 1, 15), "kit-cubin 1.0 is not on [a](1), {b}"),),
    {"dsl": Version("4.5.2")},
)
VERDICTS = [
    Verdict(True, ("requirements/other.txt: uv resolves it for Python 3.12",), "requirements/other.txt"),
    Verdict(
        False,
        ("requirements/cuda.txt: uv cannot resolve it for Python 3.12", "  Because kit==1.0 depends on dsl>=4.5"),
        "requirements/cuda.txt",
    ),
]

RULES = (Rule.DRIFT, Rule.UNPINNED)


def report(*results: Result) -> Report:
    """Return a report of `check` with these results."""
    ok = all(result.severity is Severity.note for result in results)
    return Report(
        command="check", ok=ok, results=results, passed=(), summary=("kit 1.0: 1 pin in 1 file",), help=(), rules=RULES
    )


def result(path: str = "a.txt", message: str = "kit is 0.9, the lock says 1.0", **fields: Any) -> Result:
    """Return a drift at the sixth column of a line."""
    made = Result(Rule.DRIFT, Place(path, 2, 6, 9, "kit==0.9  # ü"), "kit", message, fix="1.0")
    return made._replace(**fields)


def golden(name: str, made: str | None = None) -> str:
    """Return the expected text, in which the file has `VERSION` for fi-bump's version.

    With `made`, the output of the test, it is a file that `make goldens` rewrites.
    """
    version = '"version": "VERSION"', f'"version": "{__version__}"'
    path = GOLDEN / name
    data = path.read_bytes() if made is None else golden_file(path, made.replace(*version[::-1]).encode())
    return data.decode().replace(*version)
