"""Which CloudWatch metrics tell the load of each kind of component, and how (the names are those of AWS's pages)."""

from collections.abc import Sequence
from math import ceil

from config.scaling import DynamoDbTable, EcsService, LambdaFunction, ScaledComponent
from config.sources import MetricQuery
from daemon.scaling.load import Load
from daemon.scaling.metric_load import PERIOD_SECONDS, Measured, Values, query
from remediation.ports import Capacity

Dimensions = Sequence[tuple[str, str]]


def measured_service(settings: EcsService, group: Dimensions, *, queue: str) -> Measured:
    """Processor, and what the load balancer sees. group: dimensions of its target group; empty where there is none."""
    service = [("ClusterName", settings.cluster), ("ServiceName", settings.service)]
    queries = {"processor": query("AWS/ECS", "CPUUtilization", "Average", service)}
    return Measured({**queries, **_of_group(group), **_of_queue(settings, queue)}, _service_load)


def measured_targets(settings: ScaledComponent, group: Dimensions, *, queue: str) -> Measured:
    """What the load balancer sees of a target group."""
    return Measured({**_of_group(group), **_of_queue(settings, queue)}, _service_load)


def measured_function(settings: LambdaFunction, queue: str) -> Measured:
    """Executions at once, and those that were turned away."""
    function = [("FunctionName", settings.function)]
    alias = [*function, ("Resource", f"{settings.function}:{settings.alias}")]
    place = function if settings.alias is None else alias
    queries = {
        "concurrency": query("AWS/Lambda", "ConcurrentExecutions", "Maximum", place),
        "throttles": query("AWS/Lambda", "Throttles", "Sum", place),
        "invocations": query("AWS/Lambda", "Invocations", "Sum", place),
    }
    return Measured({**queries, **_of_queue(settings, queue)}, _function_load)


def measured_table(settings: DynamoDbTable) -> Measured:
    """Capacity units that were used, and requests that were turned away."""
    table, direction = [("TableName", settings.table)], settings.direction.title()
    return Measured(
        {
            "used": query("AWS/DynamoDB", f"Consumed{direction}CapacityUnits", "Sum", table),
            "throttles": query("AWS/DynamoDB", f"{direction}ThrottleEvents", "Sum", table),
        },
        _table_load,
    )


def _of_group(group: Dimensions) -> dict[str, MetricQuery]:
    if not group:
        return {}
    balancer = [one for one in group if one[0] == "LoadBalancer"]
    return {
        "requests": query("AWS/ApplicationELB", "RequestCount", "Sum", group),
        "seconds": query("AWS/ApplicationELB", "TargetResponseTime", "Average", group),
        "turned_away": query("AWS/ApplicationELB", "HTTPCode_ELB_503_Count", "Sum", balancer),
    }


def _of_queue(settings: ScaledComponent, queue: str) -> dict[str, MetricQuery]:
    if settings.queue_age is None:
        return {}
    return {"queue_age": query("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", [("QueueName", queue)])}


def _service_load(values: Values, capacity: Capacity | None) -> Load:
    del capacity
    requests, seconds, processor = values.get("requests"), values.get("seconds"), values.get("processor")
    rate = None if requests is None else requests / PERIOD_SECONDS
    # As many are under way as come in the time that one takes (J. D. C. Little, 1961).
    at_once = None if rate is None or seconds is None else ceil(rate * seconds)
    return Load(
        utilization=None if processor is None else processor / 100,
        queue_age_seconds=values.get("queue_age"),
        concurrency=at_once,
        in_flight=at_once,
        requests_per_second=rate,
        throttled=_counted(values, "turned_away", "requests"),
    )


def _function_load(values: Values, capacity: Capacity | None) -> Load:
    concurrency, invocations = values.get("concurrency"), values.get("invocations")
    at_once = None if concurrency is None else round(concurrency)
    serving = None if capacity is None else capacity.in_service
    throttled = _counted(values, "throttles", "invocations")
    turned_away = 0 if throttled is None else throttled
    return Load(
        utilization=None if at_once is None or not serving else at_once / serving,
        queue_age_seconds=values.get("queue_age"),
        concurrency=at_once,
        in_flight=at_once,
        requests_per_second=None if invocations is None else (invocations + turned_away) / PERIOD_SECONDS,
        throttled=throttled,
    )


def _table_load(values: Values, capacity: Capacity | None) -> Load:
    used = values.get("used")
    rate = None if used is None else used / PERIOD_SECONDS
    serving = None if capacity is None else capacity.in_service
    return Load(
        utilization=None if rate is None or not serving else rate / serving,
        requests_per_second=rate,
        throttled=_counted(values, "throttles", "used"),
    )


def _counted(values: Values, name: str, beside: str) -> int | None:
    """A count that AWS leaves out while it is zero: zero where what it is counted beside is there, else unknown."""
    found = values.get(name)
    if found is not None:
        return round(found)
    return 0 if beside in values else None
