"""Entries about flags without a journal, and a document to change."""

import json
from collections.abc import Iterable

from remediation.flags.fold import with_flags
from remediation.flags.model import FlagChange, Ramp, RampPlan, RampStep, Setting
from remediation.flags.state import FlagBook
from remediation.journal.entry import Entry
from remediation.journal.flag_kinds import FlagBody, FlagChanged, FlagDocument
from remediation.journal.kinds import draft

ON_OFF = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
BASE = {
    "flags": {
        "payouts": {**ON_OFF, "metadata": {"safe_default": "off"}},
        "search": {
            **ON_OFF,
            "defaultVariant": "off",
            "targeting": {"if": [{"==": [{"var": "country"}, "US"]}, "on", None]},
            "metadata": {"safe_default": "off"},
        },
    }
}
DOCUMENT = FlagDocument(digest="d", document=json.dumps(BASE))
ON, OFF = Setting(variant="on"), Setting(variant="off")


def changed(what: FlagChange, setting: Setting | None = None, *, flag: str = "payouts", key: str = "k") -> FlagChanged:
    """A change, because of a test."""
    return FlagChanged(flag=flag, what=what, reason="a test", key=key, setting=setting)


def ramp_at(percent: int, *, name: str = "r1", flag: str = "payouts") -> Setting:
    """A ramp from off to on, this far."""
    steps = tuple(
        RampStep(percent=share, samples=10, hold_seconds=0.0, within_seconds=60.0) for share in (5, 25, 50, 100)
    )
    plan = RampPlan(id=name, flag=flag, to_variant="on", from_variant="off", steps=steps)
    return Setting(variant="off", targeting=None, ramp=Ramp(plan=plan, percent=percent))


def book_of(said: Iterable[FlagBody], book: FlagBook = FlagBook(), *, actor: str = "ada") -> FlagBook:  # noqa: B008 - frozen.
    """What is known after these, each one entry."""
    for body in said:
        number = book.version + 1
        drafted = draft(body, actor=actor, at_ms=number * 1000)
        entry = Entry(
            sequence=number,
            epoch=1,
            at_ms=drafted.at_ms,
            kind=drafted.kind,
            actor=drafted.actor,
            body=drafted.body,
            previous_hash="",
            hash="",
        )
        book = with_flags(book, entry, body)
    return book
