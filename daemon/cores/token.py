"""The API key that the daemon shows to the payment cores."""

import asyncio

from config.settings import Settings
from daemon.errors import NotUsable


async def read_core_token(settings: Settings) -> str:
    """The key from its file or the settings; empty when none is configured. Raises NotUsable."""
    if settings.core_token_file is None:
        return settings.core_token.get_secret_value()
    try:
        return (await asyncio.to_thread(settings.core_token_file.read_text, encoding="ascii")).strip()
    except (OSError, UnicodeError) as fault:
        raise NotUsable(
            f"{settings.core_token_file}: the API key of the payment cores cannot be read: {fault}"
        ) from fault
