"""The bytes of a request's body on their way in: how many may come, and whose are read at all.

The HTTP engine knows no deadline for a body, so whoever waits for one may wait for as long as its
sender likes. Where callers are asked who they are, nobody is waited for who has not been let in.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import BoundedSemaphore
from time import perf_counter

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from service.outcomes import Refusal

#: The bodies of refused callers that a process hears out at one time: an eighth of its threads.
MOST_HEARD_OUT = 64
#: Where a page takes a form of whoever comes: a token, and no more.
_FORM_BYTES = 16 * 1024
_PIECE_BYTES = 64 * 1024

_heard_out = BoundedSemaphore(MOST_HEARD_OUT)


def install(app: Flask, limit: int, ask_for_token: Callable[[], None] | None) -> None:
    """Refuse what is larger than `limit` bytes, and read the body of every other request before
    its view runs.

    The order is: the size that the request states (413), then `ask_for_token`, which sets
    `g.client` or raises Refusal, then the bytes. A chunked body states no size, so a token comes
    before its 413. Without `ask_for_token` every body is read; with it that of a client alone.
    Whether all of it came is asked by who takes it (`service.body`), so that a call that breaks off
    is a call, logged and counted.
    """
    # The library reads a chunked body up to its limit and then stops without a word; one byte more
    # shows that there was more.
    app.config["MAX_CONTENT_LENGTH"] = limit + 1
    app.before_request(partial(_check_size, limit))
    if ask_for_token is not None:
        app.before_request(partial(_ask, ask_for_token))
    app.before_request(partial(_read, limit, asked=ask_for_token is not None))


def _check_size(limit: int) -> None:
    g.began = perf_counter()
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge


def _ask(ask_for_token: Callable[[], None]) -> None:
    try:
        ask_for_token()
    except Refusal:
        _hear_out()
        raise
    g.let_in = perf_counter()


def _read(limit: int, *, asked: bool) -> None:
    if asked and "client" not in g:
        # What anyone may ask for needs no body, except the form of a page, which its view reads.
        request.max_content_length = min(limit, _FORM_BYTES)
        return
    if len(request.get_data()) > limit:
        raise RequestEntityTooLarge


def _hear_out() -> None:
    """Read the body of a refused caller, and keep nothing of it.

    A connection that is closed while its body still comes is reset, and the caller, or the proxy
    before us, may never see why. Beyond MOST_HEARD_OUT that has to be borne, or whoever has no
    token could hold every thread.
    """
    if not _heard_out.acquire(blocking=False):
        return
    try:
        # A chunked body over the limit ends here too, and is refused for want of a token.
        with suppress(HTTPException):
            while request.stream.read(_PIECE_BYTES):
                pass
    finally:
        _heard_out.release()
