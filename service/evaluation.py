"""What stands between a call's envelope and its hook, for whoever asks: a client, order entry,
`magnesia explain`. So they cannot come to different ends."""

from collections.abc import Callable, Mapping
from typing import Any

from service import limits, prefetch
from service.envelope import Envelope
from service.hook import Hook
from service.prefetch import Prefetched
from service.settings import Settings

#: Asks elsewhere for the keys that are absent.
Fetch = Callable[[Prefetched], Prefetched]


def context(hook: Hook, received: Envelope, settings: Settings | None) -> Any:
    """The context as the hook reads it. Refuses with 413 what is more than `settings` allow;
    without them nothing is too much. Raises InvalidContext or NotEvaluable."""
    if settings is not None:
        limits.judge(received, hook.prefetch, settings)
    return hook.read_context(received.context)


def data(
    hook: Hook, context: Any, received: Envelope, fetch: Fetch | None
) -> Mapping[str, dict[str, Any] | None]:
    """The prefetch that the hook is given: what was sent, and what `fetch` gets of the rest.

    Refuses with 412 without what is required; before anything is fetched if no fetching can help.
    """
    prefetched = prefetch.sort(hook.prefetch, received.prefetch)
    if hook.needs_data(context):
        if fetch is not None and prefetched.absent:
            prefetched.demand(hook.required - prefetched.absent)
            prefetched = fetch(prefetched)
        prefetched.demand(hook.required)
    return prefetched.data
