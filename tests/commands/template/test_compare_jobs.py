"""Run the scripts of the jobs that compare a pull request with its nightly runs, against a server with the vendors' API.

The server answers the requests that the vendors document: GitLab's pipelines, jobs and artifacts, and Buildkite's builds.
"""

from __future__ import annotations

import http.server
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.conftest import Run

BIN = Path(sys.executable).parent
PASS = '<testsuite><testcase classname="kernels" name="one" time="1"/></testsuite>'
FAIL = PASS.replace("/></", '><failure message="wrong sum"/></testcase></')
# A night whose jobs passed, one whose artifacts have expired, and one whose job has no JUnit files.
PIPELINES = {"1": {"junit/a/x.xml": PASS}, "7": {"junit/a/x.xml": PASS}, "8": None, "9": {"log.txt": "much"}}


class Server(http.server.ThreadingHTTPServer):
    """A server that remembers what it was asked."""

    def __init__(self, now: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.now = now
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of both vendors' APIs."""

    server: Server

    def do_GET(self) -> None:
        """Answer one request."""
        assert (self.headers["PRIVATE-TOKEN"], self.headers["Authorization"]) in (
            ("secret", None),
            (None, "Bearer secret"),
        )
        self.server.asked.append(self.path)
        body = self.answer(urlsplit(self.path).path.split("/"), parse_qs(urlsplit(self.path).query))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def answer(self, parts: list[str], query: dict[str, list[str]]) -> bytes | None:
        """Return the body, or None for an artifact that has expired."""
        if parts[-1] in ("pipelines", "builds"):
            return json.dumps([{"id": night} for night in PIPELINES if night != "1"]).encode()
        pipeline = parts[-2]
        if parts[-1] == "jobs":
            # 101 jobs: the tests are on the second page.
            first = [{"id": f"{pipeline}{number}", "name": "lint", "artifacts": []} for number in range(100)]
            tests = {"id": pipeline, "name": "tests: [sm90]", "artifacts": [{"file_type": "archive"}]}
            return json.dumps(first if query["page"] == ["1"] else [tests]).encode()
        files = PIPELINES[pipeline] if pipeline != "1" else {"junit/a/x.xml": self.server.now}
        if files is None:
            return None
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return stream.getvalue()

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


@pytest.fixture(params=[PASS, FAIL], ids=["same", "new-failure"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server whose pull request passes, or has a new failure."""
    with Server(request.param) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ran(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a job's script as its runner does, with this installation instead of a new one."""
    environment = {"PATH": f"{folder}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}", **variables}
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def result(folder: Path, suite: str, failed: bool) -> None:
    """Assert what the comparison wrote: two runs were left out, and the case is new or as before."""
    report: dict[str, Any] = json.loads((folder / "compare.json").read_bytes())["result"]
    assert [each["name"] for each in report["baseline"]["runs"]] == ["7"]
    assert (len(report["run"]["runs"]), report["run"]["cases"]) == (1, 1)
    assert [(entry["kind"], entry["case"]) for entry in report["entries"]] == (
        [("new-failure", f"{suite} kernels::one")] if failed else []
    )
    assert ("not ok: 1 new failure" in (folder / "compare.md").read_text()) is failed


@pytest.mark.slow
def test_gitlab(two: Path, run: Run, server: Server, tmp_path: Path) -> None:
    document = yaml.safe_load(run(two, "template", "gitlab-compare").out)
    script = "\n".join(document["fi-bump-compare"]["script"][1:])
    done = ran(
        script,
        tmp_path,
        {
            **{"CI_API_V4_URL": f"{server.url}/api/v4", "CI_PROJECT_ID": "3", "CI_PIPELINE_ID": "1"},
            **{"CI_DEFAULT_BRANCH": "main", "FI_BUMP_NIGHTS": "5", "FI_BUMP_API_TOKEN": "secret"},
        },
    )
    assert done.returncode == (server.now == FAIL), done.stderr
    result(tmp_path, "tests-sm90", server.now == FAIL)
    assert "/api/v4/projects/3/pipelines?source=schedule&scope=finished&ref=main&per_page=5" in server.asked


AGENT = """#!/bin/sh
# What the agent does in these jobs: it downloads the artifacts of this build or another one, and annotates.
case "$1 $3" in
  "annotate fi-bump-compare") cat > annotated; exit;;
esac
[ "$6" != 8 ] && [ "$6" != 9 ] || { echo "no artifacts found" >&2; exit 1; }
mkdir -p "$4/junit/kernels"
if [ "$6" ]; then echo "$PASSED"; else echo "$NOW"; fi > "$4/junit/kernels/0.xml"
"""


@pytest.mark.slow
def test_buildkite(two: Path, run: Run, server: Server, tmp_path: Path) -> None:
    document = yaml.safe_load(run(two, "template", "buildkite-compare").out)
    step = document["steps"][1]
    # The agent replaces `$$` by `$` when the pipeline is uploaded.
    script = "\n".join(step["command"][2:]).replace("$$", "$").replace("https://api.buildkite.com", server.url)
    (tmp_path / "buildkite-agent").write_text(AGENT)
    (tmp_path / "buildkite-agent").chmod(0o755)
    (tmp_path / ".venv-fi-bump" / "bin").mkdir(parents=True)
    (tmp_path / ".venv-fi-bump" / "bin" / "fi-bump").symlink_to(BIN / "fi-bump")
    done = ran(
        script,
        tmp_path,
        {
            **step["env"],
            **{"BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main", "BUILDKITE_ORGANIZATION_SLUG": "us"},
            **{"BUILDKITE_API_TOKEN": "secret", "PASSED": PASS, "NOW": server.now},
        },
    )
    assert done.returncode == (server.now == FAIL), done.stderr
    result(tmp_path, "kernels", server.now == FAIL)
    assert (tmp_path / "annotated").read_bytes() == (tmp_path / "compare.md").read_bytes()
    assert server.asked == ["/v2/organizations/us/pipelines/nightly/builds?branch=main&state=finished&per_page=5"]
