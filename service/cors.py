"""Which web pages may call the service (CORS)."""

import re

from flask import Flask, Response, request
from flask_cors import CORS

_CALLED_BY_PAGES = r"/(?!(?:insight|metrics|order-entry)(/|$)).*"


def install(app: Flask, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` call every address, errors included; `("*",)` is every page.

    A preflight is answered before anything else is looked at, since a browser sends it without
    credentials. The pages about the record are for people, and what order entry reads is
    for its own page: no other page may read them.
    """

    @app.before_request
    def answer_preflight() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(status=204)
        return None

    every_page = origins == ("*",)
    if origins:
        CORS(
            app,
            resources=_CALLED_BY_PAGES,
            # As patterns, because the library takes an address with brackets (IPv6) for one.
            origins="*" if every_page else [re.compile(re.escape(o) + r"\Z") for o in origins],
            methods=["GET", "POST", "OPTIONS"],
            # Named one by one: a wildcard does not cover Authorization.
            allow_headers=["Accept", "Authorization", "Content-Type", "X-Requested-With"],
            max_age=600,
            send_wildcard=every_page,
            always_send=False,
            vary_header=False,
        )
    if origins and not every_page:

        @app.after_request
        def vary_by_origin(response: Response) -> Response:
            # Said on refusals to other origins too, so that no cache mixes them up.
            response.vary.add("Origin")
            return response
