"""Several questions to several indexes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import nullcontext
from typing import TypeVar

from packaging.version import Version

from fi_bump.index import metadata, pages
from fi_bump.index.address import project_url, redacted
from fi_bump.index.http import Http
from fi_bump.index.metadata import Metadata
from fi_bump.index.model import File, Project

AT_ONCE = 8
_Question = TypeVar("_Question")
_Reply = TypeVar("_Reply")


class Client:
    """Asks indexes about packages; each page and each release's metadata once a run."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._pages: dict[tuple[str, str], Project] = {}
        self._metadata: dict[str, Metadata] = {}

    def project(self, package: str, indexes: Iterable[str], *, anew: bool = False) -> Project:
        """The package on the first of the indexes that knows it; without a file where none does.

        With `anew` no kept answer is used: what is refused must not be refused because of an old one.

        One index answers for a package, as uv does it: files of one name from two indexes need not be the same
        release, and a stranger could put a higher version on the second one. Raises PackageIndexError when an index
        cannot be asked: what it would have said is not known.
        """
        project = Project(package, "", ())
        for index in indexes:
            key = (index, package)
            if key not in self._pages or anew:
                answer = self.http.get(project_url(index, package), accept=pages.ACCEPT, anew=anew)
                files = () if answer.status == 404 else pages.files_of(answer, package)
                self._pages[key] = Project(package, redacted(index), files)
            project = self._pages[key]
            if project.files:
                return project
        return project

    def metadata(self, file: File) -> Metadata:
        """What a wheel requires. Raises PackageIndexError."""
        if file.url not in self._metadata:
            self._metadata[file.url] = metadata.fetch(self.http, file)
        return self._metadata[file.url]

    def each(self, ask: Callable[[_Question], _Reply], questions: Iterable[_Question]) -> list[_Reply]:
        """The replies to the questions, in their order, several asked at once. A failure is raised when it is known."""
        questions = list(questions)
        if len(questions) < 2:
            return [ask(question) for question in questions]
        gate = threading.Semaphore(AT_ONCE)
        futures = [in_background(ask, question, gate) for question in questions]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = next((future for future in futures if future in done and future.exception()), None)
            return [future.result() for future in ([failed] if failed else futures)]
        finally:
            for future in futures:
                future.cancel()


def in_background(
    ask: Callable[[_Question], _Reply], question: _Question, gate: threading.Semaphore | None = None
) -> Future[_Reply]:
    """Start asking in a thread that nothing waits for: not an interrupt, not a failure, not the end of the process.

    (The threads of a pool are joined by the interpreter, however long an index does not answer.)
    """
    future: Future[_Reply] = Future()

    def answer() -> None:
        with gate or nullcontext():
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(ask(question))
            except BaseException as error:
                future.set_exception(error)

    threading.Thread(target=answer, daemon=True).start()
    return future


def wheel_for_metadata(files: Iterable[File]) -> File | None:
    """The wheel whose metadata speaks for a release: one with a metadata file beside it, else the smallest."""
    wheels = [file for file in files if file.is_wheel]
    return min(wheels, key=lambda file: (file.metadata_sha256 is None, file.size or 0, file.name), default=None)


def newest(versions: Iterable[Version], *, prereleases: bool = False) -> Version | None:
    """The newest version; a pre-release only where asked for or where there is nothing else."""
    ordered = sorted(versions)
    final = [version for version in ordered if prereleases or not version.is_prerelease]
    chosen = final or ordered
    return chosen[-1] if chosen else None
