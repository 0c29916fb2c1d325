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
    "merge conflict": "branches.html",
    "Renovate": "compared.html",
    "exit codes": "reference.html",
    "monorepos": "monorepos.html",
    "limitations": "limitations.html",
    "stale-lock-file": "findings/check.html",
}
# Loads pages in frames beside each other, each page once for all widths, and sends the server what was seen.
HARNESS = """<!DOCTYPE html><script>
const tasks = TASKS, widths = WIDTHS, seen = [];
const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
const frame = () => {
  const made = document.createElement("iframe");
  made.height = 900;
  document.body.append(made);
  return made;
};
const load = (frame, page) => new Promise((done) => { frame.onload = done; frame.src = page; });
const look = async (frame, page) => {
  frame.width = widths[0];
  await load(frame, page);
  const view = frame.contentWindow, shown = frame.contentDocument;
  view.addEventListener("error", (event) => seen.push([page, 0, "script", String(event.message)]));
  for (const width of widths) {
    frame.width = width;
    await wait(0.02);
    // What slides in or out of a page after the width changed has come to rest.
    for (let tries = 0; tries < 60 && shown.documentElement.scrollWidth > width; tries++) await wait(0.05);
    if (view.innerWidth !== width) seen.push([page, width, "width", view.innerWidth]);
    seen.push([page, width, "wide", shown.documentElement.scrollWidth]);
  }
};
const search = async (frame, query) => {
  frame.width = 1280;
  await load(frame, "index.html");
  const view = frame.contentWindow, shown = frame.contentDocument;
  const field = shown.querySelector("input.md-search__input");
  field.focus(); field.value = query; field.dispatchEvent(new view.Event("keyup", {bubbles: true}));
  field.dispatchEvent(new view.Event("input", {bubbles: true}));
  let links = [];
  for (let tries = 0; tries < 300 && !links.length; tries++) {
    await wait(0.1);
    links = [...shown.querySelectorAll(".md-search-result__link")].map((link) => new view.URL(link.href).pathname);
  }
  seen.push([query, 1280, "found", links.slice(0, 5)]);
};
const work = async () => {
  const mine = frame();
  while (tasks.length) {
    const [page, query] = tasks.shift();
    await (query ? search(mine, query) : look(mine, page));
  }
};
addEventListener("load", async () => {
  await Promise.all([work(), work(), work(), work()]);
  await fetch("seen", {method: "POST", body: JSON.stringify(seen)});
});
</script><body></body>"""

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


@pytest.fixture(scope="module")
def seen(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """What one browser saw: every page at every width, and the answers to every question."""
    folder = tmp_path_factory.mktemp("browser")
    tasks = [*(("", question) for question in QUESTIONS), *((page, "") for page in pages(site))]
    text = HARNESS.replace("TASKS", json.dumps(tasks)).replace("WIDTHS", json.dumps(WIDTHS))
    (site.folder / "harness.html").write_text(text)
    address = f"http://127.0.0.1:{site.server_address[1]}/harness.html"
    log = folder / "log"
    with log.open("wb") as stream:
        command = [str(BROWSER), *QUIET, f"--user-data-dir={folder / 'user'}", "--remote-debugging-port=0", address]
        browser = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            result = site.seen.get(timeout=400)
        finally:
            browser.terminate()
            browser.wait()
    console = [line for line in log.read_text(errors="replace").split("\n") if "CONSOLE" in line]
    return [*result, *(["", 0, "console", line] for line in console)]


def pages(site: Site) -> list[str]:
    """Return the path of every page of the site."""
    found = (str(path.relative_to(site.folder)) for path in site.folder.rglob("*.html"))
    return sorted(path for path in found if path != "harness.html")


def test_no_page_scrolls_sideways_or_has_an_error(site: Site, seen: list[list[Any]]) -> None:
    assert len(pages(site)) > 45
    looked = [each for each in seen if each[2] != "found"]
    assert sorted((page, width) for page, width, what, _ in looked if what == "wide") == sorted(
        (page, width) for page in pages(site) for width in WIDTHS
    )
    assert [each for each in looked if each[2] != "wide" or each[3] > each[1]] == []


def test_search_finds_the_page_that_answers(seen: list[list[Any]]) -> None:
    found = {each[0]: each[3] for each in seen if each[2] == "found"}
    assert {
        question: QUESTIONS[question] in [link.removeprefix("/") for link in links] for question, links in found.items()
    } == dict.fromkeys(QUESTIONS, True)
