"""Runs a command on a pseudo-terminal of 24 x 120 and copies what it writes to standard output; exits with its code.

SIGUSR1 presses Ctrl-C there, SIGUSR2 closes the terminal.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])

signal.signal(signal.SIGUSR1, lambda *_: os.write(terminal, b"\x03"))
signal.signal(signal.SIGUSR2, lambda *_: os.close(terminal))
try:
    while chunk := os.read(terminal, 65536):
        os.write(1, chunk)
except OSError:
    pass
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
