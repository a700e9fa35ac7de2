"""Channels over real sockets, opened as the daemon opens them: PagerDuty, Slack, a receiver that checks signatures."""

import base64
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from config.escalation.channel_kinds import KINDS
from config.settings import Settings
from daemon.channels.opened import Channels, open_channels
from daemon.channels.trial import TrialRefused
from daemon.clock import SystemClock
from daemon.errors import NotUsable
from remediation.journal.escalation_kinds import NoticeSent
from remediation.journal.kinds import body_of
from tests.integration.channels.receiver import Receiver
from tests.serving import serving
from tests.unit.daemon.channels.channel_world import reached_by
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.incidents.telling import breach

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode("ascii")
ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def settings_of(**via: object) -> Settings:
    return Settings.model_validate({"channels": {"via": via, "loopback_allowed": True}})


async def told(settings: Settings, stack: AsyncExitStack) -> tuple[World, Channels]:
    """A critical incident whose first step was sent by each of these channels that the settings have."""
    escalation = reached_by(*settings.channels.via)
    here = await world(escalation)
    opened = await open_channels(stack, settings, here.scene.writer, here.scene.clock, lambda: escalation)
    assert opened is not None
    await here.say(breach())
    await here.pager.tick()
    for name in opened.outbox.names:
        await opened.outbox.step(name)
    return here, opened


async def sent(here: World) -> list[NoticeSent]:
    bodies = [body_of(entry) for entry in await here.entries()]
    return [body for body in bodies if isinstance(body, NoticeSent)]


async def test_pagerduty_takes_an_alert_and_no_journal_holds_its_key(tmp_path: Path) -> None:
    key = tmp_path / "routing.key"
    key.write_text(f"{ROUTING_KEY}\n", "ascii")
    key.chmod(0o600)
    theirs = FakePagerDuty(SystemClock().now_ms)
    receiver = Receiver(lambda path, _, body: theirs.answer(path.removeprefix("/"), body))
    async with AsyncExitStack() as stack, serving(receiver.serve) as port:
        via = {"kind": "pagerduty", "routing_key_file": str(key), "url": f"http://127.0.0.1:{port}"}
        here, _ = await told(settings_of(pagerduty=via), stack)
        (done,) = await sent(here)
        assert (done.channel, done.detail) == ("pagerduty", "HTTP 202")
        assert not theirs.broken
        ((_, event),) = theirs.taken
        assert event["routing_key"] == ROUTING_KEY
        journal = b"".join(bytes(entry.body) for entry in await here.entries())
        assert ROUTING_KEY.encode() not in journal
        assert b"@pagerduty" not in journal


async def test_a_webhook_is_verified_by_the_library_of_standard_webhooks() -> None:
    receiver = Receiver(lambda *_: 200)
    async with AsyncExitStack() as stack, serving(receiver.serve) as port:
        via = {"kind": "webhook", "url": f"http://127.0.0.1:{port}/pages", "secret": SECRET}
        settings = settings_of(own=via)
        escalation = reached_by("own")
        here = await world(escalation)
        here.scene.clock.at_ms = SystemClock().now_ms()
        here.later(0)
        opened = await open_channels(stack, settings, here.scene.writer, here.scene.clock, lambda: escalation)
        assert opened is not None
        await here.say(breach())
        await here.pager.tick()
        await opened.outbox.step("own")
        ((path, headers, body),) = receiver.requests
        assert path == "/pages"
        document: Any = standardwebhooks.Webhook(SECRET).verify(body, headers)
        assert document["type"] == "incident.trigger"
        assert document["data"]["dedup_key"] == "inc-1:1"
        assert document["data"]["to"] == "@own"
        assert headers["webhook-id"] == (await sent(here))[0].notice_id
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(body.replace(b"critical", b"medium"), headers)


async def test_slack_gets_the_address_before_the_text_and_nothing_observed_calls_anybody() -> None:
    receiver = Receiver(lambda *_: 200)
    async with AsyncExitStack() as stack, serving(receiver.serve) as port:
        settings = settings_of(chat={"kind": "slack", "url": f"http://127.0.0.1:{port}/services/T0/B0/secret"})
        escalation = reached_by("chat")
        here = await world(escalation)
        opened = await open_channels(stack, settings, here.scene.writer, here.scene.clock, lambda: escalation)
        assert opened is not None
        await here.say(breach("alarm", "critical", subject="<!channel> & co"))
        await here.pager.tick()
        await opened.outbox.step("chat")
        text = json.loads(receiver.requests[0][2])["text"]
        assert text.startswith("@chat *critical: alarm for &lt;!channel&gt; &amp; co (inc-1)*")
        assert "<!channel>" not in text
        assert [body.channel for body in await sent(here)] == ["chat"]


async def test_a_receiver_that_is_away_is_a_channel_that_fails_and_says_so() -> None:
    async with AsyncExitStack() as stack:
        async with serving(Receiver(lambda *_: 200).serve) as port:
            gone = port
        via = {"kind": "webhook", "url": f"http://127.0.0.1:{gone}/", "secret": SECRET}
        here, opened = await told(settings_of(own=via), stack)
        now_ms = here.scene.clock.now_ms()
        status = {fact.subject: fact.status for fact in opened.health.look(now_ms)}
        assert status == {"channel-own": "degraded", "channels": "healthy"}
        later = {fact.subject: (fact.status, fact.detail) for fact in opened.health.look(now_ms + 30_000)}
        assert later["channel-own"] == ("unhealthy", "takes nothing for 30 s: ConnectError")


async def test_an_address_inside_is_not_called_and_a_channel_that_took_nothing_is_not_known_to_be_well() -> None:
    async with AsyncExitStack() as stack:
        via = {"own": {"kind": "webhook", "url": "https://169.254.169.254/", "secret": SECRET}}
        here, opened = await told(Settings.model_validate({"channels": {"via": via}}), stack)
        assert not await sent(here)
        setback = opened.outbox.setbacks.of("own")
        assert setback is not None
        assert setback.why == "the URL leads to an address that is not public"


@pytest.mark.parametrize(("text", "mode"), [("", 0o600), ("secret", 0o644)], ids=["empty", "readable-by-others"])
async def test_a_secret_that_is_none_ends_the_start_and_says_the_file(tmp_path: Path, text: str, mode: int) -> None:
    key = tmp_path / "routing.key"
    key.write_text(text, "ascii")
    key.chmod(mode)
    here = await world()
    settings = settings_of(pagerduty={"kind": "pagerduty", "routing_key_file": str(key)})
    async with AsyncExitStack() as stack:
        with pytest.raises(NotUsable, match=r"routing\.key"):
            await open_channels(stack, settings, here.scene.writer, here.scene.clock, lambda: here.escalation)


async def test_a_signing_secret_that_is_none_is_refused_without_being_told() -> None:
    here = await world()
    settings = settings_of(own={"kind": "webhook", "url": "https://pages.example.com", "secret": "whsec_c2hvcnQ="})
    async with AsyncExitStack() as stack:
        with pytest.raises(NotUsable, match="24 to 64 random bytes") as raised:
            await open_channels(stack, settings, here.scene.writer, here.scene.clock, lambda: here.escalation)
    assert "c2hvcnQ" not in str(raised.value)


async def test_without_channels_nothing_is_opened_and_notices_wait() -> None:
    here = await world()
    async with AsyncExitStack() as stack:
        opened = await open_channels(
            stack, Settings.model_validate({}), here.scene.writer, here.scene.clock, lambda: here.escalation
        )
    assert opened is None


EVERY = {
    "pagerduty": {"kind": "pagerduty", "routing_key": ROUTING_KEY, "webhook_secret": "hook"},
    "slack": {"kind": "slack", "url": f"https://hooks.slack.com/{ROUTING_KEY}"},
    "teams": {"kind": "teams", "url": f"https://prod.westus.logic.azure.com/{ROUTING_KEY}"},
    "webhook": {"kind": "webhook", "url": "https://pages.example.com", "secret": SECRET},
    "alertmanager": {"kind": "alertmanager", "url": "https://alerts.example.com", "token": ROUTING_KEY},
    "email": {"kind": "email", "host": "mail.example.com", "sender": "till@example.com"},
    "sms": {"kind": "sms"},
    "mqtt": {"kind": "mqtt", "host": "broker.example.com", "username": "till", "password": ROUTING_KEY},
    "apprise": {"kind": "apprise", "url": f"json://till:{ROUTING_KEY}@example.com"},
}


async def test_every_kind_is_opened_from_its_settings_and_shows_what_it_would_send_without_its_secrets() -> None:
    assert set(EVERY) == set(KINDS)
    settings = Settings.model_validate({"channels": {"via": EVERY}})
    here = await world()
    async with AsyncExitStack() as stack:
        opened = await open_channels(
            stack, settings, here.scene.writer, here.scene.clock, lambda: here.escalation, here.scene.journal.read
        )
        assert opened is not None
        assert opened.outbox.names == tuple(EVERY)
        assert opened.webhook_secrets == {"pagerduty": "hook"}
        for name in EVERY:
            person = "vp-engineering" if name == "sms" else "executive-team" if name == "email" else ""
            found = opened.trials.foreseen(person, name, "olga")
            assert not isinstance(found, TrialRefused), found
            assert "test: nothing is wrong" in found[0].payload
            assert ROUTING_KEY not in found[0].payload
            assert "executives@" not in found[0].payload


async def test_a_new_process_counts_what_the_last_one_sent_within_the_minute() -> None:
    receiver = Receiver(lambda *_: 202)
    async with serving(receiver.serve) as port:
        url = f"http://127.0.0.1:{port}"
        via = {"kind": "pagerduty", "routing_key": ROUTING_KEY, "url": url, "per_minute": 6}
        settings = settings_of(pagerduty=via)
        here = await world(reached_by("pagerduty"))
        found: object = None
        writer, clock, read = here.scene.writer, here.scene.clock, here.scene.journal.read
        for _ in range(2):
            async with AsyncExitStack() as stack:
                opened = await open_channels(stack, settings, writer, clock, lambda: here.escalation, read)
                assert opened is not None
                for _ in range(4):
                    found = await opened.trials.send("", "pagerduty", "olga")
        assert len(receiver.requests) == 5
        assert isinstance(found, TrialRefused)
