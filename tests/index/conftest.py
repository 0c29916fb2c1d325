"""A package index on this machine, and a client for it with short time-outs and a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fi_bump.index.cache import Cache
from fi_bump.index.client import Client
from fi_bump.index.http import Http
from tests.index.server import Index, running


@pytest.fixture
def index() -> Iterator[Index]:
    """A running index without routes."""
    with running() as started:
        yield started


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A client with short time-outs and its own cache."""
    return Client(Http(Cache(tmp_path / "cache"), connect=2, read=0.5))
