"""A request after it was authenticated, checked and decoded; what an operation is given."""

from collections.abc import Mapping

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    actor: who asks, as the audit trail names them: ``key:<name of the API key>``, or ``sweep:<job>`` for our own work.
    key: of idempotency; empty for a read. request_hash: SHA-256 over the target and the canonical body.
    path: the parameters of the address. query: those of the query, decoded and within their limits.
    instance: the address that a problem document names. scopes: what the caller may do.
    """

    actor: str
    instance: str
    key: str = ""
    request_hash: bytes = b""
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, int | str] = msgspec.field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
