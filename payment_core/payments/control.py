"""Holding mode: payments are accepted and wait, and nothing is given to any rail until it ends."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.operations.documents import record_change
from payment_core.operations.once import perform_once
from payment_core.origin import Origin
from payment_core.payments.model import Control, Mode
from payment_core.store.port import LedgerStore, Transaction

CONTROL_ID = "control"


class SetControl(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Change how the core works. holding: accept payments, captures, refunds and cancellations, and send nothing."""

    mode: Mode
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ControlView(msgspec.Struct, frozen=True, kw_only=True):
    """How the core works. version: 0 while it was never changed."""

    object: Literal["control"] = "control"
    mode: Mode
    reason: str
    version: int
    updated_at_ms: int


def is_holding(transaction: Transaction) -> bool:
    """Whether nothing may be given to a rail in this transaction."""
    control = transaction.get(Control, CONTROL_ID)
    return control is not None and control.mode == "holding"


class ControlDesk:
    """Reads and sets the mode."""

    def __init__(self, store: LedgerStore, origin: Origin) -> None:
        self._store = store
        self._origin = origin

    async def show(self, _call: Call, _body: None) -> Answer:
        """How the core works now."""
        return ok(_view(await self._store.read(Control, CONTROL_ID)))

    async def set(self, call: Call, body: SetControl) -> Answer | StrEnum:
        """Set the mode; the same mode again changes nothing."""
        return await perform_once(
            self._store, "control.set", call, lambda transaction: ok(_view(self._apply(transaction, body)))
        )

    def _apply(self, transaction: Transaction, body: SetControl) -> Control:
        known = transaction.get(Control, CONTROL_ID)
        before: Mode = "normal" if known is None else known.mode
        if known is not None and known.mode == body.mode:
            return known
        now_ms = transaction.now_ms
        control = Control(
            id=CONTROL_ID,
            version=1 if known is None else known.version + 1,
            mode=body.mode,
            reason=body.reason,
            created_at_ms=now_ms if known is None else known.created_at_ms,
            updated_at_ms=now_ms,
        )
        record_change(transaction, self._origin, control, status=control.mode, previous_status=before)
        return control


def _view(control: Control | None) -> ControlView:
    if control is None:
        return ControlView(mode="normal", reason="", version=0, updated_at_ms=0)
    return ControlView(
        mode=control.mode, reason=control.reason, version=control.version, updated_at_ms=control.updated_at_ms
    )
