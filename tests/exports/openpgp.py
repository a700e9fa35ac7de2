"""OpenPGP messages that no program would make: without protection against changes, packed to a bomb, or damaged."""

import hashlib
import os
import zlib

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from pysequoia import Cert

_RSA, _AES256, _ZLIB = 1, 9, 2
_SESSION_KEY, _COMPRESSED, _UNPROTECTED, _LITERAL, _SUBKEY, _PROTECTED = 1, 8, 9, 11, 14, 18
_BLOCK_BYTES = 16


def message(certificate: Cert, content: bytes, *, protected: bool = True, packed: bool = False) -> bytes:
    """A message for the owner of an RSA certificate (RFC 4880). protected: with MDC; packed: compressed with zlib."""
    literal = packet(_LITERAL, b"b\x00\x00\x00\x00\x00" + content)
    if packed:
        literal = packet(_COMPRESSED, bytes([_ZLIB]) + zlib.compress(literal, 9))
    key = os.urandom(32)
    prefix = os.urandom(_BLOCK_BYTES)
    prefix += prefix[-2:]
    session = packet(_SESSION_KEY, _session_key(certificate, key))
    if protected:
        plain = prefix + literal + b"\xd3\x14"
        plain += hashlib.sha1(plain).digest()  # noqa: S324 - RFC 4880, 5.14
        return session + packet(_PROTECTED, b"\x01" + _cfb(key, bytes(_BLOCK_BYTES), plain))
    # The older packet starts anew behind its prefix (RFC 4880, 13.9).
    first = _cfb(key, bytes(_BLOCK_BYTES), prefix)
    return session + packet(_UNPROTECTED, first + _cfb(key, first[2 : 2 + _BLOCK_BYTES], literal))


def packet(tag: int, body: bytes) -> bytes:
    """One packet with a length of five octets (RFC 4880, 4.2.2.3)."""
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def _session_key(certificate: Cert, key: bytes) -> bytes:
    subkey = _encryption_subkey(bytes(certificate))
    fingerprint = hashlib.sha1(b"\x99" + len(subkey).to_bytes(2, "big") + subkey).digest()  # noqa: S324 - RFC 4880, 12.2
    modulus, rest = _number(subkey[6:])
    exponent, _ = _number(rest)
    clear = bytes([_AES256]) + key + (sum(key) % 65_536).to_bytes(2, "big")
    sealed = RSAPublicNumbers(exponent, modulus).public_key().encrypt(clear, PKCS1v15())
    length = int.from_bytes(sealed, "big").bit_length()
    return b"\x03" + fingerprint[-8:] + bytes([_RSA]) + length.to_bytes(2, "big") + sealed.lstrip(b"\x00")


def _encryption_subkey(certificate: bytes) -> bytes:
    """The subkey whose binding is the shorter one: that of a subkey for signing has a signature of its own in it."""
    packets, place = list[tuple[int, bytes]](), 0
    while place < len(certificate):
        tag, length, head = certificate[place] & 0x3F, certificate[place + 1], 2
        if length == 0xFF:
            length, head = int.from_bytes(certificate[place + 2 : place + 6], "big"), 6
        elif length >= 0xC0:
            length, head = ((length - 0xC0) << 8) + certificate[place + 2] + 0xC0, 3
        packets.append((tag, certificate[place + head : place + head + length]))
        place += head + length
    bound = [(len(packets[at + 1][1]), body) for at, (tag, body) in enumerate(packets) if tag == _SUBKEY]
    return min(bound)[1]


def _number(content: bytes) -> tuple[int, bytes]:
    size = (int.from_bytes(content[:2], "big") + 7) // 8
    return int.from_bytes(content[2 : 2 + size], "big"), content[2 + size :]


def _cfb(key: bytes, start: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(AES(key), CFB(start)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()
