"""The evidence pages: what real orders and real requests led to, as tables.

Run `python -m tests.corpus.report` in the root of the project, with the reference material beside
it, after a change that is meant to change decisions; then read what `git diff docs/evidence` shows.
A test fails as long as the pages are not what this would write.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from tests.corpus import archive, bodies, replay
from tests.corpus.replay import Replayed

EVIDENCE: Final = Path(__file__).resolve().parents[2] / "docs" / "evidence"
MOST_FREQUENT: Final = 10

Key = TypeVar("Key")

_BODIES = """# What became of real request bodies

<!-- Written by `python -m tests.corpus.report`; a test compares it. -->

{public} bodies of order hooks (order-sign, order-select and their forerunners) from public
repositories, and {written} that the project's corpus adds: bodies in the shapes of Epic's public
tutorial, and one around laboratory results of a Belgian hospital. Each was sent to the service in
three ways, at the moment of its newest result plus one hour (without any: 23 Nov 2026):

- **as posted**: not a byte changed;
- **as order-select**: only `hook` set to `order-select`;
- **completed**: the body's own drafts in a whole `order-select` call. Where they were missing,
  `userId`, `selections` (every draft) and the prefetch were put in, the prefetch with an adult
  whose magnesium is 1.2 mg/dL. This shows that the drafts themselves, however odd, can be read.

No body led to a 5xx. Every refusal is an OperationOutcome. The {foreign} bodies whose drafts are
for another patient than the context's got no card in any way.

"""

_REPLAY = """# Real orders of the MIMIC-IV demo

<!-- Written by `python -m tests.corpus.report`; a test compares it. -->

{orders} real orders of {patients} patients, each with the magnesium, potassium and creatinine of
the seven days before it, played with the clock at the moment of the order. Each runs in two
dialects: `local` has MIMIC's own laboratory codes, mapped by a site's file (`MAGNESIA_LAB_CODES`),
`loinc` has LOINC codes beside them. **{agree} of {orders} pairs get the same answer**, uuids aside.
The corpus holds no weights (eGFR alone is used), no running orders and no problem list; a card
says so.

The Medications that the orders refer to are not in the corpus. The orders therefore run twice:
with the drug's name as the display of the reference, as Epic sends it, and as they are.

This says what the service does with orders as hospitals write them. It says nothing of whether the
orders, or the service, were right.

"""

_TERMS = """## Terms

Orders and results: MIMIC-IV Clinical Database Demo on FHIR 2.1.0 (Bennett et al., PhysioNet 2025,
doi 10.13026/c2f9-3y63), MIMIC-IV demo data in MEDS 0.0.1 (van de Water et al., PhysioNet 2025, doi
10.13026/t2y8-ea41), MIMIC-IV Clinical Database Demo (Johnson et al., doi 10.13026/07hj-2a80), under
the Open Database License 1.0. This page holds counts only.
"""


def order_bodies(shared: Path) -> str:
    """The page about the request bodies."""
    public = {way: list(bodies.played(shared, way, bodies.PUBLIC)) for way in bodies.WAYS}
    written = {way: list(bodies.played(shared, way, *bodies.WRITTEN)) for way in bodies.WAYS}
    first, added = public["as posted"], written["as posted"]
    foreign = sum(bodies.is_foreign(one.call) for one in [*first, *added])
    parts = [_BODIES.format(public=len(first), written=len(added), foreign=foreign)]
    for title, played in (("Bodies of public repositories", public), ("Added bodies", written)):
        parts.append(f"## {title}\n\n")
        for way, outcomes in played.items():
            rows = [
                (str(status), reason, str(n))
                for (status, reason), n in _most(bodies.counted(outcomes))
            ]
            parts.append(f"### {way.capitalize()}\n\n{_table(('status', 'why', 'bodies'), rows)}\n")
    return "".join(parts).rstrip() + "\n"


def mimic_replay(shared: Path) -> str:
    """The page about the real orders."""
    named = {dialect: _run(shared, dialect, named=True) for dialect in replay.DIALECTS}
    plain = {dialect: _run(shared, dialect, named=False) for dialect in replay.DIALECTS}
    orders = named["loinc"]
    agree = sum(
        replay.agree(*pair) and replay.agree(*plain_pair)
        for pair, plain_pair in zip(
            zip(*named.values(), strict=True), zip(*plain.values(), strict=True), strict=True
        )
    )
    patients = {one.call["context"]["patientId"] for one in orders}
    magnesium = [one for one in orders if one.kind == "mg-iv"]
    return "".join(
        (
            _REPLAY.format(orders=len(orders), patients=len(patients), agree=agree),
            f"## The {len(magnesium)} orders for IV magnesium, drug named\n\n",
            _magnesium(magnesium),
            "\n## How often a card is shown, drug named\n\n",
            _alerts(orders),
            "\n## How often a card is shown, drug unknown\n\n",
            "A dose that is offered beside an order whose drug cannot be read comes with the line"
            " that the order may be magnesium already.\n\n",
            _alerts(plain["loinc"]),
            f"\n## The {MOST_FREQUENT} most frequent decisions, drug named\n\n",
            _frequent(orders),
            "\n",
            _TERMS,
        )
    )


PAGES: Final = {"order-bodies.md": order_bodies, "mimic-replay.md": mimic_replay}


def _run(shared: Path, dialect: str, *, named: bool) -> list[Replayed]:
    return replay.replayed(shared, dialect, named=named)


def _magnesium(orders: list[Replayed]) -> str:
    counts = Counter(
        (
            *one.decision,
            str(one.answer.assessment.get("row", "")),
            ", ".join(one.verdicts),
            one.offer if one.answer.cards else "silent",
        )
        for one in orders
    )
    rows = [(*decision, str(n)) for decision, n in _most(counts)]
    return _table(("band", "rule", "row", "found in the draft", "offered", "orders"), rows)


def _alerts(orders: list[Replayed]) -> str:
    rows = []
    for name, found in replay.alerts(orders).items():
        share = f"{found.cards * 100 // found.orders} %"
        counts = (found.orders, found.cards)
        offered = (found.doses, found.changes, found.levels, found.warnings)
        rows.append((replay.KINDS[name], *map(str, counts), share, *map(str, offered)))
    head = ("order for", "orders", "cards", "rate")
    return _table((*head, "new dose", "changed draft", "level", "warning"), rows)


def _frequent(orders: list[Replayed]) -> str:
    counts = Counter((*one.decision, _said(one), replay.KINDS[one.kind]) for one in orders)
    rows = [(*decision, str(n)) for decision, n in _most(counts)[:MOST_FREQUENT]]
    return _table(("band", "rule", "answer", "order for", "orders"), rows)


def _said(one: Replayed) -> str:
    if one.answer.cards:
        return f"card, {one.offer}"
    return f"silent: {one.answer.assessment['silence']}"


def _most(counts: Counter[Key]) -> list[tuple[Key, int]]:
    """The most frequent first, equal ones in the order of their words."""
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write every page."""
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (EVIDENCE / name).write_text(page(archive.SHARED), encoding="utf-8")


if __name__ == "__main__":
    main()
