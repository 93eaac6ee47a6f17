"""Tokens that were used a moment ago, in memory that the worker processes of one host share.

It knows nothing of earlier starts. What it is for: a token is used once on a host also while the
file of used tokens fails, and a file that fails takes nothing away that was used before.
"""

import struct

from service.running.slate import Slate

#: Memory is taken only for what is used: 40 bytes for a token, in groups of 64.
_GROUPS = 4096
_PLACES = 64
_PLACE = struct.Struct("<32sq")
_GROUP_BYTES = _PLACES * _PLACE.size


class Recent:
    """The last tokens, 262,144 at most. It is made before the workers are forked."""

    def __init__(self, groups: int = _GROUPS) -> None:
        self._groups = groups
        self._slate = Slate(groups * _GROUP_BYTES)

    def enter(self, token: bytes, expires: int, old: int) -> bool:
        """Remember a token of 32 bytes; False if it is known. What expired before `old`, in seconds
        since 1970, is forgotten; where there is no room, what expires first is."""
        start = int.from_bytes(token[:4], "big") % self._groups * _GROUP_BYTES
        with self._slate.held() as memory:
            places = list(_PLACE.iter_unpack(memory[start : start + _GROUP_BYTES]))
            for known, until in places:
                if known == token and until >= old:
                    return False
            # An empty place has expired long ago.
            first = min(range(_PLACES), key=lambda place: places[place][1])
            _PLACE.pack_into(memory, start + first * _PLACE.size, token, expires)
            return True
