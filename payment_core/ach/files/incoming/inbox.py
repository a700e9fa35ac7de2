"""The job that empties the bank's box: acknowledgements go to their files, everything else is a return file."""

import msgspec
import structlog

from payment_core.ach.delivery.port import Delivery, Inbound
from payment_core.ach.files.incoming.acknowledging import Acknowledger, FileRefusal
from payment_core.ach.files.incoming.cases import open_ach_case
from payment_core.ach.files.incoming.model import InboundSeen
from payment_core.ach.files.incoming.receiving import Receiver, RefusedFile
from payment_core.ach.files.model import FileName
from payment_core.errors import CoreError
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

_log = structlog.get_logger(__name__)

ACTOR = "sweep:ach-inbox"
ACKNOWLEDGEMENT_SUFFIX = ".ack.json"
TRANSIENT = frozenset({FileRefusal.FILE_IN_TRANSIT})


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the bank's gateway writes about one of our files. file: the name under which we delivered it."""

    file: str
    accepted: bool
    reason: str = ""


class InboxJob:
    """A name with the same fingerprint is looked at once; a crash in between repeats what changes nothing twice."""

    def __init__(
        self,
        store: LedgerStore,
        origin: Origin,
        delivery: Delivery,
        receiver: Receiver,
        acknowledger: Acknowledger,
    ) -> None:
        self._store = store
        self._origin = origin
        self._delivery = delivery
        self._receiver = receiver
        self._acknowledger = acknowledger

    async def run_once(self, now_ms: int) -> int:
        """How many files of the box were dealt with."""
        done = 0
        for inbound in await self._delivery.inbound():
            seen_id = f"{inbound.name}#{inbound.fingerprint}"
            if await self._store.read(InboundSeen, seen_id) is not None:
                continue
            try:
                outcome = await self._take(inbound, now_ms)
            except CoreError as fault:
                _log.error(
                    "inbound file waits", action="ach_inbound_stuck", name=inbound.name, fault=type(fault).__name__
                )
                continue
            if outcome != "":
                await self._store.transact(self._remembering(seen_id, outcome), ACTOR)
                done += 1
        return done

    async def _take(self, inbound: Inbound, now_ms: int) -> str:
        """What became of it; empty when it has to be looked at again."""
        body = await self._delivery.fetch(inbound.name)
        if inbound.name.endswith(ACKNOWLEDGEMENT_SUFFIX):
            return await self._acknowledge(body)
        taken = await self._receiver.receive(body, ACTOR, f"inbox:{inbound.name}", now_ms)
        if isinstance(taken, RefusedFile):
            return f"refused:{taken.refusal.value}"
        return f"returns:{taken.id}"

    async def _acknowledge(self, body: bytes) -> str:
        try:
            answer = msgspec.json.decode(body, type=Acknowledgement)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return "refused:acknowledgement_unreadable"
        known = await self._store.read(FileName, answer.file)
        if known is None:
            return "refused:acknowledgement_of_unknown_file"
        file = await self._acknowledger.answer(known.file_id, ACTOR, accepted=answer.accepted, reason=answer.reason)
        if not isinstance(file, FileRefusal):
            return f"{file.status}:{file.id}"
        return "" if file in TRANSIENT else f"refused:{file.value}"

    def _remembering(self, seen_id: str, outcome: str) -> Work[None]:
        def work(transaction: Transaction) -> None:
            if transaction.get(InboundSeen, seen_id) is not None:
                return
            transaction.put(InboundSeen(id=seen_id, outcome=outcome, at_ms=transaction.now_ms))
            if outcome.startswith("refused:"):
                open_ach_case(transaction, self._origin, "page", f"inbound_file_{outcome.partition(':')[2]}")

        return work
