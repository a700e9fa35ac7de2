"""Text as it is kept here, where nothing said and nothing there are the same."""


def text(said: str | None) -> str:
    """What the export says; empty where it says nothing."""
    return "" if said is None else said
