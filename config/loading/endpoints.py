"""The AWS SDK's own endpoint variables: one that it would silently pass over is an error at start."""

from collections.abc import Mapping

from pydantic_core import PydanticCustomError

from config.loading.problems import Problem
from config.loading.url import usable_url

_GLOBAL = "AWS_ENDPOINT_URL"
_IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
_SERVICES = (
    "APPLICATION_AUTO_SCALING",
    "APPCONFIG",
    "APPCONFIGDATA",
    "CLOUDFORMATION",
    "CLOUDWATCH",
    "DYNAMODB",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "EVENTBRIDGE",
    "FIREHOSE",
    "KMS",
    "LAMBDA",
    "ROUTE_53",
    "S3",
    "SNS",
    "SQS",
    "STS",
)
"""The services that Tillwatch calls, as the SDK spells them in a variable's name."""


def check_endpoint_environment(environ: Mapping[str, str], endpoint_url: str | None = None) -> list[Problem]:
    """Every endpoint variable that would not do what it says.

    endpoint_url: the settings' own override; the SDK lets it win, so another address in a variable contradicts it.
    """
    problems = []
    for name in sorted(environ):
        if name == _GLOBAL or name.startswith(f"{_GLOBAL}_"):
            problems += _check(name, environ[name], endpoint_url)
    set_variables = [name for name in environ if name == _GLOBAL or name.startswith(f"{_GLOBAL}_")]
    if set_variables and environ.get(_IGNORE, "").lower() == "true":
        what = f"it makes the SDK pass over {min(set_variables)} and call AWS itself"
        problems.append(Problem(_IGNORE, 0, 0, what, "unset one of the two"))
    return problems


def _check(name: str, value: str, endpoint_url: str | None) -> list[Problem]:
    service = name.removeprefix(_GLOBAL).removeprefix("_")
    meant = next((known for known in _SERVICES if known.replace("_", "") == service.replace("_", "")), service)
    if meant != service:
        what = "the SDK does not know this name and would call AWS itself"
        return [Problem(name, 0, 0, what, f"rename it to {_GLOBAL}_{meant}")]
    if not value:
        return [Problem(name, 0, 0, "the variable is set but empty", "unset it to use AWS")]
    try:
        usable_url(value)
    except PydanticCustomError as error:
        context = {} if error.context is None else error.context
        return [Problem(name, 0, 0, context["what"], context["fix"])]
    if endpoint_url is not None and value.rstrip("/") != endpoint_url.rstrip("/"):
        what = f"{value} contradicts aws.endpoint_url {endpoint_url} of the settings"
        return [Problem(name, 0, 0, what, "unset the variable, or write the same address in both")]
    return []
