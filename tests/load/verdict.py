"""What must be true of a trial."""

from collections import Counter
from collections.abc import Iterator

from tests.load.storm import End
from tests.load.trial import EXPECTED, LONGEST_SECONDS, Steady, Stopped, Trial

#: What the service may hold more of after the load than before it: connections that are kept. A
#: leak of one call in a hundred is far more.
SLACK = 32
SLACK_MB = 64
#: The pool that reads a FHIR server has 64 threads in each of two processes, and starts them as
#: they are needed; the load before may have needed fewer.
SLACK_THREADS = 128


def faults(trial: Trial) -> list[str]:
    """Everything that is not as it must be; nothing if all is well."""
    return [*_of_load(trial.steady), *_of_stop(trial.stopped)]


def _of_load(steady: Steady) -> Iterator[str]:
    ends = {each.end for each in steady.sent} - {End.ANSWERED}
    if ends:
        yield f"every call is answered; found: {sorted(ends)}"
    odd = {each.status for each in steady.sent if each.end is End.ANSWERED} - EXPECTED
    if odd:
        yield f"the answers are 200 or 412; found: {sorted(map(str, odd))}"
    late = [each for each in steady.sent if each.seconds > LONGEST_SECONDS]
    if late:
        worst = max(each.seconds for each in late)
        slow = sum(each.taken > LONGEST_SECONDS for each in late)
        yield (
            f"every answer comes within 2 s; found: {len(late)} of {len(steady.sent):,} later, at "
            f"worst {worst:.1f} s; {slow} of them counted from when they were sent"
        )
    if steady.unrecorded:
        yield f"every answered call is in the record; found: {steady.unrecorded} missing"
    for name in ("threads", "files", "sockets"):
        more = getattr(steady.after, name) - getattr(steady.before, name)
        if more > (SLACK_THREADS if name == "threads" else SLACK):
            yield f"no {name} are leaked; found: {more} more after the load than before"
    grown = steady.after.megabytes - steady.before.megabytes
    if grown > SLACK_MB:
        yield f"memory is given back; found: {grown:.0f} MB more after the load than before"


def _of_stop(stopped: Stopped) -> Iterator[str]:
    unanswered = stopped.before - Counter({End.ANSWERED: stopped.before[End.ANSWERED]})
    if unanswered:
        yield f"every call sent before the stop is answered; found: {dict(unanswered)}"
    torn = {end: stopped.after[end] for end in (End.CUT, End.HUNG) if stopped.after[end]}
    if torn:
        yield f"a call after the stop is answered whole or turned away; found: {torn}"
    if stopped.processed_unanswered:
        yield (
            "no call is worked on and left without its answer; found: "
            f"{stopped.processed_unanswered}"
        )
    if stopped.answered_unrecorded:
        yield (
            "every call that was answered is in the record; found: "
            f"{stopped.answered_unrecorded} missing"
        )
    odd = stopped.statuses.keys() - EXPECTED
    if odd:
        yield f"the answers are 200 or 412; found: {sorted(map(str, odd))}"
    if stopped.exit_status:
        yield f"the service ends with status 0; found: {stopped.exit_status}"
