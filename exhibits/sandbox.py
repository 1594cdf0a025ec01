"""What a script may see, change and use, where this system has bubblewrap (Linux).

A script sees its interpreter, the system's libraries, itself, and a folder that is in memory, of
limited size and gone with the script. It sees no other process, no network but its own, and
nothing of the builder's; it can change nothing else, and the system ends all that it starts.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from exhibits.interpreters import Installation

FIRST_PROCESS = Path(__file__).with_name("first_process.py").read_text("utf-8")
# Where a script finds its own folder, and the modules that are compiled already.
SCRATCH = Path("/exhibit")
BYTECODE = Path("/bytecode")
# The system's libraries, and what they need to find one another, users and localhost.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/etc/ld.so.cache", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf"),
)
BASIC = ("--unshare-all", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@cache
def possible() -> bool:
    """Whether bubblewrap is here, and this system lets it make a sandbox."""
    trial = (*BASIC, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")
    try:
        return subprocess.run([_bubblewrap(), *trial], capture_output=True).returncode == 0
    except OSError:
        return False


def _bubblewrap() -> str:
    return shutil.which("bwrap") or "bwrap"


def command(
    installation: Installation, bytecode: Path, script: Path, source: int, report: int, disk: int
) -> list[str | Path]:
    """What starts an interpreter with `script`, below SCRATCH, in a sandbox.

    `source` is a file descriptor to read the script from, `report` one that `first_process` writes
    to, and `disk` how many bytes the script may store.
    """
    size = ("--size", str(disk), "--tmpfs")
    shown: list[str | Path] = [part for path in SYSTEM for part in ("--ro-bind-try", path, path)]
    shown += [part for path in installation.places for part in ("--ro-bind", path, path)]
    return [
        *(_bubblewrap(), *BASIC),
        *(*shown, "--ro-bind", bytecode, BYTECODE),
        *("--proc", "/proc", "--dev", "/dev", *size, "/dev/shm", "--remount-ro", "/dev"),
        *(*size, SCRATCH, "--dir", SCRATCH / "tmp", "--file", str(source), script),
        *("--remount-ro", "/", "--chdir", script.parent, "--"),
        *(installation.executable, "-IS", "-c", FIRST_PROCESS, str(report)),
        *(installation.executable, script),
    ]


def child_of(process: int) -> int | None:
    """What bubblewrap, or the first process in a sandbox, has started; None if it has ended."""
    with suppress(OSError, ValueError):
        child, *_ = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return int(child)
    return None


def members(first: int) -> Iterator[tuple[int, int]]:
    """Bytes in memory, and threads, of each process in a sandbox but its `first`."""
    inside = Path(f"/proc/{first}/root/proc")
    with suppress(OSError):
        for process in inside.iterdir():
            if process.name.isdigit() and process.name != "1":
                with suppress(OSError, IndexError):  # it has ended since
                    facts = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2]
                    threads, memory = (int(facts.split()[n]) for n in (17, 21))  # proc(5)
                    yield memory * PAGE, threads
