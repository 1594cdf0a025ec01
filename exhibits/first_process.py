"""The first process in a script's sandbox: starts the script, and reports how it ended.

Executed by the interpreter that is to execute the script, as `python -IS -c <this> REPORT COMMAND`.
REPORT is a file descriptor, to which it writes `began SECONDS`, by time.monotonic(), and then
`ended STATUS`, as os.wait() gives it. All that the script leaves behind becomes its child; when
nothing is left, or when it is killed, the system ends everything in the sandbox.
"""

import os
import sys
import time
from signal import SIG_DFL, SIGINT, SIGPIPE, SIGXFSZ, signal

report, command = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(report, False)
signal(SIGINT, SIG_DFL)  # as the first process: no signal from the script ends it
score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
os.write(score, b"1000")  # where memory runs out, end this first
os.close(score)
began = time.monotonic()
script = os.posix_spawn(
    command[0], command, os.environ, setsid=True, setsigdef=[SIGINT, SIGPIPE, SIGXFSZ]
)
os.write(report, b"began %r\n" % began)
while True:
    try:
        process, status = os.wait()
    except ChildProcessError:
        break
    if process == script:
        os.write(report, b"ended %d\n" % status)
