"""Asks package indexes, several questions at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeVar

from packaging.version import Version

from fi_bump.boundary.addresses import shown
from fi_bump.index import pages
from fi_bump.index.address import project_url
from fi_bump.index.answer import Asking
from fi_bump.index.model import File, Project

if TYPE_CHECKING:
    from fi_bump.index.metadata import Metadata

AT_ONCE = 8
_Question = TypeVar("_Question")
_Reply = TypeVar("_Reply")


class Client:
    """Asks indexes about packages; it asks for each page and each release's metadata once per run."""

    def __init__(self, http: Asking) -> None:
        self.http = http
        self._pages: dict[tuple[str, str], Project] = {}
        self._metadata: dict[str, Metadata] = {}

    def project(self, package: str, indexes: Iterable[str], *, revalidate: bool = False) -> Project:
        """Return the package from the first index that has it, or a Project without files.

        With `revalidate` no cached answer is used without asking the index: fi-bump must not refuse a release because
        of an outdated answer.

        Only one index answers for a package, as in uv: files of the same name on two indexes need not be the same
        release, and anyone could upload a higher version to the second one. Raises PackageIndexError if an index cannot
        be asked, since its answer is then unknown.
        """
        project = Project(package, "", ())
        for index in indexes:
            project = self.page(package, index, revalidate=revalidate)
            if project.files:
                return project
        return project

    def page(self, package: str, index: str, *, revalidate: bool = False) -> Project:
        """Return the package as one index has it. Raises PackageIndexError."""
        key = (index, package)
        if key not in self._pages or revalidate:
            answer = self.http.get(
                project_url(index, package), accept=pages.ACCEPT, limit=pages.LARGEST, revalidate=revalidate
            )
            files = () if answer.status == 404 else pages.files_of(answer, package)
            self._pages[key] = Project(package, shown(index), files)
        return self._pages[key]

    def metadata(self, file: File) -> Metadata:
        """Return the metadata of a wheel, with its requirements. Raises PackageIndexError."""
        if file.url not in self._metadata:
            # Only the audit reads metadata, and importing its parsers takes longer than completion may.
            from fi_bump.index import metadata

            self._metadata[file.url] = metadata.fetch(self.http, file)
        return self._metadata[file.url]

    def each(self, ask: Callable[[_Question], _Reply], questions: Iterable[_Question]) -> list[_Reply]:
        """Ask several questions at once; return the replies in their order, or raise the first failure at once."""
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
    """Start asking in a thread for which neither an interrupt, nor a failure, nor the end of the process waits.

    The interpreter would join the threads of a pool, however long an index takes to answer.
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
    """Return the wheel whose metadata represents a release: one with a metadata file beside it, else the smallest."""
    wheels = [file for file in files if file.is_wheel]
    return min(wheels, key=lambda file: (file.metadata_sha256 is None, file.size or 0, file.name), default=None)


def newest(versions: Iterable[Version], *, prereleases: bool = False) -> Version | None:
    """Return the newest version, or None; a pre-release only with `prereleases` or if there is nothing else."""
    ordered = sorted(versions)
    final = [version for version in ordered if prereleases or not version.is_prerelease]
    chosen = final or ordered
    return chosen[-1] if chosen else None
