"""A protocol in one line: which it is, how much it holds, and how fast it goes."""

from hooks.protocol.document import Document
from hooks.protocol.notation import both, recheck, statements
from hooks.protocol.protocol import Protocol


def summary(protocol: Protocol) -> str:
    """The protocol in one line: which it is, how much it holds, and how fast it goes."""
    document = protocol.document
    rates = [dosing.rate for _, _, dosing in document.dosings()]
    fastest = rates[0]
    for rate in rates[1:]:
        fastest = rate if rate.exceeds(fastest) else fastest
    return (
        f"{title(protocol)}; {len(document.bands)} bands, {len(document.rows)} rows with"
        f" {len(rates)} doses, the fastest {fastest} ({both(fastest)}), ceiling"
        f" {document.rate.ceiling.value}; repeat level {recheck(document)} after the dose."
        f"{_answers(document)}"
    )


def title(protocol: Protocol) -> str:
    """Which protocol it is: its label, version, status, and the digest of what it says."""
    head = protocol.document.protocol
    return f"{head.label} {head.version} ({head.status}, digest {protocol.digest})"


def _answers(document: Document) -> str:
    named = ", ".join(name for name, _ in statements(document))
    return f" Beyond the bounds of the service, by the site's own word: {named}." if named else ""
