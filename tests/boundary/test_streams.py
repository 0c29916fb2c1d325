"""Pipes and devices in the place of files: read and written, and never waited for without a limit."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from fi_bump import user_files
from fi_bump.boundary import streams
from fi_bump.errors import FileError


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(streams, "WAIT", 0.4)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_that_nobody_writes(pipe: Path) -> None:
    start = time.monotonic()
    with pytest.raises(FileError) as caught:
        user_files.read(str(pipe))
    assert str(caught.value) == f"{pipe}: cannot be read: nothing comes from this pipe"
    assert time.monotonic() - start < 5


def test_a_pipe_whose_writer_falls_silent(pipe: Path) -> None:
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"one")
    with pytest.raises(FileError) as caught:
        user_files.read(str(pipe))
    os.close(writer)
    assert str(caught.value) == f"{pipe}: cannot be read: nothing comes from this pipe"


@pytest.mark.parametrize("data", [b"", b"one", b"x" * 1_000_000])
def test_a_pipe_is_read_to_its_end(pipe: Path, data: bytes) -> None:
    thread = threading.Thread(target=pipe.write_bytes, args=(data,))
    thread.start()
    assert user_files.read(str(pipe)) == data
    thread.join()


def test_devices(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGEST", 1 << 20)
    assert user_files.read("/dev/null") == b""
    with pytest.raises(FileError) as caught:
        user_files.read("/dev/zero")
    assert str(caught.value) == "/dev/zero: cannot be read: it is larger than 1 mib"
    user_files.put("/dev/null", b"x" * 1_000_000)


def test_a_pipe_that_nobody_reads(pipe: Path) -> None:
    start = time.monotonic()
    with pytest.raises(FileError) as caught:
        user_files.put(str(pipe), b"one")
    assert str(caught.value) == f"{pipe}: cannot be written: nobody reads this pipe"
    assert time.monotonic() - start < 5


def test_a_reader_that_stops_reading(pipe: Path) -> None:
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(FileError) as caught:
        user_files.put(str(pipe), b"x" * 1_000_000)
    os.close(reader)
    assert str(caught.value) == f"{pipe}: cannot be written: nobody reads this pipe"


def test_a_pipe_is_written_to_its_end(pipe: Path) -> None:
    read: list[bytes] = []
    thread = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    thread.start()
    user_files.put(str(pipe), b"x" * 1_000_000)
    thread.join()
    assert read == [b"x" * 1_000_000]


def test_a_name_with_a_nul() -> None:
    with pytest.raises(FileError) as caught:
        user_files.read("a\0b")
    assert caught.value.message == "cannot be read: no file has a NUL in its name"
