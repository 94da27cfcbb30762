"""A reading child -> one that dies with its parent, dumps no core and reaches nothing outside.

Best effort, on top of the limits that the parent enforces: where the kernel or the machine is
not one we know, the child goes on without the filter and says so.
"""

import contextlib
import ctypes
import faulthandler
import os
import platform
import resource
import signal
from collections.abc import Iterator
from dataclasses import dataclass

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2

# linux/bpf_common.h, linux/seccomp.h
LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, DENY_EPERM = 0x7FFF0000, 0x00050001
AT_NUMBER, AT_ARCH, AT_ARGUMENTS = 0, 4, 16
X32_BIT = 0x40000000  # the second numbering of x86-64 would pass by the table
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The system call numbers of one architecture (linux `unistd.h`).

    Attributes:
        audit: AUDIT_ARCH number; denied: calls never allowed; own_pid: calls allowed on the
            child itself only; opening: call -> which argument carries the open flags.
    """

    audit: int
    denied: tuple[int, ...]
    own_pid: tuple[int, ...]
    opening: tuple[tuple[int, int], ...]


# In this order: socket socketpair connect bind listen sendto, clone (fork vfork) execve execveat
# clone3, ptrace process_vm_readv process_vm_writev pidfd_getfd pidfd_open pidfd_send_signal,
# tkill rt_sigqueueinfo, unshare setns bpf perf_event_open userfaultfd io_uring_setup,
# truncate unlink* rename* mkdir* openat2.
MACHINES = {
    "x86_64": Machine(
        audit=0xC000003E,
        denied=(
            *(41, 53, 42, 49, 50, 44, 56, 57, 58, 59, 322, 435, 101, 310, 311, 438, 434, 424),
            *(200, 129, 272, 308, 321, 298, 323, 425, 76, 87, 263, 82, 264, 316, 83, 258, 437),
        ),
        own_pid=(62, 234),
        opening=((2, 1), (257, 2)),
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        denied=(
            *(198, 199, 203, 200, 201, 206, 220, 221, 281, 435, 117, 270, 271, 438, 434, 424),
            *(130, 138, 97, 268, 280, 241, 282, 425, 45, 35, 38, 276, 34, 437),
        ),
        own_pid=(129, 131),
        opening=((56, 2),),
    ),
}


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("when_true", ctypes.c_uint8),
        ("when_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def tie_to_parent(parent: int) -> None:
    """Die when the parent's thread that started us ends, and leave no core behind.

    `parent` is the process id it had when it started us: if it is gone by now, nobody would
    ever kill us, so end at once.
    """
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    with contextlib.suppress(OSError):
        os.nice(5)


def cut_off() -> bool:
    """Forbid sockets, new processes, signals to others and writing files; say if it worked."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    program = [_Instruction(*step) for step in _filter(machine, os.getpid())]
    steps = (_Instruction * len(program))(*program)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    whole = ctypes.byref(_Program(len(program), steps))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, whole, 0, 0) == 0)


def _filter(machine: Machine, pid: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (code, jump if true, jump if false, operand); jumps count from the next step."""
    deny = (RETURN, 0, 0, DENY_EPERM)
    yield from ((LOAD, 0, 0, AT_ARCH), (EQUALS, 1, 0, machine.audit), deny)
    yield from ((LOAD, 0, 0, AT_NUMBER), (AT_LEAST, 0, 1, X32_BIT), deny)
    for number in machine.denied:
        yield from ((EQUALS, 0, 1, number), deny)
    allow = (RETURN, 0, 0, ALLOW)
    for number in machine.own_pid:
        yield (EQUALS, 0, 4, number)
        yield from ((LOAD, 0, 0, AT_ARGUMENTS), (EQUALS, 0, 1, pid), allow, deny)
    for number, argument in machine.opening:
        yield (EQUALS, 0, 4, number)
        yield from ((LOAD, 0, 0, AT_ARGUMENTS + 8 * argument), (ANY_BIT, 1, 0, WRITING))
        yield from (allow, deny)
    yield allow
