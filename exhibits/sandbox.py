"""What a script may see, change and use, where this system has bubblewrap (Linux).

A script sees its interpreter, the system's libraries, itself, and a folder that is in memory, of
limited size and gone with the script. It sees no other process, no network but its own, and
nothing of the builder's; it can change nothing else, and the system ends all that it starts.
"""

import errno
import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
BASIC = (
    *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"),
)
# Linux limits how many tasks a user has, except root. So root makes each script a user of its own,
# with a number that belongs to nobody; for anybody else, a sandbox has users of its own. Two at a
# time with one number would have that many tasks together: who has it holds a socket of its name.
NOBODYS = range(61_200, 65_200)
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@cache
def possible() -> bool:
    """Whether bubblewrap is here, and this system lets it make a sandbox."""
    if not shutil.which("bwrap"):
        return False
    trial = (*BASIC, *_users(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")
    return subprocess.run(["bwrap", *trial], capture_output=True).returncode == 0


@cache
def _may_become_others() -> bool:
    """Whether this is root, and not one who is root only in a container with few users."""
    if os.geteuid() != 0:
        return False
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    mapped = (map(int, line.split()) for line in lines)
    return any(first <= NOBODYS[0] and NOBODYS[-1] < first + n for first, _, n in mapped)


def _users() -> tuple[str, ...]:
    if _may_become_others():
        return ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    return ("--unshare-user",)


def command(
    installation: Installation,
    bytecode: Path,
    script: Path,
    source: int,
    report: int,
    disk: int,
    tasks: int,
    user: int,
) -> list[str | Path]:
    """What starts an interpreter with `script`, below SCRATCH, in a sandbox.

    `source` is a file descriptor to read the script from, `report` one that `first_process` writes
    to; the script may store `disk` bytes, and have as many processes and threads as `tasks`. It
    runs as the user of that number, from `own_user`.
    """
    size = ("--perms", "0777", "--size", str(disk), "--tmpfs")
    shown = [part for path in SYSTEM for part in _shown("--ro-bind-try", path)]
    shown += [part for path in installation.places for part in _shown("--ro-bind", path)]
    return [
        *(shutil.which("bwrap") or "bwrap", *BASIC, *_users()),
        *(*shown, "--ro-bind", bytecode, BYTECODE),
        *("--proc", "/proc", "--dev", "/dev", *size, "/dev/shm", "--remount-ro", "/dev"),
        *(*size, SCRATCH, "--perms", "0777", "--dir", SCRATCH / "tmp"),
        *("--perms", "0777", "--dir", script.parent, "--file", str(source), script),
        *("--remount-ro", "/", "--chdir", script.parent, "--"),
        *(installation.executable, "-IS", "-c", FIRST_PROCESS, str(report), str(tasks), str(user)),
        *(installation.executable, script),
    ]


@contextmanager
def own_user() -> Iterator[int]:
    """The number of a user that no other script on this machine has meanwhile; 0 where not needed.

    Raises OSError where all are taken, or the system refuses sockets. Machines that share users
    but no network, such as containers, do not see each other's sockets: there, chance keeps two
    from one number.
    """
    if not _may_become_others():
        yield 0
        return
    with socket.socket(socket.AF_UNIX) as held:
        yield _first_free(held)


def _first_free(held: socket.socket) -> int:
    for number in random.sample(NOBODYS, len(NOBODYS)):
        try:
            held.bind(f"\0exhibits-user-{number}")  # in no folder, and gone with it: unix(7)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return number
    raise OSError(f"each of the users {NOBODYS[0]} to {NOBODYS[-1]} has a script that runs")


def _shown(how: str, path: str) -> list[str | Path]:
    """Show a path of this machine, below folders that everybody may enter."""
    above = reversed(Path(path).parents[:-1])
    return [*(part for folder in above for part in ("--dir", folder)), how, path, path]


def child_of(process: int) -> int | None:
    """What bubblewrap, or the first process in a sandbox, has started; None if it has ended."""
    with suppress(OSError, ValueError):
        child, *_ = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return int(child)
    return None


def members(first: int) -> list[Path]:
    """Each process in a sandbox but its `first`, as a folder of /proc."""
    try:
        inside = list(Path(f"/proc/{first}/root/proc").iterdir())
    except OSError:  # it has ended
        return []
    return [process for process in inside if process.name.isdigit() and process.name != "1"]


def usage(process: Path) -> tuple[int, int]:
    """Bytes in memory, and threads, of a process; nothing of one that has ended."""
    try:
        facts = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return 0, 0
    return int(facts[21]) * PAGE, int(facts[17])  # proc(5)
