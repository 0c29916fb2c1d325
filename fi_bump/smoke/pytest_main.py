"""Run pytest and count its tests: `python pytest_main.py COUNTS ARGUMENTS…`. COUNTS is the path of a JSON file.

pytest ends with 0 after `pytest.exit(returncode=0)`, and its report then has the tests that ran. Only a count of the
tests that were collected shows that others did not run. This file runs in the target, and uses pytest and the standard
library only.
"""

from __future__ import annotations

import json
import os
import sys


class Counter:
    """Counts the tests that pytest collected, deselected and ran. With pytest-xdist it counts in the controller."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._ran: set[str] = set()
        self._deselected = 0

    def pytest_deselected(self, items: list[object]) -> None:
        """Count tests that options or the configuration deselected."""
        self._deselected += len(items)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Count a test whose run ended, whatever its outcome."""
        self._ran.add(nodeid)

    def pytest_sessionfinish(self, session: object) -> None:
        """Write the counts; pytest calls this after `pytest.exit` too."""
        counts = {
            "collected": getattr(session, "testscollected", 0),
            "deselected": self._deselected,
            "ran": len(self._ran),
        }
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(counts, file)


def main(counts: str, arguments: list[str]) -> int:
    """Run pytest as `python -m pytest` does, and return its exit code."""
    # This folder has modules of fi-bump; python -m has the working folder there instead.
    sys.path[0] = os.getcwd()
    import pytest

    return int(pytest.main(arguments, plugins=[Counter(counts)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
