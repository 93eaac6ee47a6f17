"""The table of settings in docs/operate.md: `make docs` writes it, a test reads it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operate.md"
BEGIN = "<!-- settings: written by `make docs` -->\n"
END = "<!-- end of settings -->\n"


def printed() -> str:
    """What the command prints, in a process in which no test has changed a default."""
    magnesia = Path(sys.executable).with_name("magnesia")
    return subprocess.run(
        [magnesia, "settings", "--format", "markdown"],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def held() -> str:
    """What the page holds between the marks."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Put the table between the marks."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{PAGE} has lost the marks between which the table stands.")
    PAGE.write_text(f"{before}{begin}{printed()}{end}{after}")


if __name__ == "__main__":
    write()
