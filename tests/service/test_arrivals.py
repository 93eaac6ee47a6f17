"""Which calls wait for their bodies, and when they are too many."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from threading import Event, Thread
from typing import Any

import pytest

from service.running.arrivals import LATE_SECONDS, Arrivals
from service.running.worker import CONNECTIONS, MOST_LATE


class Stalled:
    """A body of which nothing comes until it is let go."""

    def __init__(self) -> None:
        self.asked = Event()
        self.gone = Event()

    def read(self, size: int | None = None) -> bytes:  # noqa: ARG002
        self.asked.set()
        self.gone.wait(30)
        return b""


def read_all(environ: dict[str, Any], _start_response: Any) -> bytes:
    body = b""
    while piece := environ["wsgi.input"].read(4):
        body += piece
    return body


def called(arrivals: Arrivals, body: Any, **environ: str) -> Any:
    return arrivals.watched(read_all)({"wsgi.input": body, **environ}, None)


@contextmanager
def stalled(arrivals: Arrivals, number: int) -> Iterator[Callable[[], None]]:
    """So many calls whose bodies do not come; what ends them all."""
    bodies = [Stalled() for _ in range(number)]
    threads = [
        Thread(target=called, args=(arrivals, body), kwargs={"CONTENT_LENGTH": "9"})
        for body in bodies
    ]

    def end() -> None:
        for body in bodies:
            body.gone.set()
        for thread in threads:
            thread.join()

    with ExitStack() as stack:
        stack.callback(end)
        for thread in threads:
            thread.start()
        assert all(body.asked.wait(30) for body in bodies)
        yield end


@pytest.mark.parametrize(
    "framing", [{"CONTENT_LENGTH": "9"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_a_body_is_read_as_it_is(framing: dict[str, str]) -> None:
    arrivals = Arrivals()
    assert called(arrivals, BytesIO(b'{"a": 1}\n'), **framing) == b'{"a": 1}\n'
    assert arrivals.late() == 0


def test_a_call_without_a_body_is_not_watched() -> None:
    body = BytesIO(b"")
    Arrivals().watched(lambda environ, _: environ["wsgi.input"] is body)({"wsgi.input": body}, None)
    assert called(Arrivals(), body) == b""


def test_a_body_is_late_after_ten_seconds_and_until_its_read_ends() -> None:
    now = [100.0]
    arrivals = Arrivals(lambda: now[0])
    with stalled(arrivals, 3) as end:
        now[0] += LATE_SECONDS
        assert arrivals.late() == 0, "not yet"
        now[0] += 0.1
        assert arrivals.late() == 3
        end()
        assert arrivals.late() == 0, "who has got his body waits no more"


def test_a_read_that_fails_leaves_nobody_waiting() -> None:
    now = [100.0]
    arrivals = Arrivals(lambda: now[0])

    class Broken:
        def read(self, size: int | None = None) -> bytes:  # noqa: ARG002
            raise ConnectionError

    with pytest.raises(ConnectionError):
        called(arrivals, Broken(), CONTENT_LENGTH="9")
    now[0] += 2 * LATE_SECONDS
    assert arrivals.late() == 0


def test_a_few_hundred_slow_clients_are_not_too_many() -> None:
    now = [100.0]
    arrivals = Arrivals(lambda: now[0])
    with stalled(arrivals, 200):
        now[0] += 60.0
        assert arrivals.late() == 200
        assert arrivals.late() <= MOST_LATE < CONNECTIONS - 100, "and others still find room"
