"""Load in processes that may be killed: imports once, forks for each order that comes on stdin, one JSON a line.

``{"credentials": ..., "journal": ..., "rows": n, "part_rows": n, "die": ["before"|"after", k] | null}``: dies by
its own SIGKILL around the k-th write to the journal, counted from 1. Answers with the child's pid, and once it has
ended with how.
"""

import json
import os
import signal
import sys
import threading

import pandas as pd

import sfbulk_pandas as sfbulk
from sfbulk_pandas.journal import Journal

WRITES = ("begin", "begin_attempt", "record", "finish")


def frame_of(rows):
    return pd.DataFrame(
        {"LastName": [f"Name {n % 7}" for n in range(rows)], "Description": [f"row {n}" for n in range(rows)]}
    )


def die_at(when, number):
    """Kill this process around the n-th write to the journal, whichever thread makes it."""
    writes, lock = [], threading.Lock()

    def deadly(write):
        def counted(*args, **kwargs):
            with lock:
                writes.append(write)
                turn = len(writes)
                if when == "before" and turn == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                done = write(*args, **kwargs)
                if when == "after" and turn == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done

        return counted

    for name in WRITES:
        setattr(Journal, name, deadly(getattr(Journal, name)))


def load(order):
    if order["die"]:
        die_at(*order["die"])
    polling = sfbulk.Polling(interval_seconds=0.002, cap_seconds=0.01)
    org = sfbulk.connect(sfbulk.JwtBearer(**order["credentials"]), polling=polling, journal=order["journal"])
    org.insert(frame_of(order["rows"]), "Contact", part_rows=order["part_rows"], progress=False)


def main():
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            load(json.loads(line))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
