"""The routes of events: the outbox in its order, for whoever missed something."""

import msgspec

from payment_core.answers import Answer, ok
from payment_core.http.routes import QueryParameter, Route
from payment_core.operations.call import Call
from payment_core.store.port import Outbox

EVENTS_LIMIT_MAX = 1000
"""Events in one answer: about 500 KB."""

SEQUENCE = r"^[0-9]{0,18}$"
"""A place where the outbox has one order: a number."""

_BEGINNING = "0"


def sharded_place(shards: int) -> str:
    """The pattern of a place where the outbox lies in shards: an event's own key, and a position in each shard."""
    return rf"^(0|[0-9]{{1,4}}\.[0-9]{{1,18}}@[0-9]{{1,18}}(_[0-9]{{1,18}}){{{shards - 1}}})?$"


class EventPage(msgspec.Struct, frozen=True):
    """Events in outbox order. next_after: what to ask ``after`` next; the asked place when there are no events.

    last_sequence: the same as a number, for an outbox that counts; 0 for one whose places are no numbers.
    """

    events: list[msgspec.Raw]
    last_sequence: int
    next_after: str


def event_routes(outbox: Outbox, place_pattern: str = SEQUENCE) -> tuple[Route, ...]:
    """The one route. place_pattern: what a place of this outbox looks like, empty for the beginning included."""

    async def listed(call: Call, _body: None) -> Answer:
        after = str(call.query["after"])
        rows = await outbox.events("" if after == _BEGINNING else after, int(call.query["limit"]))
        place = rows[-1].place if rows else after
        sequence = int(place) if place.isdigit() else 0
        return ok(EventPage([msgspec.Raw(row.body) for row in rows], sequence, place))

    return (
        Route(
            method="GET",
            path="/v1/events",
            scope="events:read",
            summary="Events in the order of the outbox",
            handler=listed,
            answer=EventPage,
            query=(
                QueryParameter("after", "the place that the last answer ended with", pattern=place_pattern),
                QueryParameter("limit", "events in the answer", "integer", 100, least=1, most=EVENTS_LIMIT_MAX),
            ),
        ),
    )
