"""Channel: messages between the engine and a worker, over two pipes."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

HEAD = struct.Struct("<8sQ")
MARK = b"evalkit\0"
"""What every message begins with: user code may write into any pipe it finds."""
CHUNK = 1 << 20


class Closed(Exception):
    """The other side is gone."""


class Garbled(Closed):
    """Somebody else wrote into the pipe: nothing that follows can be understood."""


class Channel:
    """One end; only evalkit's own values are sent, never user functions."""

    def __init__(self, reads: int, writes: int) -> None:
        self.reads, self.writes = reads, writes
        self._buffer = bytearray()

    def send(self, message: Any) -> None:
        """Send a message; raises `Closed` when nobody reads any more."""
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        rest = memoryview(HEAD.pack(MARK, len(body)) + body)
        try:
            while rest:
                rest = rest[os.write(self.writes, rest) :]
        except OSError:
            raise Closed from None

    def receive(self) -> Any:
        """Wait for a message; raises `Closed` when there will be none."""
        while True:
            for message in self._complete():
                return message
            self._fill()

    def arrived(self) -> Iterator[Any]:
        """Read what is there without waiting (after a selector said so), yield whole messages."""
        self._fill()
        yield from self._complete()

    def until_closed(self) -> Iterator[Any]:
        """Yield messages until the other side is gone."""
        with suppress(Closed):
            while True:
                yield self.receive()

    def rest(self) -> Iterator[Any]:
        """Yield the whole messages that a dead worker had still sent."""
        os.set_blocking(self.reads, False)
        with suppress(Closed, BlockingIOError):
            while True:
                self._fill()
        with suppress(Garbled):
            yield from self._complete()

    def _fill(self) -> None:
        try:
            data = os.read(self.reads, CHUNK)
        except BlockingIOError:
            raise
        except OSError:
            raise Closed from None
        if not data:
            raise Closed
        self._buffer += data

    def _complete(self) -> Iterator[Any]:
        buffer = self._buffer
        while len(buffer) >= HEAD.size:
            mark, length = HEAD.unpack_from(buffer)
            if mark != MARK:
                raise Garbled
            if len(buffer) < HEAD.size + length:
                return
            body = bytes(buffer[HEAD.size : HEAD.size + length])
            del buffer[: HEAD.size + length]
            yield pickle.loads(body)

    def close(self) -> None:
        """Close both pipes."""
        for handle in (self.reads, self.writes):
            with suppress(OSError):
                os.close(handle)
