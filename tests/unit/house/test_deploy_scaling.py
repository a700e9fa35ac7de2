"""What sizes components may do at AWS what its code does, and no more."""

import pytest

from tests.unit.house.test_deploy import ROOT, actions, aws_calls, load

SCALING: dict[str, dict[str, tuple[str, ...]]] = {
    "ecs": {
        "scaling/kinds/ecs_service": ("ecs",),
        "scaling/group_load": ("elbv2",),
        "environments/service_looks": ("ecs", "elbv2"),
        "environments/scaling": ("application-autoscaling",),
    },
    "lambda": {"scaling/kinds/lambda_concurrency": ("lambda",)},
    "dynamodb": {"scaling/kinds/table_capacity": ("dynamodb",)},
    "alb": {"scaling/kinds/alb_targets": ("elbv2",), "scaling/group_load": ("elbv2",)},
    "followed": {
        "scaling/kinds/auto_scaling": ("application-autoscaling",),
        "scaling/kinds/managed": ("application-autoscaling",),
    },
}
"""The modules that size each kind, and which services; ``followed``: by Application Auto Scaling, beside its kind."""


@pytest.mark.parametrize("kind", SCALING)
def test_the_daemon_may_size_components_of_a_kind_as_its_code_does_and_no_more(kind: str) -> None:
    calls = set[str]()
    for module, services in SCALING[kind].items():
        calls |= aws_calls(ROOT / "daemon" / f"{module}.py", services=services)
    assert len(calls) > 2
    assert actions(load(f"iam-scaling-{kind}.json")) == calls


def test_every_module_that_sizes_components_is_in_a_policy() -> None:
    services = tuple({service for modules in SCALING.values() for one in modules.values() for service in one})
    folder = ROOT / "daemon" / "scaling"
    calling = {
        path.relative_to(ROOT / "daemon").with_suffix("")
        for path in folder.rglob("*.py")
        if aws_calls(path, services=services)
    }
    assert {str(one) for one in calling} == {
        module for modules in SCALING.values() for module in modules if module.startswith("scaling/")
    }
