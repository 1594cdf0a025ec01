import subprocess
import sys

ASK = """
import sys
line_by_line, at_once = sys.stdout.line_buffering, sys.stdout.write_through
print(f"line by line: {line_by_line}, piece by piece: {at_once}")
"""


def ask(*options):
    command = [sys.executable, *options, "-c", ASK]
    return subprocess.run(command, capture_output=True, text=True).stdout


print("terminal:   ", end=" ")
exec(ASK)
print("pipe:       ", ask(), end="")
print("pipe and -u:", ask("-u"), end="")
