"""How one of our own services is asked over HTTP: with its token, within a time, and nowhere else."""

import httpx

from payment_core.outgoing.client import HttpClient
from remediation.tracing import traceparent_now


def bearer_client(
    token: str,
    timeout_seconds: float,
    *,
    base_url: str = "",
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client that no proxy of the surroundings and no redirect can send elsewhere with its token.

    token: empty for a service that asks for none. transport: in place of the network, for tests. A request that is made
    while an action is carried out carries the ``traceparent`` of its decision.
    """
    return HttpClient(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=timeout_seconds,
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_tell_trace]},
    )


async def _tell_trace(request: httpx.Request) -> None:
    traceparent = traceparent_now()
    if traceparent:
        request.headers["traceparent"] = traceparent
