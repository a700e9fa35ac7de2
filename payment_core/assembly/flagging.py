"""The flags of one process: what it serves from its first payment on, and the ways by which changes come."""

import asyncio
import secrets
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack

import msgspec

from payment_core.audit.signing import Checker
from payment_core.clock import Clock
from payment_core.flags import Evaluator, compile_document
from payment_core.flags.arriving.files import client_tls, read_secret, read_trusted_keys
from payment_core.flags.arriving.keeping import Keeping
from payment_core.flags.arriving.polling import HttpOrigin, Polling
from payment_core.flags.arriving.reporting import Reporting, process_name
from payment_core.flags.arriving.taking_over import TakingOver
from payment_core.flags.serving import Flags
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.tasks import Tasks

CLIENT_PREFIX = "till-core-"
"""How every core's client id begins; the policy of AWS IoT Core names it."""


class Flagging(msgspec.Struct, frozen=True):
    """flags: what is asked. polling: None without an address to poll. reporting: what the process says of itself."""

    flags: Flags
    taking_over: TakingOver
    reporting: Reporting
    polling: Polling | None


async def open_flagging(
    stack: AsyncExitStack, options: CoreOptions, packaged: bytes, origin: Origin, clock: Clock
) -> Flagging:
    """Flags that serve already: what is on disk, else what the daemon's address says, else the packaged document.

    Raises FlagFileUnusable.
    """
    flags = Flags(clock)
    path = options.flags_trusted_keys
    keys: Mapping[str, Checker] = {} if path is None else await asyncio.to_thread(read_trusted_keys, path)
    # A container of Lambda has no disk that lasts, and DynamoDB's processes may have none either.
    keeping = Keeping(options.beside("flags.json")) if options.store == "sqlite" else None
    taking_over = TakingOver(flags=flags, keys=keys, keeping=keeping, compiling=_compiled, clock=clock)
    await taking_over.start(packaged)
    stack.push_async_callback(taking_over.finish)
    reporting = Reporting(flags, origin, process_name(origin, options.worker))
    polling = None
    if options.flags_url is not None:
        token = await asyncio.to_thread(read_secret, options.flags_token_file)
        source = await stack.enter_async_context(HttpOrigin(options.flags_url, token))
        polling = Polling(origin=source, taking_over=taking_over, counts=flags.counts, clock=clock)
        if flags.serving.source == "embedded":
            await polling.look_before_answering()
    return Flagging(flags, taking_over, reporting, polling)


def _compiled(document: bytes, previous: Evaluator | None) -> Evaluator:
    """A flag that is broken holds up no other: it has its safe default, and a kill beside it comes through."""
    return compile_document(document, lenient=True, previous=previous)


async def start_listening(flagging: Flagging, options: CoreOptions, tasks: Tasks) -> None:
    """Listen to the broker of the options, if there is one. Raises FlagFileUnusable for files that cannot be used."""
    if options.flags_broker == "":
        return
    # Costs 50 ms and 5 MB, which only who listens should pay.
    from payment_core.flags.arriving.listening import Listening  # noqa: PLC0415 - see above
    from payment_core.flags.arriving.mqtt import BrokerAddress, MqttBroker  # noqa: PLC0415 - see above

    address = BrokerAddress(
        url=options.flags_broker,
        tls=await asyncio.to_thread(_tls, options),
        username=options.flags_username,
        password=await asyncio.to_thread(read_secret, options.flags_password_file),
        client_id=f"{CLIENT_PREFIX}{secrets.token_hex(8)}",
    )
    listening = Listening(
        broker=MqttBroker(address),
        taking_over=flagging.taking_over,
        report=flagging.reporting.report,
        counts=flagging.flags.counts,
    )
    tasks.start("flags", listening.run())


def _tls(options: CoreOptions) -> ssl.SSLContext | None:
    """Towards a broker with TLS; None for one without."""
    if not options.flags_broker.startswith(("mqtts://", "wss://")):
        return None
    return client_tls(options.flags_ca_file, options.flags_certificate_file, options.flags_certificate_key_file)
