"""What every plain fact is made of."""

import msgspec


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A value that never changes: equal by its members, and as cheap to make as a tuple.

    A call makes one of them for each result and each step. It refers to nothing made later, so
    it is in no cycle that the garbage collector would have to look for.
    """
