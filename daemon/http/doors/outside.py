"""The door of PagerDuty's webhooks: ``POST /ingest/pagerduty`` answers 200 once what was done there is done here."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.channels.opened import Channels
from daemon.errors import Untranslatable
from daemon.http.doors import door
from daemon.incidents.desk import IncidentRefused
from daemon.incidents.outside.desk import Heard, OutsideDesk
from daemon.incidents.outside.pagerduty import Nothing, done_in
from daemon.incidents.outside.signatures import signer_of
from daemon.incidents.parts import IncidentParts
from daemon.storage.quarantine import Quarantine

SIGNATURE = "x-pagerduty-signature"
SOURCE = "pagerduty"
"""What webhooks that cannot be used are put aside under."""
BODY_LIMIT_BYTES = 256 * 1024


class WebhookHeard(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a webhook."""

    outcome: Heard | Literal["unusable"]


class OutsideDoor:
    """PagerDuty sends no token, so the guard leaves this route open and the door checks the signature.

    What is sound and means nothing here is taken too: PagerDuty sends it again and in the end nothing any more, if it
    is refused.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        channels: Channels | None,
        incidents: IncidentParts | None,
        quarantine: Quarantine,
    ) -> None:
        self._now_ms = now_ms
        self._channels = channels
        self._incidents = incidents
        self._quarantine = quarantine

    async def take(self, request: Request) -> Response:
        """200 with what became of it; 401, 413, and 503 when it was not written down: it comes again."""
        parts = self._incidents
        body = await door.body_of(request, BODY_LIMIT_BYTES)
        channel = signer_of(body, request.headers.get(SIGNATURE, ""), self._secrets())
        if not channel:
            if parts is not None:
                parts.outside.count("", "unsigned")
            detail = "It is signed with no webhook_secret of a PagerDuty channel in the settings."
            raise door.Refused(HTTPStatus.UNAUTHORIZED, detail)
        if parts is None:
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Incidents are not held from here.")
        outcome = await self._heard(body, channel, parts.outside)
        if isinstance(outcome, IncidentRefused):
            raise door.Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{outcome.detail}.")
        parts.outside.count(channel, outcome)
        return door.answer(WebhookHeard(outcome=outcome))

    async def _heard(
        self, body: bytes, channel: str, desk: OutsideDesk
    ) -> Heard | Literal["unusable"] | IncidentRefused:
        try:
            done = done_in(body)
        except Untranslatable as fault:
            await self._quarantine.put(SOURCE, body, fault.detail, self._now_ms())
            return "unusable"
        return done.why if isinstance(done, Nothing) else await desk.hear(done, channel)

    def _secrets(self) -> Mapping[str, str]:
        channels = self._channels
        return {} if channels is None else channels.webhook_secrets
