"""The console shows each component with what its probe saw, the worst first, and never an old answer as a good one."""

from checks.facts import HealthProbed, HealthStatus
from daemon.http.console.components import component_rows
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import NOW_MS


def fact(
    subject: str, status: HealthStatus, *, check: str = "", at_ms: int = NOW_MS, latency: float = 12.4
) -> HealthProbed:
    return HealthProbed(
        id=f"{subject}{check}",
        at_ms=at_ms,
        subject=subject,
        status=status,
        check=check,
        latency_ms=latency,
        detail=status,
    )


def test_what_is_not_well_stands_first() -> None:
    rows = component_rows(
        [fact("api", "healthy"), fact("database", "unhealthy"), fact("monitoring", "degraded")], NOW_MS
    )
    assert [(row.name, row.status) for row in rows] == [
        ("database", "unhealthy"),
        ("monitoring", "degraded"),
        ("api", "healthy"),
    ]


def test_two_checks_of_a_component_are_one_row_with_the_worse_of_both() -> None:
    core = "aws-payment-processor"
    (row,) = component_rows(
        [fact(core, "healthy", check="readiness"), fact(core, "unhealthy", check="payment", latency=80)], NOW_MS
    )
    assert (row.status, row.latency) == ("unhealthy", "80 ms")


def test_an_old_answer_is_unknown() -> None:
    (row,) = component_rows([fact("api", "healthy")], NOW_MS + 600_001)
    assert (row.status, "last probed" in row.detail) == ("unknown", True)


async def test_the_page_has_a_row_for_each_component(as_role: Client) -> None:
    page = (await as_role("viewer").get("/console")).text
    panel = page.split('id="panel-components">')[1].split("</section>")[0]
    assert panel.count("<tr data-key=") == 3
    assert panel.index("aws-payment-processor") < panel.index("compliance") < panel.index("database")
    assert '<span class="badge no_data">unknown</span>' in panel
