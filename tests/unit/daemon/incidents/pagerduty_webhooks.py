"""PagerDuty's webhooks, version 3, as its pages show them, and the door that they come to."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import httpx

from daemon.channels.opened import Channels
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import RememberingQuarantine
from tests.unit.daemon.http.fake_view import tokens
from tests.unit.daemon.incidents.incident_world import World

SECRETS = {"pagerduty": "first-secret", "other-team": "second-secret"}
ANN = {"id": "PLH1HKV", "summary": "Ann Engineer", "type": "user_reference"}
OURS = {"id": "PEYSGVF", "summary": "Tillwatch", "type": "events_api_v2_inbound_integration_reference"}


def webhook(
    what: str,
    *,
    key: str = "inc-1:1",
    event_id: str = "01D3NPB0KYNC9XDDNP47UN2NMC",
    at: str = "2026-09-21T14:13:20.169Z",
    agent: dict[str, str] | None = None,
    data: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, Any]:
    """A webhook about an incident. agent: who did it, Ann when left out."""
    incident = {"id": "PGR0VU2", "type": "incident", "number": 2, "status": what, "incident_key": key, "title": "t"}
    event = {
        "id": event_id,
        "event_type": f"incident.{what}",
        "resource_type": "incident",
        "occurred_at": at,
        "agent": ANN if agent is None else agent,
        "client": {"name": "PagerDuty"},
        "data": incident | {"assignees": [], "priority": None, "resolve_reason": None} | dict(data),
    }
    return {"event": event}


def signed(body: bytes, *secrets: str) -> str:
    """The header: one signature for each secret."""
    return ",".join(f"v1={hmac.new(one.encode(), body, hashlib.sha256).hexdigest()}" for one in secrets)


async def come_in(
    here: World, document: object, header: str | None = None, quarantine: RememberingQuarantine | None = None
) -> httpx.Response:
    """One webhook at the door. document: sent as it is when it is bytes. header: signed by the first secret if None."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    here.view.clock.now, here.view.folded = here.scene.clock.at_ms, here.state
    channels = Channels(*(cast("Any", None),) * 4, SECRETS)
    options = HttpOptions(
        tokens=tokens(),
        current_rules=tuple,
        version="0.1.0",
        clock=cast("SystemClock", here.scene.clock),
        incidents=here.parts,
        channels=channels,
    )
    aside = RememberingQuarantine() if quarantine is None else quarantine
    app = create_app(here.view, cast("FactSink", None), cast("Quarantine", aside), options)
    told = signed(body, "first-secret") if header is None else header
    headers = {"content-type": "application/json", "x-pagerduty-signature": told}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till.test") as client:
        return await client.post("/ingest/pagerduty", content=body, headers=headers)
