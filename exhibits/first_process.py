"""The first process in a script's sandbox: starts the script, and reports how it ended.

Executed by the interpreter that is to execute the script, as
`python -IS -c <this> REPORT TASKS USER COMMAND`. REPORT is a file descriptor, to which it writes
`began SECONDS`, by time.monotonic(), and then `ended STATUS`, as os.wait() gives it. TASKS is how
many processes and threads there may be, which the system counts for each user: USER is the one to
become, or 0 in a sandbox that has users of its own. There the script is the same user as this
process, which therefore hides all of itself: nobody else writes its report. All that the script
leaves behind becomes a child of this process; with its end, the system ends everything in the
sandbox.
"""

import os
import resource
import sys
import time
from signal import SIG_DFL, SIGINT, SIGPIPE, SIGXFSZ, signal

report, tasks, user = map(int, sys.argv[1:4])
command = sys.argv[4:]
os.set_inheritable(report, False)
score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
os.write(score, b"1000")  # where memory runs out, end this first
os.close(score)
for number in (SIGINT, SIGPIPE, SIGXFSZ):  # which Python has changed
    signal(number, SIG_DFL)
if not user:
    import ctypes

    PR_SET_DUMPABLE = 4  # prctl(2); the script is so again after its execv
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        sys.exit("the first process could not hide its report from the script")
began = time.monotonic()
script = os.fork()
if script == 0:
    os.setsid()
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    resource.setrlimit(resource.RLIMIT_NPROC, (tasks, tasks))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(command[0], command)
os.write(report, b"began %r\n" % began)
while True:
    try:
        process, status = os.wait()
    except ChildProcessError:
        break
    if process == script:
        os.write(report, b"ended %d\n" % status)
