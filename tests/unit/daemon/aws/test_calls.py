"""Lists of AWS are read to their end or not believed."""

from typing import Any

import pytest

from daemon.aws.calls import MARKER, listed
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable
from tests.unit.daemon.environments.scripted import Answer, ScriptedAws


def endless(asked: dict[str, Any]) -> dict[str, Any]:
    page = int(asked.get("NextToken", "0"))
    return {"Summaries": [{"ChangeSetName": asked["StackName"]}], "NextToken": str(page + 1)}


async def test_every_page_is_asked_for_with_what_the_one_before_it_named() -> None:
    one, two, three = {"Version": "1"}, {"Version": "2"}, {"Version": "3"}
    pages: list[Answer] = [{"Versions": [one, two], "NextMarker": "b"}, {"NextMarker": "c"}, {"Versions": [three]}]
    aws = ScriptedAws(list_versions=pages)
    found = await listed(aws, "list_versions", "Versions", pages_max=3, named=MARKER, FunctionName="f")
    assert found == [one, two, three]
    assert [asked for _, asked in aws.asked] == [
        {"FunctionName": "f"},
        {"FunctionName": "f", "Marker": "b"},
        {"FunctionName": "f", "Marker": "c"},
    ]


async def test_what_goes_on_after_the_last_page_that_is_read_is_refused_and_not_taken_for_all() -> None:
    aws = ScriptedAws(list_change_sets=endless)
    with pytest.raises(WorldRefused, match="list_change_sets of green goes on after 4 pages"):
        await listed(aws, "list_change_sets", "Summaries", pages_max=4, StackName="green")
    assert len(aws.asked) == 4


async def test_a_page_that_is_throttled_makes_the_list_unknown() -> None:
    aws = ScriptedAws(list_change_sets=[{"Summaries": [{}], "NextToken": "1"}, AwsFailed("Throttling", retryable=True)])
    with pytest.raises(WorldUnreachable):
        await listed(aws, "list_change_sets", "Summaries", pages_max=4, StackName="green")
