"""The door to trying channels: ``POST /api/v1/escalation/test`` says what would be sent, and sends it when asked to."""

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.channels.opened import Channels
from daemon.channels.trial import Trial, TrialRefusal, TrialRefused
from daemon.http.doors import door


class TrialWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """person, channel: of whom or by which; one of them at least. send: false: only say what would be sent."""

    person: str = ""
    channel: str = ""
    send: bool = False


class TrialDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One for each channel that was tried, or would be. sent: whether anything left."""

    sent: bool
    trials: list[Trial]


class TrialDoor:
    """The handler; the caller's name is the actor in the journal. channels: None where there are none."""

    def __init__(self, channels: Channels | None) -> None:
        self._channels = channels

    async def try_out(self, request: Request) -> Response:
        """200 with what was, or would be, sent; 404 for a person or a channel that is not, 409 for nobody to reach."""
        wish = await door.body_as(request, TrialWish)
        channels, actor = self._channels, door.caller(request).name
        if channels is None:
            detail = "There are no channels; name one in channels.via of tillwatch.yaml."
            raise door.Refused(HTTPStatus.CONFLICT, detail)
        if wish.send:
            found = await channels.trials.send(wish.person, wish.channel, actor)
        else:
            found = channels.trials.foreseen(wish.person, wish.channel, actor)
        if isinstance(found, TrialRefused):
            raise door.Refused(_STATUS_BY_REFUSAL.get(found.refusal, HTTPStatus.CONFLICT), f"{found.detail}.")
        return door.answer(TrialDocument(sent=wish.send, trials=found))


_STATUS_BY_REFUSAL = {
    TrialRefusal.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
    TrialRefusal.UNKNOWN_PERSON: HTTPStatus.NOT_FOUND,
    TrialRefusal.UNKNOWN_CHANNEL: HTTPStatus.NOT_FOUND,
    TrialRefusal.NOBODY_NAMED: HTTPStatus.UNPROCESSABLE_ENTITY,
    TrialRefusal.TOO_OFTEN: HTTPStatus.TOO_MANY_REQUESTS,
}
