"""Puts somebody on a fraud list of the payment core until a time: block, review, or a stricter threshold."""

from collections.abc import Mapping

from remediation.ports import FraudLists, ListedValue, Look, Preflight


class FraudListAction:
    """The actions ``block.fingerprint``, ``require.review`` and ``raise.threshold``.

    Arguments: list, kind and value as the core looks them up, expires_at_ms, points, reason. A live entry of the value,
    whoever made it, is as wanted: it is neither replaced nor made longer.
    """

    def __init__(self, lists: FraudLists) -> None:
        self._lists = lists

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """See Action; refuses when the core cannot say what is listed."""
        live = await self._lists.live(_place(arguments))
        if live is not None:
            return Preflight(already_done=True)
        return Preflight(before={"place": _place(arguments)})

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """See Action."""
        await self._lists.add(
            ListedValue(
                list=arguments["list"],
                kind=arguments["kind"],
                value=arguments["value"],
                reason=arguments["reason"],
                expires_at_ms=int(arguments["expires_at_ms"]),
                points=int(arguments["points"]),
            ),
            key,
        )

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """See Action; in effect when a live entry holds the value."""
        live = await self._lists.live(_place(arguments))
        if live is None:
            return Look(in_effect=False, detail=f"{_place(arguments)} is on no list")
        return Look(in_effect=True, detail=f"entry {live.id} of {live.author} ends at {live.expires_at_ms}")

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """See Action: takes the entry off that was not there before."""
        live = await self._lists.live(before["place"])
        if live is not None:
            await self._lists.remove(live.id, key)


def _place(arguments: Mapping[str, str]) -> str:
    return f"{arguments['list']}:{arguments['kind']}:{arguments['value']}"
