"""The files in deploy/: what a task may do, where it may write, and which events reach the daemon."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import botocore
import botocore.session
import pytest
import yaml

from config.load import load_configuration
from daemon.probes.policies import PHONES, UNLIMITED
from payment_core.aws.dynamodb import table_definition
from payment_core.options import CoreOptions

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
PLACEHOLDERS = {
    "ACCOUNT_ID",
    "ADMIN_KEY_SHA256",
    "BLUE_STACK",
    "CLUSTER",
    "ENVIRONMENT",
    "EXPORTS_BUCKET",
    "EXPORTS_PREFIX",
    "FUNCTION",
    "GREEN_STACK",
    "HOSTED_ZONE_ID",
    "IMAGE",
    "LISTENER",
    "RECORD_NAME",
    "REGION",
    "RELEASES_BUCKET",
    "REPORTS_BUCKET",
    "REPORTS_PREFIX",
    "STATUS_BUCKET",
    "STATUS_PREFIX",
    "TABLE",
    "TARGET_GROUP",
    "VAULT_KEY_ID",
    "VERSION",
}
PERMISSIONS = {
    "dynamodb:CreateTable": set(),  # of a stand-in; on AWS the template makes the table
    "dynamodb:TransactGetItems": {"dynamodb:GetItem"},
    "dynamodb:TransactWriteItems": {
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
    "kms:ReEncrypt": {"kms:ReEncryptFrom", "kms:ReEncryptTo"},
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion"},
    "s3:HeadObject": {"s3:GetObject"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:PutObject": {"s3:PutObject", "s3:PutObjectRetention"},
}
"""What a call needs where that is not an action of the same name (Service Authorization Reference)."""
DAEMON_PERMISSIONS = {"s3:ListObjectsV2": {"s3:ListBucket"}}
"""The same for the daemon, which reads no versions and locks no objects."""
ENVIRONMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "ecs": {"ecs": ("ecs",), "service_looks": ("ecs", "elbv2"), "scaling": ("application-autoscaling",)},
    "lambda": {"lambda_aliases": ("lambda",), "function": ("lambda",), "scaling": ("application-autoscaling",)},
    "cloudformation": {
        "stacks": ("cloudformation",),
        "instances": ("cloudformation", "autoscaling"),
        "service_looks": ("ecs", "elbv2"),
    },
}
"""The modules that call AWS for each kind, and which services; who has one kind needs the policy of that one alone."""
TRAFFIC: dict[str, dict[str, tuple[str, ...]]] = {
    "alb": {"alb": ("elbv2",), "cohort_rule": ("elbv2",)},
    "lambda": {"lambda_alias": ("lambda",)},
    "dns": {"cohort_host": ("route53",), "route53": ("route53",)},
}
"""The same for what splits traffic. Reading the records of the zone is in the policy that every daemon has."""
BESIDE_CALLS = {"ecs": {"iam:PassRole"}, "lambda": {"s3:GetObject"}, "cloudformation": set[str]()}
"""What IAM asks of the caller besides: tasks get roles, and code is read from a bucket."""
STOP_SECONDS_MAX = 120
SERVICES = ("sqs", "route53", "events", "sns", "dynamodb", "cloudwatch", "ecs", "kms", "s3", "appconfig", "iam", "ce")
CORE_SERVICES = (*SERVICES, "secretsmanager")
PREFIXES = {"elbv2": "elasticloadbalancing"}
"""How IAM spells a service that the SDK calls otherwise."""

Document = dict[str, Any]  # JSON as AWS defines it


def load(name: str) -> Document:
    """A JSON file of deploy/."""
    document: Document = json.loads((DEPLOY / name).read_text("utf-8"))
    return document


def task_problems(task: Document) -> list[str]:
    """What a task definition leaves open."""
    found = [] if task["runtimePlatform"]["cpuArchitecture"] == "ARM64" else ["not arm64"]
    found += (
        [] if task["requiresCompatibilities"] == ["FARGATE"] and task["networkMode"] == "awsvpc" else ["not Fargate"]
    )
    for container in task["containerDefinitions"]:
        checks = {
            "the root file system is writable": container.get("readonlyRootFilesystem") is True,
            "root": re.match(r"^[1-9]\d*:[1-9]\d*$", container.get("user", "")) is not None,
            "capabilities": container.get("linuxParameters", {}).get("capabilities") == {"drop": ["ALL"]},
            "no health check": container.get("healthCheck", {}).get("command", [""])[0] == "CMD",
            "no stop timeout": 0 < container.get("stopTimeout", 0) <= STOP_SECONDS_MAX,
            "no logs": container.get("logConfiguration", {}).get("logDriver") == "awslogs",
            "privileged": not container.get("privileged", False),
            "a secret in clear": not any("TOKEN" in pair["name"] for pair in container.get("environment", ())),
            "nowhere to write": {mount["containerPath"] for mount in container.get("mountPoints", ())}
            == {"/data", "/tmp"},  # noqa: S108 (the container's)
        }
        found += [what for what, holds in checks.items() if not holds]
    return found


def actions(policy: Document) -> set[str]:
    """Every action that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def policy_problems(policy: Document) -> list[str]:
    """Where a policy allows more than it names."""
    found = []
    for statement in policy["Statement"]:
        found += [f"action {action}" for action in statement["Action"] if "*" in action]
        if "NotResource" in statement:
            phones = (statement["Action"], statement["NotResource"]) == ([PHONES[0]], [PHONES[1]])
            found += [] if phones else [f"everything but {statement['NotResource']}"]
            continue
        resources = [] if set(statement["Action"]) <= UNLIMITED else statement["Resource"]
        # The objects under a prefix have no other name than this, nor have the versions of a function.
        found += [
            f"resource {resource}" for resource in resources if "*" in re.sub(r"(/|:function:.+:)\*$", "", resource)
        ]
        condition = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
        changes = "route53:ChangeResourceRecordSets" in statement["Action"]
        if changes and not condition.get("route53:ChangeResourceRecordSetsNormalizedRecordNames"):
            found.append("every record of the zone")
    return found


def aws_calls(*files: Path, services: tuple[str, ...] = SERVICES) -> set[str]:
    """IAM actions behind the AWS calls that these files name. A batch needs the permission of the single call."""
    words = {word for path in files for word in re.findall(r"[.\"](\w+)[(\"]", path.read_text("utf-8"))}
    session = botocore.session.get_session()
    return {
        f"{PREFIXES.get(service, service)}:{operation.removesuffix('Batch')}"
        for service in services
        for operation in session.get_service_model(service).operation_names
        if botocore.xform_name(operation) in words
    }


class TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, read as (name, argument)."""


def _function(loader: TemplateLoader, suffix: str, node: yaml.Node) -> tuple[str, object]:
    return suffix, loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else ""


TemplateLoader.add_multi_constructor("!", _function)


def resources(kind: str) -> Iterator[Document]:
    """The resources of one type in the template."""
    template = yaml.load((DEPLOY / "events.yaml").read_text("utf-8"), TemplateLoader)  # noqa: S506 (a SafeLoader)
    return (resource for resource in template["Resources"].values() if resource["Type"] == kind)


@pytest.mark.parametrize("name", ["ecs-daemon.json", "ecs-core.json"])
def test_a_task_runs_with_the_least_it_needs(name: str) -> None:
    assert task_problems(load(name)) == []


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("readonlyRootFilesystem", False, "the root file system is writable"),
        ("user", "0:0", "root"),
        ("user", "tillwatch", "root"),
        ("linuxParameters", {}, "capabilities"),
        ("healthCheck", {}, "no health check"),
        ("stopTimeout", 0, "no stop timeout"),
        ("stopTimeout", 121, "no stop timeout"),
        ("logConfiguration", {}, "no logs"),
        ("privileged", True, "privileged"),
        ("environment", [{"name": "TILL_CORE_API_TOKEN", "value": "x"}], "a secret in clear"),
        ("mountPoints", [], "nowhere to write"),
    ],
)
def test_each_check_of_a_task_has_teeth(key: str, value: object, problem: str) -> None:
    task = load("ecs-daemon.json")
    task["containerDefinitions"][0][key] = value
    assert task_problems(task) == [problem]


def test_another_platform_is_reported() -> None:
    task = load("ecs-daemon.json") | {"runtimePlatform": {"cpuArchitecture": "X86_64"}, "networkMode": "host"}
    assert task_problems(task) == ["not arm64", "not Fargate"]


def test_image_and_task_ask_the_same_health_question() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    command = load("ecs-daemon.json")["containerDefinitions"][0]["healthCheck"]["command"]
    assert f"CMD {json.dumps(command[1:])}" in dockerfile


def test_the_daemon_may_do_what_its_code_does_and_no_more() -> None:
    # What only `tillwatch up` uses, to make queues and announce deployments, needs no policy.
    embedded = ROOT / "daemon" / "embedded"
    daemon = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "daemon").rglob("*.py") if not path.is_relative_to(embedded)
    )
    files = [path for path in (ROOT / "daemon" / "aws").glob("*.py") if f"daemon.aws.{path.stem} import" in daemon]
    calls = aws_calls(*files, ROOT / "daemon" / "traffic" / "route53.py")
    assert "sqs:ReceiveMessage" in calls
    allowed = {action for call in calls for action in DAEMON_PERMISSIONS.get(call, {call})}
    assert actions(load("iam-daemon.json")) == allowed


@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_the_daemon_may_change_environments_of_a_kind_as_its_code_does_and_no_more(kind: str) -> None:
    folder = ROOT / "daemon" / "environments"
    calls = set[str]()
    for module, services in ENVIRONMENTS[kind].items():
        calls |= aws_calls(folder / f"{module}.py", services=services)
    assert len(calls) > 3
    assert actions(load(f"iam-environments-{kind}.json")) == calls | BESIDE_CALLS[kind]


def test_every_module_that_changes_environments_is_in_a_policy() -> None:
    services = tuple({service for modules in ENVIRONMENTS.values() for one in modules.values() for service in one})
    paths = (ROOT / "daemon" / "environments").glob("*.py")
    calling = {path.stem for path in paths if aws_calls(path, services=services)}
    assert calling == {module for modules in ENVIRONMENTS.values() for module in modules}


@pytest.mark.parametrize("kind", TRAFFIC)
def test_the_daemon_may_shift_traffic_of_a_kind_as_its_code_does_and_no_more(kind: str) -> None:
    folder = ROOT / "daemon" / "traffic"
    calls = set[str]()
    for module, services in TRAFFIC[kind].items():
        calls |= aws_calls(folder / f"{module}.py", services=services)
    assert calls
    assert actions(load(f"iam-traffic-{kind}.json")) == calls - actions(load("iam-daemon.json")) | (
        {"route53:ChangeResourceRecordSets"} if kind == "dns" else set()
    )


def test_every_module_that_shifts_traffic_is_in_a_policy() -> None:
    services = tuple({service for modules in TRAFFIC.values() for one in modules.values() for service in one})
    paths = (ROOT / "daemon" / "traffic").glob("*.py")
    calling = {path.stem for path in paths if aws_calls(path, services=services)}
    assert calling == {module for modules in TRAFFIC.values() for module in modules}


def test_the_daemon_may_send_text_messages_as_its_code_does_and_no_more() -> None:
    policy = load("iam-channels-sms.json")
    assert actions(policy) == aws_calls(ROOT / "daemon" / "channels" / "kinds" / "sns.py")


def test_the_core_may_do_what_its_code_does_and_no_more() -> None:
    calls = aws_calls(*(ROOT / "payment_core" / "aws").glob("*.py"), services=CORE_SERVICES)
    assert actions(load("iam-core.json")) == {action for call in calls for action in PERMISSIONS.get(call, {call})}


def test_the_template_makes_the_table_that_the_core_expects() -> None:
    template = yaml.load((DEPLOY / "core.yaml").read_text("utf-8"), TemplateLoader)  # noqa: S506 (a SafeLoader)
    properties = template["Resources"]["Payments"]["Properties"]
    expected = table_definition("till-core")
    assert {name: properties[name] for name in expected} == expected


def test_audit_roots_are_kept_where_objects_are_locked() -> None:
    template = yaml.load((DEPLOY / "core.yaml").read_text("utf-8"), TemplateLoader)  # noqa: S506 (a SafeLoader)
    buckets = [one for one in template["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]
    assert [one["Properties"].get("ObjectLockEnabled") for one in buckets] == [None, True]
    assert all(all(one["Properties"]["PublicAccessBlockConfiguration"].values()) for one in buckets)


def test_a_call_that_no_policy_allows_is_found(tmp_path: Path) -> None:
    source = tmp_path / "sqs.py"
    source.write_text("client.purge_queue()\nclient.send_message_batch()\nclient.describe_table()\n", encoding="utf-8")
    assert aws_calls(source) == {"sqs:PurgeQueue", "sqs:SendMessage", "dynamodb:DescribeTable"}


def test_the_tasks_start_with_settings_and_arguments_that_are_accepted() -> None:
    container = load("ecs-daemon.json")["containerDefinitions"][0]
    token = [{"name": "oncall", "role": "viewer", "sha256": "0" * 64}]
    core = {"blue": {"url": "http://10.0.0.1:8080", "address": "10.0.0.1"}}
    filled = {"ACCOUNT_ID": "123456789012", "REGION": "us-east-1", "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ"}
    environment = {pair["name"]: Template(pair["value"]).substitute(filled) for pair in container["environment"]}
    secrets = {"TILL_TOKENS": json.dumps(token), "TILL_CORES": json.dumps(core), "TILL_CORE_TOKEN": "till_live_x"}
    assert {pair["name"] for pair in container["secrets"]} == set(secrets)
    settings = load_configuration(None, environment | secrets).settings
    assert settings.aws.account_id == "123456789012"
    assert settings.data_dir == Path("/data")
    assert set(settings.cores) == {"blue"}


def test_the_core_task_names_options_that_exist() -> None:
    command = load("ecs-core.json")["containerDefinitions"][0]["command"]
    assert command[:2] == ["core", "serve"]
    known = {f"--{name.replace('_', '-')}" for name in CoreOptions.model_fields}
    assert {word for word in command if word.startswith("--")} <= known


def test_the_status_page_may_be_written_into_its_bucket_and_nothing_else_done_there() -> None:
    (statement,) = load("iam-status-page.json")["Statement"]
    source = (ROOT / "daemon" / "status_page" / "places.py").read_text("utf-8")
    # The only thing that the page asks of S3 is to write an object.
    assert set(re.findall(r"self\._objects\.(\w+)\(", source)) == {"write"}
    assert statement["Action"] == ["s3:PutObject"]
    assert statement["Resource"] == ["arn:aws:s3:::${STATUS_BUCKET}/${STATUS_PREFIX}/*"]


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.glob("iam-*.json")))
def test_a_policy_names_actions_and_resources(name: str) -> None:
    assert policy_problems(load(name)) == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ({"Action": ["sqs:*"], "Resource": ["arn:aws:sqs:us-east-1:1:q"]}, "action sqs:*"),
        ({"Action": ["sqs:SendMessage"], "Resource": ["*"]}, "resource *"),
        ({"Action": ["sns:Publish"], "NotResource": ["x"]}, "everything but ['x']"),
        ({"Action": ["sqs:SendMessage"], "NotResource": ["arn:aws:sns:*:*:*"]}, "everything but ['arn:aws:sns:*:*:*']"),
        ({"Action": ["cloudwatch:GetMetricData", "sqs:SendMessage"], "Resource": ["*"]}, "resource *"),
        (
            {"Action": ["route53:ChangeResourceRecordSets"], "Resource": ["arn:aws:route53:::hostedzone/Z"]},
            "every record of the zone",
        ),
    ],
)
def test_each_check_of_a_policy_has_teeth(statement: Document, problem: str) -> None:
    assert policy_problems({"Statement": [statement]}) == [problem]


def test_placeholders_are_the_documented_ones() -> None:
    found = {
        name for path in DEPLOY.glob("*.json") for name in re.findall(r"\$\{([A-Z0-9_]+)\}", path.read_text("utf-8"))
    }
    assert found == PLACEHOLDERS
    page = (ROOT / "docs" / "aws.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in PLACEHOLDERS)


@pytest.mark.parametrize("name", ["events.yaml", "core.yaml", "dashboards.yaml"])
def test_cloudformation_accepts_the_template(name: str) -> None:
    lint = subprocess.run(
        [sys.executable, "-c", "from cfnlint.runner import main; main()", str(DEPLOY / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_every_event_the_daemon_understands_is_routed_to_it() -> None:
    source = (ROOT / "daemon" / "translate" / "message.py").read_text("utf-8")
    understood = set(re.findall(r'"([A-Z][A-Za-z -]+)": (?=_Kind|_HEALTH)', source))
    patterns = [rule["Properties"]["EventPattern"] for rule in resources("AWS::Events::Rule")]
    assert {kind for pattern in patterns for kind in pattern["detail-type"]} == understood
    assert all(pattern["source"] for pattern in patterns)


def test_every_rule_has_a_way_out_for_events_that_cannot_be_delivered() -> None:
    rules = list(resources("AWS::Events::Rule"))
    assert all(target["DeadLetterConfig"] for rule in rules for target in rule["Properties"]["Targets"])


def test_only_our_rules_and_topic_may_write_into_the_queues() -> None:
    for policy in resources("AWS::SQS::QueuePolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Action"] == ["sqs:SendMessage"]
            assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_queues_are_encrypted_survive_the_stack_and_carry_the_names_the_daemon_reads() -> None:
    queues = list(resources("AWS::SQS::Queue"))
    settings = (ROOT / "config" / "settings.py").read_text("utf-8")
    read_by_daemon = set(re.findall(r'"(till-[a-z-]+)"', settings))
    assert read_by_daemon <= {queue["Properties"]["QueueName"] for queue in queues}
    assert all(queue["Properties"]["SqsManagedSseEnabled"] is True for queue in queues)
    assert all(queue["DeletionPolicy"] == "Retain" for queue in queues)
