"""An endpoint variable that the SDK would pass over in silence is an error."""

import pytest

from config.loading.endpoints import check_endpoint_environment

GOOD = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("environ", "fix"),
    [
        ({"AWS_ENDPOINT_URL": ""}, "unset it to use AWS"),
        ({"AWS_ENDPOINT_URL_SQS": ""}, "unset it to use AWS"),
        ({"AWS_ENDPOINT_URL": "localhost:4566"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://host:99999"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://ho st"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "ftp://host"}, "http://127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://a:b@host"}, "before the @"),
        ({"AWS_ENDPOINT_URL_ROUTE53": GOOD}, "AWS_ENDPOINT_URL_ROUTE_53"),
        ({"AWS_ENDPOINT_URL_EVENT_BRIDGE": GOOD}, "AWS_ENDPOINT_URL_EVENTBRIDGE"),
        ({"AWS_ENDPOINT_URL": GOOD, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "unset one of the two"),
    ],
)
def test_an_endpoint_variable_that_cannot_be_used_is_a_problem_with_its_fix(environ: dict[str, str], fix: str) -> None:
    problems = check_endpoint_environment(environ)
    assert len(problems) == 1
    assert problems[0].file in environ
    assert fix in problems[0].fix


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_ENDPOINT_URL": GOOD},
        {"AWS_ENDPOINT_URL_SQS": "https://[::1]:4566/path"},
        {"AWS_ENDPOINT_URL_BEDROCK": "https://vpce.example.com"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_usable_endpoint_variables_are_left_alone(environ: dict[str, str]) -> None:
    assert check_endpoint_environment(environ) == []


def test_a_service_variable_that_contradicts_the_settings_is_a_problem() -> None:
    assert (
        check_endpoint_environment({"AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:1"}, GOOD)[0].file
        == "AWS_ENDPOINT_URL_SNS"
    )
    assert check_endpoint_environment({"AWS_ENDPOINT_URL_SNS": f"{GOOD}/"}, GOOD) == []
