"""Load in a process of its own that stops at a moment and says so, to be sent a SIGINT there.

``{"credentials": ..., "journal": ..., "rows": n, "part_rows": n, "moment": name, "progress": bool}`` on stdin; prints
``now`` at the moment and then takes its time. Ends with ``interrupted`` on stdout where Ctrl-C came through.
"""

import json
import sys
import time

from zygote import frame_of

import sfbulk_pandas as sfbulk
from sfbulk_pandas.jobs import cargo, run
from sfbulk_pandas.jobs.ingest import Ingest
from sfbulk_pandas.progress.choose import Dispatcher
from sfbulk_pandas.progress.events import JobPolled, RowsRetried

LINGER_SECONDS = 0.7
POLLING = sfbulk.Polling(interval_seconds=0.05, cap_seconds=0.05)


class Moment:
    """Say that a moment has come, the n-th time that it does, and linger there."""

    def __init__(self, turn):
        self.turn = turn

    def come(self, seconds=LINGER_SECONDS):
        self.turn -= 1
        if self.turn == 0:
            print("now", flush=True)
            time.sleep(seconds)


def stop_in(owner, name, turn):
    moment, real = Moment(turn), getattr(owner, name)

    def stopped(*args, **kwargs):
        moment.come()
        return real(*args, **kwargs)

    setattr(owner, name, stopped)


def stop_while_encoding():
    moment, real = Moment(2), cargo.encode_parts

    def encoded(*args, **kwargs):
        for part in real(*args, **kwargs):
            moment.come()
            yield part

    cargo.encode_parts = encoded


def stop_while_uploading():
    moment, real = Moment(2), Ingest.upload

    class Slow:
        def __init__(self, body):
            self.body = body

        def __len__(self):
            return len(self.body)

        def __iter__(self):
            for at, piece in enumerate(self.body):
                if at == 1:  # the header has left
                    moment.come()
                yield piece

    Ingest.upload = lambda self, job, body: real(self, job, Slow(body))


def stop_after(kind):
    moment, real = Moment(1), Dispatcher.__call__

    def hand_on(self, event):
        real(self, event)
        if isinstance(event, kind):
            moment.come(0)  # what follows takes its own time

    Dispatcher.__call__ = hand_on


def stop_in_the_pause():
    def pause(polling, number):
        print("now", flush=True)
        return 10 * LINGER_SECONDS

    run._retry_pause = pause


MOMENTS = {
    "encoding": stop_while_encoding,
    "creating": lambda: stop_in(Ingest, "create", 2),
    "uploading": stop_while_uploading,
    "closing": lambda: stop_in(Ingest, "close", 2),
    "polling": lambda: stop_after(JobPolled),
    "reading": lambda: stop_in(Ingest, "fetch_results", 2),
    "pausing": stop_in_the_pause,
    "retrying": lambda: stop_after(RowsRetried),
}


def main():
    order = json.loads(sys.stdin.readline())
    MOMENTS[order["moment"]]()
    org = sfbulk.connect(sfbulk.JwtBearer(**order["credentials"]), polling=POLLING, journal=order["journal"])
    try:
        org.insert(frame_of(order["rows"]), "Contact", part_rows=order["part_rows"], progress=order["progress"])
    except KeyboardInterrupt:
        print("interrupted", flush=True)


if __name__ == "__main__":
    main()
