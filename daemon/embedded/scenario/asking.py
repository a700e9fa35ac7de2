"""Asks the daemon for a deployment, as one person would, and approves it as another."""

from collections.abc import Callable
from typing import TypeVar

import httpx
import msgspec

from config.flags import MIGRATION_CUT_OVER
from config.scenario import Release
from daemon.embedded.faults import NotNoted
from remediation.deployment.works.migrating import cohort_setting

T = TypeVar("T")

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
        """Ask for it and approve it. Raises NotNoted when the daemon refuses either, or does not answer."""
        body = {"version": version, "strategy": step.strategy, "cohort": step.cohort, "force": True}
        body |= {"reason": "the scenario asks for it"}
        answer = await self._ask("POST", "deployments", self._asks, body)
        if answer.status_code == httpx.codes.CONFLICT and "another_is_running" in answer.text:
            self._say("a deployment of a former run goes on; no other one is asked for")
            return
        deployment_id = _told(answer, _View).run.id
        self._say(f"asked for: deployment {deployment_id} of {version}, {step.strategy}")
        await self._approve(deployment_id)

    async def cut_over(self, percent: int) -> None:
        """Set the flag of the cut-over. Raises NotNoted when the daemon refuses, or does not answer."""
        setting = cohort_setting(percent)
        body: dict[str, object] = {"variant": setting.variant, "reason": "the scenario asks for it", "force": True}
        if setting.targeting:
            body["targeting"] = msgspec.json.decode(setting.targeting)
        _require_done(await self._ask("POST", f"flags/{MIGRATION_CUT_OVER}/set", self._asks, body))
        self._say(f"set: {MIGRATION_CUT_OVER} for {percent} % of the customers")

    async def _approve(self, deployment_id: str) -> None:
        waiting = _told(await self._ask("GET", "approvals", self._approves), _Approvals).approvals
        for one in waiting:
            if one.subject == deployment_id and one.status == "waiting":
                body = {"answer": "approve", "digest": one.digest}
                _require_done(await self._ask("POST", f"approvals/{one.id}", self._approves, body))
                self._say(f"approved by a second person: {one.id}")

    async def _ask(self, method: str, place: str, headers: dict[str, str], body: object = None) -> httpx.Response:
        content = b"" if body is None else msgspec.json.encode(body)
        url = f"{self._url}/{place}"
        try:
            return await self._client.request(method, url, content=content, headers=headers, timeout=ASK_SECONDS)
        except httpx.HTTPError as fault:
            raise NotNoted(f"The daemon did not answer: {fault!r}") from fault


def _require_done(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise NotNoted(f"The daemon answered {answer.status_code}: {answer.text[:300]}")


def _told(answer: httpx.Response, form: type[T]) -> T:
    _require_done(answer)
    try:
        return msgspec.json.decode(answer.content, type=form)
    except msgspec.MsgspecError as fault:
        raise NotNoted(f"The daemon's answer cannot be read: {fault}") from fault
