"""All routes of a whole payment core against its own description, in a process of its own."""

from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.forked import Forked
from tests.integration.payment_core.conftest import CoreProcess
from tests.integration.payment_core.descriptions import generator_of

EXAMPLES = 6


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    """One payment core for all routes."""
    database = tmp_path_factory.mktemp("core") / "payments.db"
    flags = ["--rail-latency-ms", "0", "--rail-timeout-seconds", "0.2"]
    with Forked(["payment_core", "--database", str(database), *flags]) as process:
        yield CoreProcess(process, database.with_name("payments.key"))


def check(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, headers: dict[str, str]) -> None:
    """Generate requests for the operation, and raise what is not as it is described."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def run(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers)

    run()


@pytest.mark.timeout(600)
def test_every_route_answers_as_it_is_described(core: CoreProcess) -> None:
    document = httpx.get(f"{core.url}/openapi.json").json()
    schema = generator_of(document)
    schema.config.update(base_url=core.url)
    wrong: list[str] = []
    count = 0
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # one that is not valid raises here
        count += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                check(operation, mode, core.headers)
            except hypothesis.errors.Unsatisfiable:
                # There are no wrong requests for an operation without parameters and body.
                continue
            except (Exception, FailureGroup) as error:  # noqa: BLE001 - every operation is looked at first
                wrong.append(f"{operation.label} {mode}: {error}")
    assert count == sum(len(item) for item in document["paths"].values())
    assert not wrong, "\n\n".join(wrong)
