"""Reach the network: the host's own listener, the world, raw and odd families."""

import socket

from kit import attempt, setting


def connect(family, kind, address, protocol=0):
    with socket.socket(family, kind, protocol) as reached:
        reached.settimeout(0.5)
        reached.connect(address)
        return reached.getpeername()


port = int(setting("PORT"))
for host in ("127.0.0.1", setting("ADDRESS"), "192.0.2.1", "8.8.8.8", "169.254.169.254"):
    if host:
        attempt("tcp " + host, lambda host=host: connect(socket.AF_INET, socket.SOCK_STREAM, (host, port)))


def send(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"escaped", (host, port))
        if host == "127.0.0.1":
            raise OSError("our own loopback, not the host's: the test looks at the listener")
        return "sent"


for host in ("127.0.0.1", setting("ADDRESS"), "8.8.8.8"):
    if host:
        attempt("udp " + host, lambda host=host: send(host))
attempt("resolve", lambda: socket.getaddrinfo("example.com", 80))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
for name, family in (
    ("netlink", 16),
    ("packet", 17),
    ("vsock", 40),
    ("alg", 38),
    ("bluetooth", 31),
    ("xdp", 44),
):
    attempt(name, lambda family=family: socket.socket(family, socket.SOCK_RAW))
