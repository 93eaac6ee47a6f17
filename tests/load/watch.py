"""What the processes of a service hold: threads, open files and sockets, memory."""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.durability.site import Site


@dataclass(frozen=True)
class Held:
    """All processes together."""

    processes: int
    threads: int
    files: int
    sockets: int
    megabytes: float


def held(site: Site) -> Held:
    """What the processes of the site hold now."""
    pids = site.processes()
    opened = [target for pid in pids for target in _opened(pid)]
    return Held(
        len(pids),
        sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
        len(opened),
        sum(target.startswith("socket:") for target in opened),
        sum(_resident(pid) for pid in pids),
    )


class Watch:
    """The most of each that was held at any time of a block."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._end = threading.Event()
        self._seen: list[Held] = []
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    @property
    def most(self) -> Held:
        """The peaks, each by itself."""
        return Held(
            max(each.processes for each in self._seen),
            max(each.threads for each in self._seen),
            max(each.files for each in self._seen),
            max(each.sockets for each in self._seen),
            max(each.megabytes for each in self._seen),
        )

    def _look(self) -> None:
        while True:
            self._seen.append(held(self._site))
            if self._end.wait(0.5):
                return


def _opened(pid: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        # It may have been closed since the directory was read.
        with suppress(FileNotFoundError):
            found.append(str(link.readlink()))
    return found


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
