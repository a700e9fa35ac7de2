"""Answers reads of cards and accounts from the side that has the word, and has the other compared beside it."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from payment_core.answers import Answer
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.cut_over import NEW, CutOver
from payment_core.migration.running.errors import OldProcessorError
from payment_core.migration.running.links import Links
from payment_core.migration.running.model import ObjectKind
from payment_core.migration.running.ports import OldObject, OldProcessor
from payment_core.migration.running.shadow_read.reading import Pair, ShadowReads

ANSWER_SECONDS = 1.0
"""A reader waits no longer for the old processor; our copy, which is a second old at most, is the answer then."""

_OWNER: Mapping[ObjectKind, str] = MappingProxyType(
    {"customer": "id", "payment_method": "customer_id", "bank_account": "holder_id"}
)
_NUMBERS = ("exp_month", "exp_year")
_TEXTS = {
    "country": "billing_country",
    "holder_name": "holder_name",
    "name": "name",
    "email": "email",
    "phone": "phone",
    "description": "description",
}
"""What the old side may know better, by our views' names. Brand and last four follow from the number, which is one."""


class BothReads:
    """Goes between a route and its desk."""

    def __init__(
        self, *, cut_over: CutOver, old: OldProcessor, links: Links, shadow: ShadowReads, counts: RunningCounts
    ) -> None:
        self._cut_over = cut_over
        self._old = old
        self._links = links
        self._shadow = shadow
        self._counts = counts

    async def answer(self, kind: ObjectKind, object_id: str, answer: Answer | StrEnum) -> Answer | StrEnum:
        """The answer to a read. answer: what our own side says; a refusal of ours stands."""
        if not isinstance(answer, Answer) or answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            return answer
        view = msgspec.json.decode(answer.body)
        owner_id = view[_OWNER[kind]]
        if self._cut_over.authority(owner_id).side == NEW:
            self._counts.answered["new"] += 1
            self._shadow.offer(Pair(kind, object_id))
            return answer
        theirs = await self._theirs(kind, object_id)
        if theirs is None or theirs.deleted:
            # Made here and not told yet, out of reach, or gone there: the comparison says which.
            self._counts.answered["own_copy"] += 1
            self._shadow.offer(Pair(kind, object_id))
            return answer
        self._counts.answered["old"] += 1
        self._shadow.offer(Pair(kind, object_id, theirs.place, theirs))
        return Answer(answer.status, msgspec.json.encode(_overlaid(view, theirs)))

    async def _theirs(self, kind: ObjectKind, object_id: str) -> OldObject | None:
        known = await self._links.there(kind, object_id)
        if known is None:
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._old.read(known.place)
        except (OldProcessorError, TimeoutError):
            return None


def _overlaid(view: dict[str, Any], theirs: OldObject) -> dict[str, Any]:
    numbers = {
        name: int(theirs.fields[name]) for name in _NUMBERS if name in view and theirs.fields.get(name, "").isdigit()
    }
    texts = {ours: theirs.fields[name] for name, ours in _TEXTS.items() if ours in view and theirs.fields.get(name)}
    return {**view, **numbers, **texts}
