"""The protocol that a pharmacist can read and replace, and the decision made by it."""

from hooks.protocol.protocol import Protocol, load, parse

__all__ = ["Protocol", "load", "parse"]
