"""The door to capacity: how it stands, what comes next, and so many units by hand."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from daemon.http.doors import door
from daemon.scaling.desk import LASTS_MS_MAX, Answer, Asked, ScalingDesk, SetRefusal
from daemon.scaling.documents import UnitsAnswer, UnitsWish, document_of


class ScalingDoor:
    """The handlers; the caller's name is the actor in the journal."""

    def __init__(self, current: ScalingDesk | None) -> None:
        self._current = current

    @property
    def _desk(self) -> ScalingDesk:
        return door.held(self._current, "No capacity is looked after from here.")

    async def show(self, _: Request) -> Response:
        """Every component with its newest look, its decision and its dollars."""
        return door.answer(document_of(self._desk))

    async def set(self, request: Request) -> Response:
        """200 with what the world showed; 404 for no such component, 409 with the reason when it is not done."""
        wish, actor = await door.body_as(request, UnitsWish), door.caller(request).name
        if not 0 < wish.lasts_ms <= LASTS_MS_MAX:
            detail = f"lasts_ms is between 1 and {LASTS_MS_MAX}: what somebody forgets is over within a week."
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        if wish.units is not None and wish.units < 0:
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "units is a number from 0, or null.")
        asked = Asked(
            units=wish.units,
            lasts_ms=wish.lasts_ms,
            reason=door.reason_of(wish.reason),
            skipped=wish.skipped,
            dry_run=wish.dry_run,
        )
        place = f"{request.path_params['region']}/{request.path_params['component']}"
        return _told(await self._desk.set(place, asked, actor), dry_run=wish.dry_run)


def _told(answer: Answer, *, dry_run: bool) -> Response:
    if answer.refusal is SetRefusal.UNKNOWN:
        raise door.Refused(HTTPStatus.NOT_FOUND, f"{answer.detail}.")
    if answer.refusal is not None:
        raise door.Refused(HTTPStatus.CONFLICT, f"Not set: {answer.detail}.")
    return door.answer(
        UnitsAnswer(detail=answer.detail, dry_run=dry_run, decision=answer.decision, outcome=answer.outcome)
    )
