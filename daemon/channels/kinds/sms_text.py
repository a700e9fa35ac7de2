"""Text messages: what is written in 140 bytes, in the alphabet of GSM or in UCS-2, over as many messages as allowed."""

from daemon.channels.cutting import cut_to, in_one_line
from remediation.escalation.notices import Notice

SEPTETS, SEPTETS_JOINED = 160, 153
"""140 bytes of seven bits each, and where several messages are one: six bytes say which is which (3GPP TS 23.040)."""
UNITS, UNITS_JOINED = 70, 67
"""The same in UCS-2, in units of 16 bits."""
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, 6.2.1."""
_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Two septets each; 6.2.1.1."""
_PLAIN = str.maketrans(
    {
        "\N{MIDDLE DOT}": ",",
        "\N{BULLET}": "*",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{NO-BREAK SPACE}": " ",
        "\t": " ",
    }
)
"""One of these would make every letter of a message twice as long."""


def messages_of(text: str) -> int:
    """How many messages of 140 bytes it takes."""
    septets = _septets(text)
    if septets is not None:
        return 1 if septets <= SEPTETS else -(-septets // SEPTETS_JOINED)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= UNITS else -(-units // UNITS_JOINED)


def sms_of(notice: Notice, messages_max: int) -> str:
    """The title, as much of the first line as fits, and always the key, so that one told twice is known by it."""
    tail = f" {notice.dedup_key}"
    first = notice.body.partition("\n")[0]
    head = _plain(f"{notice.title}: {first}" if first and notice.kind == "trigger" else notice.title)
    return cut_to(head, lambda some: messages_of(some + tail) <= messages_max) + tail


def _plain(text: str) -> str:
    kept = in_one_line(text.translate(_PLAIN)).encode("utf-16-be", "replace").decode("utf-16-be")
    return " ".join(kept.split())


def _septets(text: str) -> int | None:
    """None when a letter of it is in neither table."""
    count = 0
    for letter in text:
        if letter in _BASIC:
            count += 1
        elif letter in _EXTENDED:
            count += 2
        else:
            return None
    return count
