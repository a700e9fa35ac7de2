"""Clients are made for the address that the settings say, or not at all; their faults speak one language."""

from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from config.settings import AwsSettings
from daemon.aws.session import ATTEMPTS, LONG_POLL_READ_SECONDS, READ_SECONDS, AwsClient, AwsClients
from daemon.errors import AwsFailed, NotUsable

LOCAL = AwsSettings(endpoint_url="http://127.0.0.1:9")


class Raising:
    """A client whose every operation raises."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def operation(self) -> NoReturn:
        """Raise."""
        raise self.fault


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


@pytest.mark.parametrize(("service", "read_seconds"), [("sqs", LONG_POLL_READ_SECONDS), ("route53", READ_SECONDS)])
async def test_a_client_goes_to_the_address_of_the_settings_with_bounded_waits(
    service: str, read_seconds: float
) -> None:
    async with AwsClients(LOCAL, "key", "secret").client(service) as client:
        made: Any = client._client
        assert made.meta.endpoint_url == "http://127.0.0.1:9"
        assert made.meta.config.read_timeout == read_seconds
        assert made.meta.config.user_agent.startswith("tillwatch/1")
        assert type(made._serializer).__name__ != "ParamValidationDecorator"
        assert made.meta.config.retries == {"mode": "standard", "total_max_attempts": ATTEMPTS}


@pytest.mark.parametrize("address", ["nonsense", "http://", "http://exa mple/"])
async def test_an_unusable_address_of_the_environment_is_an_error_and_no_default(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(NotUsable, match="No sqs client can be made"):
        async with AwsClients(AwsSettings(), "key", "secret").client("sqs"):
            pass


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (refusal("ThrottlingException", 400), "ThrottlingException", True),
        (refusal("PriorRequestNotComplete", 400), "PriorRequestNotComplete", True),
        (refusal("InternalFailure", 500), "InternalFailure", True),
        (refusal("AccessDenied", 403), "AccessDenied", False),
        (refusal("InvalidChangeBatch", 400), "InvalidChangeBatch", False),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "", True),
        (TimeoutError("slow"), "", True),
    ],
)
async def test_a_fault_says_its_code_and_whether_to_try_again(fault: Exception, code: str, retryable: bool) -> None:
    with pytest.raises(AwsFailed) as caught:
        await AwsClient(Raising(fault)).call("operation")
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


async def test_an_address_where_nobody_listens_is_a_fault_that_may_pass() -> None:
    async with AwsClients(LOCAL, "key", "secret").client("sqs") as client:
        with pytest.raises(AwsFailed) as caught:
            await client.call("get_queue_url", QueueName="x")
    assert caught.value.retryable
