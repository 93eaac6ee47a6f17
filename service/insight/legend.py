"""What the names of the rules stand for, from the protocol in use."""

from collections.abc import Mapping

from hooks.protocol.model import Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import fill


def legend(protocol: Protocol) -> Mapping[str, str]:
    """A phrase for each gate and row. A card under a gate was shown because its answer was no."""
    document = protocol.document
    gates = {gate.id: f"{fill(gate.asks, protocol.words)} No." for gate in document.gates}
    rows = {}
    for row in document.rows:
        band = document.words.bands[row.band]
        if row.tier:
            tier = fill(document.words.tiers[Tier(row.tier)], protocol.words)
            rows[row.id] = f"{band.capitalize()}; renal function {tier}"
        else:
            rows[row.id] = band.capitalize()
    return {**gates, **rows}
