import subprocess
import sys

PROGRAM = """
import os
print("printed before the fork")
os.fork()
"""


def times_printed(*options):
    command = [sys.executable, *options, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.count("printed before the fork")


print("through a pipe:", times_printed(), "times")
print("through a pipe, with -u:", times_printed("-u"), "time")
