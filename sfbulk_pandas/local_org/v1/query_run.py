"""Running the query of a Bulk API 1.0 batch, or cutting it into chunks.

Source: Bulk API guide, "Bulk Query" and "PK Chunking Header".
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from sfbulk_pandas.local_org.engine import JobFailure
from sfbulk_pandas.local_org.faults import Fault
from sfbulk_pandas.local_org.query_run import CsvWriter, compile_job, read_header, read_lines
from sfbulk_pandas.local_org.soql.narrow import narrowed
from sfbulk_pandas.local_org.v1.chunking import Chunking, can_cut, chunk_conditions
from sfbulk_pandas.local_org.v1.jobs import NOT_PROCESSED
from sfbulk_pandas.local_org.v1.records import JsonWriter, XmlWriter
from sfbulk_pandas.salesforce.ids import from_number

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sfbulk_pandas.local_org.jobs import Job
    from sfbulk_pandas.local_org.query_run import LineWriter, QueryRunner
    from sfbulk_pandas.local_org.soql.compiled import Compiled
    from sfbulk_pandas.local_org.switches import Switches
    from sfbulk_pandas.local_org.v1.jobs import FrameJob, FrameJobs

_FAILED = "InvalidBatch : Failed to process query: "
SENTENCE = b"Records not found for this query"


@dataclass(frozen=True)
class BatchQueryRunner:
    """Run the batches of query jobs; the :class:`~sfbulk_pandas.local_org.engine.Engine` calls it with each.

    Attributes
    ----------
    run : QueryRunner
        Runs a query of either API.
    frames : FrameJobs
    submit : callable
        Hands a new chunk to the engine.
    """

    run: QueryRunner
    frames: FrameJobs
    submit: Callable[[Job], None]

    def __call__(self, batch: Job) -> Generator[None, None, None]:
        """Write a batch's rows, or make the batches of its chunks.

        Raises
        ------
        JobFailure
            With the batch's ``stateMessage``.
        """
        frame = self.frames.get(batch.parent)
        try:
            compiled = self._compiled(batch)
            if frame and frame.chunking and "chunk" not in batch.extra and can_cut(batch.soql):
                yield from self._cut(batch, frame, Chunking(**frame.chunking))
            else:
                yield from self.run.write(batch, compiled, self._writer(batch, compiled))
        except Fault as fault:
            code = "FUNCTIONALITY_NOT_ENABLED" if fault.error_code == "API_ERROR" else fault.error_code
            raise JobFailure(f"{_FAILED}{code}: {fault.message}") from None
        except JobFailure as failure:
            whole = " : " in str(failure)  # such as InternalServerError : Retried more than 30 times
            raise JobFailure(str(failure) if whole else f"{_FAILED}{failure}") from None

    def _compiled(self, batch: Job) -> Compiled:
        compiled = compile_job(self.run.store, batch.operation, batch.soql, self.run.clock())
        if compiled.sobject != batch.sobject:
            message = (
                f"The root entity of the requested query ({compiled.sobject}) does not match the entity of the "
                f"requested Bulk API Job ({batch.sobject})."
            )
            raise Fault(400, "INVALID_TYPE_FOR_OPERATION", message)
        return compiled

    def _writer(self, batch: Job, compiled: Compiled) -> LineWriter:
        if batch.content_type == "JSON":
            return JsonWriter(self.run.store, batch.api_version, compiled)
        if batch.content_type == "XML":
            return XmlWriter(self.run.store, batch.api_version, compiled)
        return CsvWriter(batch, compiled.columns, self.run.switches)

    def _cut(self, batch: Job, frame: FrameJob, chunking: Chunking) -> Generator[None, None, None]:
        if failure := self.run.on_demand.take_query_failure(batch.soql):
            raise JobFailure(failure.error)
        described = self.run.store.describes[batch.sobject.lower()]
        with closing(chunk_conditions(self.run.store, described, chunking)) as conditions:
            while some := list(islice(conditions, self.run.switches.chunks_per_step)):
                for condition in some:
                    chunk = self.frames.add_batch(frame, self.run.clock(), narrowed(batch.soql, condition))
                    chunk.extra["chunk"] = condition
                    self.submit(chunk)
                yield
        batch.extra[NOT_PROCESSED] = True


def result_ids(batch: Job, switches: Switches) -> list[str]:
    """Return the ids of a batch's result files, 15 characters each, as recorded."""
    files = -(-max(batch.processed, 1) // _file_rows(batch, switches))
    # The batch's own id with another prefix, and the file's number where the batches' running number has its zeros.
    numbers = (from_number("752", place)[12:15] for place in range(files))
    return [f"752{batch.id[3:6]}{number}{batch.id[9:15]}" for number in numbers]


def _file_rows(batch: Job, switches: Switches) -> int:
    return switches.result_file_rows or max(batch.processed, 1)


def read_result(batch: Job, place: int, switches: Switches) -> Iterator[bytes]:
    """Yield one of a batch's result files.

    Parameters
    ----------
    batch : Job
    place : int
        Its number, from 0.
    switches : Switches
    """
    rows = _file_rows(batch, switches)
    start, stop = place * rows, min((place + 1) * rows, batch.processed)
    head, lines = read_header(batch), read_lines(batch, start, stop)
    if batch.content_type == "JSON":
        return chain([head], _without_lead(lines), [JsonWriter.tail])
    if batch.content_type == "XML":
        return chain([head], lines, [XmlWriter.tail])
    if not batch.processed and switches.query_sentence:
        return iter([SENTENCE])
    return chain([head], lines)


def _without_lead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Take the comma away that stands before the first record."""
    for first in pieces:
        yield first[len(JsonWriter.lead) :]
        break
    yield from pieces
