"""Look at every page of the site in a browser: nothing scrolls sideways, no script fails, and search finds answers."""

from __future__ import annotations

import functools
import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).parents[2]
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-logging=stderr",
)
WIDTHS = (390, 800, 1280)
# A question, and the page that answers it.
QUESTIONS = {
    "pins disagree": "how-to/disagreeing-pins.html",
    "two versions on purpose": "how-to/two-versions.html",
    "private index": "how-to/private-index.html",
    "after a kill": "how-to/after-a-kill.html",
    "merge conflict": "findings/check.html",
    "Renovate": "compared.html",
    "exit codes": "reference.html",
    "monorepos": "monorepos.html",
    "limitations": "limitations.html",
    "stale-lock-file": "findings/check.html",
}
# Loads pages in a frame, one after the other, and sends the server what was seen.
HARNESS = """<!DOCTYPE html><iframe id="frame" height="900"></iframe><script>
const tasks = TASKS, seen = [], frame = document.getElementById("frame");
const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
const load = (page) => new Promise((done) => { frame.onload = done; frame.src = page; });
(async () => {
  for (const [page, width, query] of tasks) {
    frame.width = width;
    await load(page);
    const view = frame.contentWindow, shown = frame.contentDocument;
    view.addEventListener("error", (event) => seen.push([page, width, "script", String(event.message)]));
    if (query) {
      const field = shown.querySelector("input.md-search__input");
      field.focus(); field.value = query; field.dispatchEvent(new view.Event("keyup", {bubbles: true}));
      field.dispatchEvent(new view.Event("input", {bubbles: true}));
      let links = [];
      for (let tries = 0; tries < 100 && !links.length; tries++) {
        await wait(0.1);
        links = [...shown.querySelectorAll(".md-search-result__link")].map((link) => new view.URL(link.href).pathname);
      }
      seen.push([query, width, "found", links.slice(0, 5)]);
    } else {
      await wait(0.05);
      seen.push([page, width, "wide", shown.documentElement.scrollWidth]);
    }
  }
  await fetch("seen", {method: "POST", body: JSON.stringify(seen)});
})();
</script>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="chromium is not installed here"),
]


class Site(http.server.ThreadingHTTPServer):
    """A server of the site, which waits for what the browser saw."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.folder = folder
        self.seen: queue.Queue[list[list[Any]]] = queue.Queue()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    server: Site

    def do_POST(self) -> None:
        """Take what the browser saw."""
        self.server.seen.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, served on this machine."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=TOP, env=environment, check=True, capture_output=True)
    with Site(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def seen(site: Site, tmp_path: Path, tasks: list[tuple[str, int, str]]) -> list[list[Any]]:
    """Let the browser load the pages, and return what it saw. Fails for an error in its console."""
    (site.folder / "harness.html").write_text(HARNESS.replace("TASKS", json.dumps(tasks)))
    address = f"http://127.0.0.1:{site.server_address[1]}/harness.html"
    log = tmp_path / "log"
    with log.open("wb") as stream:
        command = [str(BROWSER), *QUIET, f"--user-data-dir={tmp_path / 'user'}", "--remote-debugging-port=0", address]
        browser = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            result = site.seen.get(timeout=400)
        finally:
            browser.terminate()
            browser.wait()
    assert [line for line in log.read_text(errors="replace").split("\n") if "CONSOLE" in line] == []
    return result


def test_no_page_scrolls_sideways_or_has_an_error(site: Site, tmp_path: Path) -> None:
    pages = sorted(
        str(path.relative_to(site.folder)) for path in site.folder.rglob("*.html") if path.name != "harness.html"
    )
    assert len(pages) > 25
    result = seen(site, tmp_path, [(page, width, "") for page in pages for width in WIDTHS])
    assert len(result) == len(pages) * len(WIDTHS)
    assert [each for each in result if each[2] != "wide" or each[3] > each[1]] == []


def test_search_finds_the_page_that_answers(site: Site, tmp_path: Path) -> None:
    result = seen(site, tmp_path, [("index.html", 1280, question) for question in QUESTIONS])
    assert {
        each[0]: QUESTIONS[each[0]] in [link.removeprefix("/") for link in each[3]] for each in result
    } == dict.fromkeys(QUESTIONS, True)
