"""Read what belongs to the host."""

import os

from kit import attempt, setting


def read(path):
    with open(path, "rb") as file:
        return file.read(100)


for path in ("/etc/shadow", "/etc/ssh/ssh_host_rsa_key", "/root/.bashrc", "/root/.ssh/id_rsa", "/home",
             "/proc/kcore", "/proc/1/mem", "/proc/1/environ", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda",
             "/run/docker.sock", "/var/run/docker.sock", "/sys/class", setting("SECRET"),
             os.path.join(setting("REPO"), ".graft/secret"), "/graft/tree/.graft/secret",
             "/proc/self/root/" + setting("SECRET")):  # fmt: skip
    attempt("read " + path, lambda path=path: os.listdir(path) if os.path.isdir(path) else read(path))
