"""Runs modelc on a file and says how it ended: exit code or signal, time, memory, what it left."""

import os
import resource
import signal
import tempfile
import time

TIME_LIMIT = 2.0
MEMORY_LIMIT = 500_000
PATIENCE = 30.0


class Ending:
    """How one process ended."""

    def __init__(self, arguments, folder, patience=PATIENCE):
        self.arguments = arguments
        output = os.path.join(folder, ".stderr")
        start = time.monotonic()
        process = os.fork()
        if process == 0:
            os.chdir(folder)
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            text = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
            os.dup2(text, 2)
            try:
                os.execv(arguments[0], arguments)
            finally:
                os._exit(127)
        self.timed_out = False
        while True:
            done, status, usage = os.wait4(process, os.WNOHANG)
            if done:
                break
            if time.monotonic() - start > patience and not self.timed_out:
                self.timed_out = True
                os.kill(process, signal.SIGKILL)
            time.sleep(0.002)
        self.seconds = time.monotonic() - start
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        self.kilobytes = usage.ru_maxrss
        self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self.code = None if self.signal else os.WEXITSTATUS(status)
        with open(output, errors="replace") as file:
            self.message = file.read().rstrip("\n")
        os.remove(output)

    @property
    def crashed(self):
        return self.signal is not None and not self.timed_out

    @property
    def hung(self):
        return self.timed_out or self.processor_seconds > TIME_LIMIT

    @property
    def complaint(self):
        """What is wrong with this end for a file from a stranger; nil if nothing is."""
        if self.crashed:
            return f"ended by signal {self.signal}"
        if self.hung:
            return f"took {self.processor_seconds:.1f} s"
        if self.kilobytes > MEMORY_LIMIT:
            return f"took {self.kilobytes // 1000} MB"
        if self.code not in (0, 1):
            return f"exit code {self.code}"
        if self.code == 1 and (not self.message or "\n" in self.message):
            return f"not one line: {self.message!r}"
        return None


def folder():
    return tempfile.TemporaryDirectory(prefix="modelc-trust-")
