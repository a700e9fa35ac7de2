"""What the outside is told by at this moment."""

from config.public.reading import Public


class CurrentPublic:
    """A reload puts another one in its place; what was proposed stays as it was."""

    def __init__(self, public: Public) -> None:
        self._public = public

    def value(self) -> Public:
        """At this moment."""
        return self._public

    def follow(self, public: Public) -> None:
        """From now on."""
        self._public = public
