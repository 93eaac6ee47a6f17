"""What every plain fact is made of.

There are three kinds of records. What a file or a request writes is checked by a pydantic model;
what a call makes, once or a hundred times, is a Fact; what only the start or a command makes may
be a frozen dataclass.
"""

import msgspec


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A value that never changes: equal by its members, and as cheap to make as a tuple.

    A call makes one of them for each result and each step. It refers to nothing made later, so
    it is in no cycle that the garbage collector would have to look for.
    """
