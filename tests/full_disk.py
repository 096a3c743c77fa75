"""A disk that is full when we say so, for one program and all that it starts.

    with Disk() as disk:
        subprocess.Popen(disk.under(command), **disk.handed)
        disk.hold()
        disk.full.set()

The kernel asks us about each write that could make a file longer (seccomp's user
notification; nothing is mounted, compiled or installed, and nobody needs to be root).
While the disk is full those that would are answered "No space left on device", as a
file system does; what fits into the file as it is goes through.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import threading

from ops.place import BASE

FILTER, LISTEN, NO_NEW_PRIVILEGES = 1, 8, 38
RECEIVE, ANSWER = 0xC0502100, 0xC0182101
GO_ON = 1
ASK, ALLOW = 0x7FC00000, 0x7FFF0000
QUESTION = struct.Struct("=QIIiIQ6Q")  # id, pid, flags; number, machine, where, args
REPLY = struct.Struct("=QqiI")  # id, value, error, flags
STEP = struct.Struct("=HBBI")  # one instruction of the filter
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06


class Calls:
    """What a machine calls what we ask about."""

    def __init__(self, machine, seccomp, pwrite64, pwritev, pwritev2, fallocate):
        self.machine, self.seccomp = machine, seccomp
        self.pwrite64, self.fallocate = pwrite64, fallocate
        self.asked = (pwrite64, pwritev, pwritev2, fallocate)

    def end(self, number: int, args: tuple) -> int:
        """How long the file is after it, at the least."""
        if number == self.pwrite64:
            return args[3] + args[2]
        if number == self.fallocate:
            return args[2] + args[3]
        return args[3] + 1  # pwritev: how much it writes stands elsewhere


CALLS = {
    "x86_64": Calls(0xC000003E, 317, 18, 296, 328, 285),
    "aarch64": Calls(0xC00000B7, 277, 68, 70, 287, 47),
}
calls = CALLS.get(platform.machine()) if sys.platform == "linux" else None
libc = ctypes.CDLL(None, use_errno=True)


def listen() -> int:
    """From now on we, and whoever we start, are asked about; where to listen."""
    count = len(calls.asked)
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, count + 2, calls.machine), (LOAD, 0, 0, 0)]
    for index, number in enumerate(calls.asked):
        steps.append((EQUAL, count - index, 0, number))
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ASK)]
    code = ctypes.create_string_buffer(b"".join(STEP.pack(*step) for step in steps))
    program = struct.pack("HP", len(steps), ctypes.addressof(code))
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    found = libc.syscall(calls.seccomp, FILTER, LISTEN, program)
    if found < 0:
        raise OSError(ctypes.get_errno(), "seccomp gives us no listener")
    return found


def can_be_asked() -> bool:
    """Whether this kernel lets us; some containers forbid it."""
    if not calls:
        return False
    tried = [sys.executable, "-c", "from tests import full_disk; full_disk.listen()"]
    done = subprocess.run(tried, cwd=BASE, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


class Disk:
    def __init__(self):
        self.full, self.ended = threading.Event(), threading.Event()
        self.refused = 0
        self.ours, self.theirs = socket.socketpair()
        self.thread = threading.Thread(target=self._answer_all)

    def under(self, command: list) -> list:
        number = str(self.theirs.fileno())
        return [sys.executable, "-m", "tests.full_disk", number, *command]

    @property
    def handed(self) -> dict:
        """For Popen."""
        return {"pass_fds": [self.theirs.fileno()]}

    def __enter__(self) -> Disk:
        return self

    def hold(self) -> None:
        """Once the command is started, and until the end: it writes as we answer."""
        self.theirs.close()
        _, found, _, _ = socket.recv_fds(self.ours, 1, 1)
        if not found:
            raise RuntimeError("the kernel gives no listener; the command said why")
        [self.listener] = found
        self.thread.start()

    def __exit__(self, *error) -> None:
        self.ended.set()
        if self.thread.ident:
            self.thread.join()
            os.close(self.listener)
        self.ours.close()
        self.theirs.close()

    def _answer_all(self) -> None:
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        while not self.ended.is_set():
            for _, event in poll.poll(500):
                if event & select.POLLHUP:  # all of them have ended
                    return
                self._answer()

    def _answer(self) -> None:
        question = bytearray(QUESTION.size)
        try:
            fcntl.ioctl(self.listener, RECEIVE, question)
            told, pid, _, number, _, _, *args = QUESTION.unpack(question)
            if self.full.is_set() and grows(pid, number, args):
                self.refused += 1
                reply = REPLY.pack(told, 0, -errno.ENOSPC, 0)
            else:
                reply = REPLY.pack(told, 0, 0, GO_ON)
            fcntl.ioctl(self.listener, ANSWER, reply)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EINTR):  # who asked was killed
                raise


def grows(pid: int, number: int, args: list) -> bool:
    try:
        # Whose files are looked at only they may see, root in a container included;
        # this changes who this thread alone is.
        owner = os.stat(f"/proc/{pid}")
        libc.setfsgid(owner.st_gid)
        libc.setfsuid(owner.st_uid)
        file = os.stat(f"/proc/{pid}/fd/{args[0] & 0xFFFFFFFF}")
    except FileNotFoundError:
        return False
    return calls.end(number, args) > file.st_size


def main(number: str, *command: str) -> None:
    with socket.socket(fileno=int(number)) as line:
        socket.send_fds(line, [b"."], [listen()])
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
