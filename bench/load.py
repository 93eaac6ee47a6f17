"""Load on a server: as fast as it goes with wrk, or at a given rate whatever it answers."""

import asyncio
import json
import random
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WRK = shutil.which("wrk")
_SCRIPT = Path(__file__).with_name("calls.lua")
_RESULT = re.compile(r"^result (\{.*\})$", re.MULTILINE)


class BadLoad(Exception):
    """A load whose figures mean nothing: calls failed, or got another answer than the right one."""


@dataclass(frozen=True)
class Load:
    """What a client saw: calls answered, in so many seconds, and latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Calls answered in a second."""
        return self.requests / self.seconds


def write_calls(file: Path, path: str, bodies: Sequence[bytes]) -> Path:
    """The file that the script for wrk reads."""
    parts = [path.encode()]
    for body in bodies:
        parts += [str(len(body)).encode(), body]
    file.write_bytes(b"\n".join(parts) + b"\n")
    return file


def full(
    port: int, connections: int, seconds: float, calls: Path, status: int, tokens: Path | None
) -> Load:
    """One wrk, `connections` calls at a time. Raises BadLoad."""
    if WRK is None:
        raise BadLoad("wrk is not installed (Debian: apt-get install wrk)")
    arguments = [str(calls), str(status), *([str(tokens)] if tokens else [])]
    ran = subprocess.run(
        [
            WRK,
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds:g}s",
            f"--script={_SCRIPT}",
            f"http://127.0.0.1:{port}",
            "--",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = _RESULT.search(ran.stdout)
    if found is None:
        raise BadLoad(f"wrk gave no result: {(ran.stdout + ran.stderr).strip()[-300:]}")
    said = json.loads(found[1])
    if said["wrong"] or said["failed"] or not said["requests"]:
        raise BadLoad(
            f"of {said['requests']} calls, {said['wrong']} had another answer than {status} and "
            f"{said['failed']} failed"
        )
    return Load(
        said["requests"], said["microseconds"] / 1e6, said["p50"] / 1000, said["p99"] / 1000
    )


def steady(port: int, rate: float, seconds: float, path: str, bodies: Sequence[bytes]) -> Load:
    """Calls at random moments, `rate` a second, begun when they are due whether or not earlier ones
    are answered. Latency counts from the moment a call was due, so this program's own delays make
    the figures worse, never better. Raises BadLoad."""
    calls = [
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    return asyncio.run(_steady(port, rate, seconds, calls))


async def _steady(port: int, rate: float, seconds: float, calls: Sequence[bytes]) -> Load:
    chance = random.Random(1)  # noqa: S311 - moments, no secret
    idle: list[_Connection] = []
    opened: list[_Connection] = []
    took: list[float] = []
    begun: list[asyncio.Task[None]] = []

    async def call(content: bytes, due: float) -> None:
        if idle:
            connection = idle.pop()
        else:
            connection = await _Connection.open(port)
            opened.append(connection)
        await connection.call(content)
        took.append(time.perf_counter() - due)
        idle.append(connection)

    began = time.perf_counter()
    due = began
    while (due := due + chance.expovariate(rate)) < began + seconds:
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        begun.append(asyncio.create_task(call(calls[len(begun) % len(calls)], due)))
    ended = await asyncio.gather(*begun, return_exceptions=True)
    elapsed = time.perf_counter() - began
    for connection in opened:
        await connection.close()
    for failure in ended:
        if failure is not None:
            raise failure
    if not took:
        raise BadLoad("no call was made")
    took.sort()
    return Load(len(took), elapsed, percentile(took, 50) * 1000, percentile(took, 99) * 1000)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the `ordered` values that at least `share` percent do not exceed."""
    rank = -(-len(ordered) * share // 100)
    return ordered[max(0, int(rank) - 1)]


class _Connection:
    """One kept connection; one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def call(self, content: bytes) -> None:
        self._writer.write(content)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise BadLoad(f"a call was answered {head.splitlines()[0].decode('latin-1')}")
        await self._reader.readexactly(int(length[1]))

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
