"""What an assessor would ask of the whole: TLS, encryption at rest, redaction, permissions, and the cores' findings."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from checks.redaction.canary import leaks
from daemon.probes.looking import Look, Observed, looked, worst
from daemon.probes.policies import template_findings

PART_SECONDS = 9.0
"""Of each part; less than the whole probe's deadline, so that one part that hangs does not hide the others."""


class SealedQueue(Protocol):
    """A queue that tells whether what lies in it is encrypted. Raises AwsFailed."""

    @property
    def name(self) -> str:
        """The queue's name."""

    async def encrypted(self) -> bool:
        """Whether SQS encrypts it, with a key of its own or of KMS."""


def look_at_compliance(
    core: Look,
    *,
    addresses: Mapping[str, str],
    queues: Sequence[SealedQueue],
    write_log: Callable[[str], str],
    templates: Path,
) -> Look:
    """core: what the cores find in themselves. addresses: what is spoken to, by what it is. templates: IAM policies."""

    async def at_rest() -> Observed:
        return await _at_rest(queues)

    async def in_templates() -> Observed:
        return _in_templates(await asyncio.to_thread(template_findings, templates))

    async def here() -> Observed:
        return worst((_redaction(write_log), _in_transit(addresses)), "")

    async def look() -> Observed:
        parts = (core, at_rest, in_templates, here)
        return worst(await asyncio.gather(*(looked(part, PART_SECONDS) for part in parts)), "")

    return look


async def _at_rest(queues: Sequence[SealedQueue]) -> Observed:
    sealed = await asyncio.gather(*(queue.encrypted() for queue in queues))
    clear = tuple(
        f"queue {queue.name} is not encrypted at rest" for queue, good in zip(queues, sealed, strict=True) if not good
    )
    return _light(clear, f"{len(queues)} queues are encrypted at rest")


def _in_templates(found: tuple[str, ...] | None) -> Observed:
    if found is None:
        return Observed("healthy", "no IAM policies lie here to be read")
    return _light(found, "no IAM policy allows more than it names")


def _redaction(write_log: Callable[[str], str]) -> Observed:
    leaking = tuple(f"a card number {form} is readable in the daemon's log lines" for form in leaks(write_log))
    return Observed("unhealthy", leaking[0], leaking) if leaking else Observed("healthy", "no card number in log lines")


def _in_transit(addresses: Mapping[str, str]) -> Observed:
    clear = tuple(
        f"{what} is spoken to in clear at {url}" for what, url in addresses.items() if not _is_private_to_us(url)
    )
    return _light(clear, "nothing leaves this machine in clear")


def _is_private_to_us(url: str) -> bool:
    """TLS, or a way that does not leave this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname if parts.hostname is not None else ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _light(found: tuple[str, ...], good: str) -> Observed:
    return Observed("degraded", found[0], found) if found else Observed("healthy", good)
