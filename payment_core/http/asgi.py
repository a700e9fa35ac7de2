"""The types of ASGI 3, as far as this application needs them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# A scope and a message hold values of many types, which the specification names and the server checks.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
