"""Answers some calls of a stand-in as AWS does when it is asked too much, which no emulator ever does."""

import io
from typing import Any

from aiobotocore.awsrequest import AioAWSResponse

_TOO_MUCH = 400
_CODE, _WORDS = "ThrottlingException", "Rate exceeded"
_JSON = f'{{"__type":"{_CODE}","message":"{_WORDS}"}}'.encode()
_XML = (
    f"<ErrorResponse><Error><Type>Sender</Type><Code>{_CODE}</Code><Message>{_WORDS}</Message></Error>"
    "<RequestId>throttled</RequestId></ErrorResponse>"
).encode()


class _Raw(io.BytesIO):
    """What botocore reads a body from."""


class Throttle:
    """Every nth request of all clients that share it is answered ThrottlingException and never sent.

    It counts requests and not calls: what the client sends again by itself is a request, as it is for AWS.
    every: 2 or more. answered: requests that were not sent, since the start.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._seen = 0
        self.answered = 0

    def hold(self, client: Any) -> None:  # noqa: ANN401  # botocore builds its clients at run time
        """Stand before everything that this client sends."""
        body = _JSON if "json" in client.meta.service_model.resolved_protocol else _XML

        def before_send(request: Any, **_: object) -> AioAWSResponse | None:  # noqa: ANN401  # botocore's own
            return self._answer(str(request.url), body)

        client.meta.events.register("before-send", before_send)

    def _answer(self, url: str, body: bytes) -> AioAWSResponse | None:
        self._seen += 1
        if self._seen % self._every:
            return None
        self.answered += 1
        headers = {"x-amzn-errortype": _CODE, "x-amzn-requestid": "throttled"}
        response = AioAWSResponse(url, _TOO_MUCH, headers, _Raw(body))
        # botocore awaits what it reads from a socket; what is here already, it takes from here.
        response._content = body  # noqa: SLF001
        return response
