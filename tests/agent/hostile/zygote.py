"""The smallest zygote: preloads nothing, forks per job, runs the job's program by path in the child."""

import ctypes
import json
import os
import runpy
import sys

JOB = int(os.environ.pop("GRAFT_JOB_FD"))
CHANNEL = int(os.environ.pop("GRAFT_CHANNEL_FD"))
LIBC = ctypes.CDLL(None)
PR_SET_DUMPABLE = 4


def lines():
    rest = b""
    while True:
        chunk = os.read(JOB, 65536)
        if not chunk:
            return
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield json.loads(line)


def answer(**fields):
    os.write(JOB, json.dumps(fields).encode() + b"\n")


def child(job):
    os.close(JOB)
    LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    os.chdir(job["cwd"])
    os.environ.update(job["environment"])
    sys.path.insert(0, job["cwd"])

    def say(**fields):
        os.write(CHANNEL, json.dumps({"token": job["token"], **fields}).encode() + b"\n")

    payload = job["payload"]
    sys.argv = [payload["program"], *payload.get("arguments", [])]
    code = 0
    try:
        if "code" in payload:
            exec(payload["code"], {"say": say, "__name__": "__main__"})
        else:
            runpy.run_path(payload["program"], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        sys.stderr.write("%r\n" % error)
        code = 1
    sys.stdout.flush()
    os._exit(code or 0)


def main():
    requests = lines()
    first = next(requests)
    os.chdir("/")
    if first.get("fail"):
        answer(failed=first["fail"])
        return
    answer(ready={"preloaded": len(sys.modules)})
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    for job in requests:
        pid = os.fork()
        if pid == 0:
            child(job)
        answer(pid=pid)
        status = os.waitpid(pid, 0)[1]
        if os.WIFSIGNALED(status):
            answer(signal=os.WTERMSIG(status))
        else:
            answer(exit=os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
