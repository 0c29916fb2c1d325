"""The names of the output formats."""

from __future__ import annotations

import pytest

from fi_bump.report.formats import REPORT_FORMATS, SMOKE_FORMATS, report_format
from tests.conftest import Run

WRITTEN = ("github", "gitlab", "junit", "markdown", "sarif")


def test_the_lists() -> None:
    assert ("text", "json", *WRITTEN) == REPORT_FORMATS
    assert ("table", "json", *WRITTEN, "svg") == SMOKE_FORMATS


@pytest.mark.parametrize("name", [*REPORT_FORMATS, *SMOKE_FORMATS])
def test_a_name_is_its_format(name: str) -> None:
    assert report_format(name) == (name if name not in ("table", "svg") else None)


@pytest.mark.parametrize("name", ["", "Text", "sarif ", "yaml", "*"])
def test_no_other_name_is_one(name: str) -> None:
    assert report_format(name) is None


@pytest.mark.parametrize(
    ("command", "names"),
    [
        pytest.param("check", REPORT_FORMATS, id="check"),
        pytest.param("audit", REPORT_FORMATS, id="audit"),
        pytest.param("smoke", SMOKE_FORMATS, id="smoke"),
        pytest.param("compare", REPORT_FORMATS, id="compare"),
        pytest.param("status", ("text", "json"), id="status"),
    ],
)
def test_an_option_takes_them_and_no_others(
    command: str,
    names: tuple[str, ...],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    root = tmp_path_factory.mktemp("empty")
    assert f"--format <{'|'.join(names)}>" in run(root, command, "--help").out
    refused = run(root, command, "--format", "yaml")
    assert (refused.code, refused.out) == (2, "")
    assert ", ".join(map(repr, names)) in refused.err
