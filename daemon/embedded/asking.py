"""Asks the daemon for a deployment, as one person would, and approves it as another."""

from collections.abc import Callable

import httpx
import msgspec

from config.scenario import Release
from daemon.embedded.faults import NotNoted

ASK_SECONDS = 30.0
"""The daemon looks at the world before it answers."""


class _Run(msgspec.Struct):
    id: str


class _View(msgspec.Struct):
    run: _Run


class _Approval(msgspec.Struct):
    id: str
    subject: str
    digest: str
    status: str


class _Approvals(msgspec.Struct):
    approvals: list[_Approval]


class Asking:
    """Over the daemon's HTTP door. asks, approves: the tokens of an operator and of somebody else who may approve."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, *, asks: str, approves: str, say: Callable[[str], None]
    ) -> None:
        self._client = client
        self._url = f"{url}/api/v1"
        self._asks = {"authorization": f"Bearer {asks}"}
        self._approves = {"authorization": f"Bearer {approves}"}
        self._say = say

    async def release(self, step: Release, version: str) -> None:
        """Ask for it and approve it. Raises NotNoted when the daemon refuses."""
        body = {"version": version, "strategy": step.strategy, "cohort": step.cohort, "force": True}
        answer = await self._post("deployments", body | {"reason": "the scenario asks for it"}, self._asks)
        if answer.status_code == httpx.codes.CONFLICT and "another_is_running" in answer.text:
            self._say("a deployment of a former run goes on; no other one is asked for")
            return
        if answer.status_code != httpx.codes.CREATED:
            raise NotNoted(f"The daemon answered {answer.status_code}: {answer.text[:300]}")
        deployment_id = msgspec.json.decode(answer.content, type=_View).run.id
        self._say(f"asked for: deployment {deployment_id} of {version}, {step.strategy}")
        await self._approve(deployment_id)

    async def _approve(self, deployment_id: str) -> None:
        answer = await self._client.get(f"{self._url}/approvals", headers=self._approves, timeout=ASK_SECONDS)
        for one in msgspec.json.decode(answer.content, type=_Approvals).approvals:
            if one.subject == deployment_id and one.status == "waiting":
                body = {"answer": "approve", "digest": one.digest}
                approved = await self._post(f"approvals/{one.id}", body, self._approves)
                if approved.is_success:
                    self._say(f"approved by a second person: {one.id}")

    async def _post(self, place: str, body: object, headers: dict[str, str]) -> httpx.Response:
        try:
            return await self._client.post(
                f"{self._url}/{place}", content=msgspec.json.encode(body), headers=headers, timeout=ASK_SECONDS
            )
        except httpx.HTTPError as fault:
            raise NotNoted(f"The daemon did not answer: {fault!r}") from fault
