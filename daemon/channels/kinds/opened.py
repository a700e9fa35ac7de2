"""Opens one channel of the settings, with its secret read."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from stat import S_IMODE
from typing import assert_never

from pydantic import SecretStr

from config.escalation.channel_kinds import (
    AlertmanagerChannel,
    AnyChannel,
    AppriseChannel,
    EmailChannel,
    MqttChannel,
    PagerDutyChannel,
    SlackChannel,
    SmsChannel,
    TeamsChannel,
    WebhookChannel,
)
from config.settings import AwsSettings
from daemon.aws.session import AwsClients
from daemon.channels.changes import ChangeTeller
from daemon.channels.kinds.alertmanager import Alertmanager
from daemon.channels.kinds.chat import open_chat
from daemon.channels.kinds.mail import Email, open_mailer
from daemon.channels.kinds.mqtt import open_mqtt
from daemon.channels.kinds.pagerduty import PagerDuty
from daemon.channels.kinds.pagerduty_changes import PagerDutyChanges
from daemon.channels.kinds.slack import Slack
from daemon.channels.kinds.sms import Sms
from daemon.channels.kinds.sns import SnsPublishing
from daemon.channels.kinds.teams import Teams
from daemon.channels.kinds.webhook import Webhook, checked_secret
from daemon.channels.ports import Channel
from daemon.errors import NotUsable
from payment_core.webhooks.ports import Sender

SECRET_LENGTH_MAX = 4_096
_READABLE_BY_OTHERS = 0o077


_OverHttp = PagerDutyChannel | SlackChannel | TeamsChannel | WebhookChannel | AlertmanagerChannel
_ByOtherMeans = EmailChannel | SmsChannel | MqttChannel | AppriseChannel


async def channel_of(
    stack: AsyncExitStack, name: str, settings: AnyChannel, sender: Sender, aws: AwsSettings
) -> Channel:
    """The channel of these settings; nothing is connected. stack: closes what it holds. Raises NotUsable."""
    if isinstance(settings, _OverHttp):
        return await _over_http(name, settings, sender)
    return await _by_other_means(stack, name, settings, aws)


async def _over_http(name: str, settings: _OverHttp, sender: Sender) -> Channel:
    match settings:
        case PagerDutyChannel():
            return PagerDuty(sender, settings.url, await secret_of(settings.routing_key, settings.routing_key_file))
        case SlackChannel():
            return Slack(sender, await secret_of(settings.url, settings.url_file))
        case TeamsChannel():
            return Teams(sender, await secret_of(settings.url, settings.url_file))
        case WebhookChannel():
            secret = await secret_of(settings.secret, settings.secret_file)
            return Webhook(sender, settings.url, checked_secret(secret, name))
        case AlertmanagerChannel():
            return Alertmanager(sender, name, settings.url, await secret_of(settings.token, settings.token_file))
        case _:
            assert_never(settings)


async def _by_other_means(stack: AsyncExitStack, name: str, settings: _ByOtherMeans, aws: AwsSettings) -> Channel:
    match settings:
        case EmailChannel():
            return Email(await open_mailer(settings, await secret_of(settings.password, settings.password_file)))
        case SmsChannel():
            sns = await stack.enter_async_context(AwsClients(aws).client("sns"))
            return Sms(SnsPublishing(sns), settings.messages, settings.sender_id)
        case MqttChannel():
            return await open_mqtt(settings, await secret_of(settings.password, settings.password_file))
        case AppriseChannel():
            return await open_chat(stack, name, await secret_of(settings.url, settings.url_file))
        case _:
            assert_never(settings)


async def change_teller_of(settings: AnyChannel, sender: Sender) -> ChangeTeller | None:
    """What tells this channel's service of changes; None where it cannot, or is not to be told. Raises NotUsable."""
    if not isinstance(settings, PagerDutyChannel) or not settings.changes:
        return None
    return PagerDutyChanges(sender, settings.url, await secret_of(settings.routing_key, settings.routing_key_file))


async def webhook_secrets(via: Mapping[str, AnyChannel]) -> dict[str, str]:
    """What the services of these channels sign their webhooks with, by channel. Raises NotUsable."""
    found = {
        name: await secret_of(one.webhook_secret, one.webhook_secret_file)
        for name, one in via.items()
        if isinstance(one, PagerDutyChannel)
    }
    return {name: secret for name, secret in found.items() if secret}


async def secret_of(secret: SecretStr, file: Path | None) -> str:
    """The secret itself, or what stands in its file; empty where there is neither. Raises NotUsable."""
    return secret.get_secret_value() if file is None else await asyncio.to_thread(read_secret, file)


def read_secret(path: Path) -> str:
    """What stands in a file that only its owner reads. Raises NotUsable."""
    try:
        with path.open(encoding="ascii") as file:
            if S_IMODE(path.stat().st_mode) & _READABLE_BY_OTHERS:
                raise NotUsable(f"{path}: others may read it; set its mode to 600.")
            secret = file.read(SECRET_LENGTH_MAX).strip()
    except (OSError, UnicodeError) as fault:
        raise NotUsable(f"{path}: the secret of a channel cannot be read: {fault}") from fault
    if not secret:
        raise NotUsable(f"{path}: the file is empty; write the secret of the channel into it.")
    return secret
