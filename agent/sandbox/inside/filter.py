"""Write the seccomp filter under which hostile programs run: BPF by hand, x86-64 and AArch64."""

from __future__ import annotations

import errno
import struct

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# System call numbers: x86-64, AArch64; None where an architecture lacks the call.
REFUSED = (
    # mounts and namespaces
    (165, 40), (166, 39), (155, 41), (161, 51), (272, 97), (308, 268),
    (428, 428), (429, 429), (430, 430), (431, 431), (432, 432), (433, 433), (442, 442), (467, 467),
    # other processes: ptrace, process_vm_*, kcmp, pidfd_getfd, process_madvise, move_pages, migrate_pages
    (101, 117), (310, 270), (311, 271), (312, 272), (438, 438), (440, 440), (279, 239), (256, 238),
    # kernel programs and events: bpf, perf_event_open, userfaultfd, io_uring, fanotify, lookup_dcookie
    (321, 280), (298, 241), (323, 282), (425, 425), (426, 426), (427, 427), (300, 262), (301, 263), (212, 18),
    # keys: add_key, request_key, keyctl
    (248, 217), (249, 218), (250, 219),
    # kernel images, modules, swap, accounting, quotas, reboot
    (246, 104), (320, 294), (175, 105), (313, 273), (176, 106), (174, None), (177, None), (178, None),
    (167, 224), (168, 225), (163, 89), (179, 60), (443, 443), (169, 142), (180, 42),
    # clocks, names, log, terminals, ports: settimeofday, clock_settime, clock_adjtime, adjtimex, …
    (164, 170), (227, 112), (305, 266), (159, 171), (170, 161), (171, 162), (103, 116), (153, 58),
    (172, None), (173, None), (154, None), (156, None), (134, None),
    # files by handle
    (303, 264), (304, 265),
)  # fmt: skip

ABSENT = (
    # clone3, whose flags lie in memory; memory and queues that outlive or hide from their processes:
    # memfd_create, memfd_secret, shmget, shmat, shmctl, msgget, semget, mq_open
    (435, 435), (319, 279), (447, 447), (29, 194), (30, 196), (31, 195), (68, 186), (64, 190), (240, 180),
)  # fmt: skip

FEIGNED = (
    # metadata by path or descriptor, which Landlock does not guard: chmod, chown, utime, *xattr and their kin
    (90, None), (91, 52), (268, 53), (452, 452), (92, None), (93, 55), (94, None), (260, 54),
    (132, None), (235, None), (261, None), (280, 88), (188, 5), (189, 6), (190, 7), (197, 14), (198, 15), (199, 16),
    (463, 463), (466, 466), (469, 469),
)  # fmt: skip

ONLY_SELF = (
    # prlimit64, sched_setaffinity, sched_setscheduler, sched_setparam, sched_setattr: their first argument
    # names a process, 0 being the caller
    (302, 261, 0), (203, 122, 0), (144, 119, 0), (142, 118, 0), (314, 274, 0),
    # setpriority, ioprio_set: the second argument
    (141, 140, 1), (251, 30, 1),
)  # fmt: skip

CLONE = (56, 220)
IOCTL = (16, 29)
SOCKET, SOCKETPAIR = (41, 198), (53, 199)

NEW_NAMESPACES = (
    0x00000080 | 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
)
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
SUCCESS = 0
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16


def filter_program(machine: str, sockets: bool = True, feign: bool = False) -> bytes:
    """The filter for `machine`, 8 bytes an instruction. Without `sockets`, only socketpair() makes one.

    With `feign`, changes of modes, owners, times and attributes are said to succeed and not made.

    Raises KeyError where the machine's system call numbers are unknown. The kernel sees each 64-bit argument
    in full, but flags, commands and families are 32-bit, so that their low half is what counts.
    """
    column = list(ARCHITECTURES).index(machine) if machine in ARCHITECTURES else None
    if column is None:
        raise KeyError(machine)
    program = [
        _step(LOAD, ARCHITECTURE_OFFSET),
        _step(JUMP_EQUAL, ARCHITECTURES[machine], 1, 0),
        _refuse(errno.ENOSYS),
        _step(LOAD, NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        program += [_step(JUMP_AT_LEAST, 0x40000000, 0, 1), _refuse(errno.ENOSYS)]
    feigned = FEIGNED if feign else ()
    for refused, number in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS), (feigned, SUCCESS)):
        for pair in refused:
            call = pair[column]
            if call is not None:
                program += [_step(JUMP_EQUAL, call, 0, 1), _refuse(number)]
    for triple in ONLY_SELF:
        program += _on(triple[column], triple[2], [_step(JUMP_EQUAL, 0, 1, 0), _refuse(errno.EPERM)])
    program += _on(CLONE[column], 0, [_step(JUMP_ANY_BIT, NEW_NAMESPACES, 0, 1), _refuse(errno.EPERM)])
    for command in (TIOCSTI, TIOCLINUX):
        program += _on(IOCTL[column], 1, [_step(JUMP_EQUAL, command, 0, 1), _refuse(errno.EPERM)])
    families = (AF_UNIX, AF_INET, AF_INET6) if sockets else ()
    program += _on(SOCKET[column], 0, _one_of(families))
    program += _on(SOCKETPAIR[column], 0, _one_of((AF_UNIX,)))
    return b"".join([*program, _step(RETURN, ALLOW)])


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)


def _refuse(number: int) -> bytes:
    return _step(RETURN, REFUSE | number)


def _one_of(families: tuple[int, ...]) -> list[bytes]:
    """Refuse unless the accumulator holds one of `families`."""
    tests = [
        _step(JUMP_EQUAL, family, len(families) - position, 0) for position, family in enumerate(families)
    ]
    return [*tests, _refuse(errno.EAFNOSUPPORT)]


def _on(call: int, argument: int, body: list[bytes]) -> list[bytes]:
    """Run `body` on one argument's low half where the call is `call`, then restore the number."""
    inner = [
        _step(LOAD, ARGUMENTS_OFFSET + 8 * argument),
        *body,
        _step(LOAD, NUMBER_OFFSET),
    ]
    return [_step(JUMP_EQUAL, call, 0, len(inner)), *inner]
