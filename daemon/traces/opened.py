"""Opens the export of traces where the settings name a collector."""

from contextlib import AsyncExitStack
from importlib.metadata import version

from config.settings import Settings
from daemon.traces.export import CALL_SECONDS, TraceExport
from payment_core.outgoing.client import HttpClient
from remediation.journal.port import Journal
from remediation.ports import Clock


async def open_traces(stack: AsyncExitStack, settings: Settings, journal: Journal, clock: Clock) -> TraceExport | None:
    """The export, from the journal's present end on; None when no collector is named."""
    if settings.traces.endpoint_url is None:
        return None
    # A fifth of a second to import, which only those pay who want traces.
    from daemon.traces.spans import SpanEncoder  # noqa: PLC0415

    client = await stack.enter_async_context(
        HttpClient(base_url=settings.traces.endpoint_url, timeout=CALL_SECONDS, trust_env=False)
    )
    encoder = SpanEncoder(version("tillwatch"), settings.aws.region)
    head = await journal.head()
    return TraceExport(journal, clock, client, encoder.encode, head.sequence)
