"""Every kind of channel with a receiver that keeps the published rules, and does as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import apprise

from config.escalation.channel_kinds import EmailChannel, MqttChannel
from daemon.channels.kinds.alertmanager import Alertmanager
from daemon.channels.kinds.chat import Chat
from daemon.channels.kinds.mail import Email, Mailer
from daemon.channels.kinds.mqtt import Mqtt
from daemon.channels.kinds.pagerduty import PagerDuty
from daemon.channels.kinds.slack import TEXT_LENGTH_MAX, Slack
from daemon.channels.kinds.sms import Sms
from daemon.channels.kinds.sms_text import messages_of
from daemon.channels.kinds.teams import MESSAGE_BYTES_MAX, Teams
from daemon.channels.kinds.webhook import Webhook
from daemon.channels.ports import ATTEMPT_SECONDS, Channel
from daemon.errors import AwsFailed
from payment_core.webhooks.sending import HttpSender
from tests.contract.channels.broker import Broker
from tests.contract.channels.mail_server import MailServer
from tests.integration.channels.receiver import Receiver
from tests.serving import Connection, serving
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty

Outcome = Literal["taken", "later", "never", "hangs"]
SECRET = "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"
SIGNING = "whsec_UzNDUjNUUzNDUjNUUzNDUjNUUzNDUjNUUzM="
KINDS = ("pagerduty", "slack", "teams", "webhook", "alertmanager", "email", "sms", "mqtt", "apprise")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a receiver got. known_by: what it, or whoever reads it, tells one sent twice by."""

    known_by: str
    text: str


@dataclass(frozen=True, slots=True)
class World:
    """answer: what the receiver does from now on. seen: what it took. broken: its rules that were broken.

    has_never: whether this kind can say that it will never take something. secrets: none may be told in an error.
    """

    channel: Channel
    address: str
    answer: Callable[[Outcome], None]
    seen: Callable[[], list[Seen]]
    broken: Callable[[], list[str]]
    has_never: bool = True
    secrets: tuple[str, ...] = (SECRET, SIGNING)


@asynccontextmanager
async def opened(kind: str, attempt_seconds: float = ATTEMPT_SECONDS) -> AsyncIterator[World]:
    """The world of a kind."""
    async with AsyncExitStack() as stack:
        yield await _MADE[kind](stack, attempt_seconds)


@asynccontextmanager
async def away(kind: str) -> AsyncIterator[World]:
    """The world of a kind whose receiver does not listen any more."""
    async with AsyncExitStack() as stack:
        async with AsyncExitStack() as receiving:
            world = await _MADE[kind](stack, ATTEMPT_SECONDS, receiving)
        if kind == "sms":
            world.answer("later")
        yield world


class HttpReceiver(Receiver):
    """A receiver of HTTP whose status is told; what it answers holds what it was sent."""

    def __init__(self, rules: Callable[[str, dict[str, str], bytes], int] | None = None) -> None:
        self.status = 0
        self.hangs = False
        super().__init__(lambda *request: self.status if self.status or rules is None else rules(*request))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer; none while it hangs, until the other side goes."""
        if self.hangs:
            await reader.read()
        else:
            await super().serve(reader, writer)

    def told(self, outcome: Outcome) -> None:
        """See World."""
        self.hangs = outcome == "hangs"
        self.status = {"later": 503, "never": 400}.get(outcome, 0)


async def _listening(stack: AsyncExitStack, connection: Connection) -> int:
    return await stack.enter_async_context(serving(connection))


async def _http(
    stack: AsyncExitStack,
    attempt_seconds: float,
    receiving: AsyncExitStack | None,
    rules: Callable[[str, dict[str, str], bytes], int],
) -> tuple[HttpReceiver, HttpSender, str]:
    receiver = HttpReceiver(rules)
    port = await _listening(stack if receiving is None else receiving, receiver.serve)
    sender = await stack.enter_async_context(HttpSender(loopback_allowed=True, timeout_seconds=attempt_seconds))
    return receiver, sender, f"http://127.0.0.1:{port}"


async def _pagerduty(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    theirs = FakePagerDuty(lambda: 0)
    rules: Callable[..., int] = lambda path, _, body: theirs.answer(path.removeprefix("/"), body)  # noqa: E731
    receiver, sender, url = await _http(stack, seconds, receiving, rules)
    return World(
        PagerDuty(sender, url, SECRET),
        "",
        receiver.told,
        lambda: [Seen(event["dedup_key"], json.dumps(event)) for _, event in theirs.taken],
        lambda: theirs.broken,
    )


async def _json_world(
    stack: AsyncExitStack,
    seconds: float,
    receiving: AsyncExitStack | None,
    channel: Callable[[HttpSender, str], Channel],
    known_by: Callable[[dict[str, Any], dict[str, str]], str],
    broken: Callable[[dict[str, Any], bytes], list[str]],
    address: str,
) -> World:
    """A kind whose receiver takes JSON over HTTP."""
    seen: list[Seen] = []
    faults: list[str] = []

    def take(_: str, headers: dict[str, str], body: bytes) -> int:
        document = json.loads(body)
        found = broken(document, body)
        faults.extend(found)
        seen.append(Seen(known_by(document, headers), json.dumps(document, ensure_ascii=False)))
        return 400 if found else 200

    receiver, sender, url = await _http(stack, seconds, receiving, take)
    return World(channel(sender, url), address, receiver.told, lambda: seen, lambda: faults)


async def _slack(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    return await _json_world(
        stack,
        seconds,
        receiving,
        lambda sender, url: Slack(sender, f"{url}/services/{SECRET}"),
        lambda document, _: str(document["text"].rpartition("`")[0].rpartition("`")[2]),
        lambda document, _: [] if len(document["text"]) <= TEXT_LENGTH_MAX else ["too long"],
        "<@U0123>",
    )


async def _teams(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    def card(document: dict[str, Any]) -> dict[str, Any]:
        (attachment,) = document["attachments"]
        content: dict[str, Any] = attachment["content"]
        return content

    def broken(document: dict[str, Any], body: bytes) -> list[str]:
        blocks = [one["type"] for one in card(document)["body"]]
        mentions = [one for one in blocks if one == "TextBlock"]
        return [
            *(["too large"] if len(body) > MESSAGE_BYTES_MAX else []),
            *(["what was observed may be read as Markdown"] if len(mentions) > 1 else []),
            *([] if card(document)["version"] == "1.4" and document["type"] == "message" else ["no card"]),
        ]

    return await _json_world(
        stack,
        seconds,
        receiving,
        lambda sender, url: Teams(sender, f"{url}/workflows/{SECRET}"),
        lambda document, _: str(card(document)["body"][-1]["facts"][1]["value"]),
        broken,
        "ana@example.com",
    )


async def _webhook(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    return await _json_world(
        stack,
        seconds,
        receiving,
        lambda sender, url: Webhook(sender, f"{url}/pages", SIGNING),
        lambda _, headers: headers["webhook-id"],
        lambda _, body: [] if len(body) <= 128 * 1024 else ["too large"],
        "ops",
    )


async def _alertmanager(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    def broken(document: dict[str, Any], _: bytes) -> list[str]:
        (alert,) = document["alerts"]
        wanted = {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}
        return [] if document["version"] == "4" and set(alert) == wanted else ["not version 4"]

    return await _json_world(
        stack,
        seconds,
        receiving,
        lambda sender, url: Alertmanager(sender, "alerts", f"{url}/hook", SECRET),
        lambda document, _: f"{document['groupKey']} {document['alerts'][0]['fingerprint']}",
        broken,
        "",
    )


async def _email(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    server = MailServer()
    port = await _listening(stack if receiving is None else receiving, server.serve)
    settings = EmailChannel(
        kind="email",
        host="127.0.0.1",
        port=port,
        tls="none",
        sender="tillwatch@example.com",
        username="till",
        password=SECRET,  # type: ignore[arg-type]  # pydantic makes it one
    )

    def told(outcome: Outcome) -> None:
        server.hangs = outcome == "hangs"
        server.codes = {"later": {"RCPT": 451}, "never": {"RCPT": 550}}.get(outcome, {})

    return World(
        Email(Mailer(settings, SECRET, None, seconds)),
        "ana@example.com",
        told,
        lambda: [Seen(one["Message-ID"], f"{one['Subject']}\n{one.get_content()}") for one in server.letters],
        lambda: server.broken,
    )


class FakeSns:
    """Publishing. It names the number in its faults, as SNS does, and takes 1,600 characters."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.outcome: Outcome = "taken"

    async def publish(self, request: dict[str, object]) -> None:
        """See Publishing."""
        if self.outcome != "taken":
            code = {"later": "Throttled", "never": "InvalidParameter", "hangs": ""}[self.outcome]
            raise AwsFailed(f"{code}: {request['PhoneNumber']} {SECRET}", code=code)
        self.requests.append(request)


async def _sms(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    del stack, seconds, receiving
    sns = FakeSns()

    def told(outcome: Outcome) -> None:
        sns.outcome = outcome

    return World(
        Sms(sns, 1, "Tillwatch"),
        "+1 (555) 010-0123",
        told,
        lambda: [Seen(one["Message"].rpartition(" ")[2], one["Message"]) for one in sns.requests],
        lambda: [one["Message"] for one in sns.requests if messages_of(one["Message"]) > 1],
        secrets=(SECRET, "555"),
    )


async def _mqtt(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    broker = Broker()
    port = await _listening(stack if receiving is None else receiving, broker.serve)
    settings = MqttChannel(kind="mqtt", host="127.0.0.1", port=port, tls=False, username="till")

    def told(outcome: Outcome) -> None:
        broker.hangs = outcome == "hangs"
        broker.reason = {"later": 0x97, "never": 0x87}.get(outcome, 0)

    return World(
        Mqtt(settings, SECRET, None, seconds / 4),
        "tillwatch/pages/ana",
        told,
        lambda: [Seen(properties["notice"], payload.decode()) for _, properties, payload in broker.taken],
        lambda: broker.broken,
    )


async def _apprise(stack: AsyncExitStack, seconds: float, receiving: AsyncExitStack | None = None) -> World:
    seen: list[Seen] = []

    def take(_: str, __: dict[str, str], body: bytes) -> int:
        document = json.loads(body)
        seen.append(Seen(document["message"].strip().rpartition("\n")[2], json.dumps(document)))
        return 200

    receiver = HttpReceiver(take)
    port = await _listening(stack if receiving is None else receiving, receiver.serve)
    teller = apprise.Apprise()
    patience = 5 if seconds == ATTEMPT_SECONDS else 0.3
    teller.add(f"json://till:{SECRET}@127.0.0.1:{port}/?rto={patience}&cto={patience}")
    pool = ThreadPoolExecutor(max_workers=1)
    stack.callback(pool.shutdown)
    return World(Chat(teller, pool, seconds), "", receiver.told, lambda: seen, list, has_never=False)


_MADE: dict[str, Callable[..., Any]] = {
    "pagerduty": _pagerduty,
    "slack": _slack,
    "teams": _teams,
    "webhook": _webhook,
    "alertmanager": _alertmanager,
    "email": _email,
    "sms": _sms,
    "mqtt": _mqtt,
    "apprise": _apprise,
}
