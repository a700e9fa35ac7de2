"""What was opened about telling the outside, for whoever composes it or asks it."""

from collections.abc import Callable
from dataclasses import dataclass

from config.public.reading import Public
from daemon.public.desk import PublicDesk
from daemon.public.proposing import Proposer
from daemon.public.sending import LetterSender
from daemon.status_page.publisher import StatusPublisher


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicParts:
    """public: by which the outside is told at this moment. follow: has it told by another one from now on.

    proposer writes what is due; sender hands letters over; desk is what people ask; page: None where none is kept.
    """

    desk: PublicDesk
    proposer: Proposer
    sender: LetterSender
    page: StatusPublisher | None
    public: Callable[[], Public]
    follow: Callable[[Public], None]
