"""What the panel shows of a model, and the one line that stays: models in, HTML or text out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sfbulk_pandas.display.blocks import bar, bare_card, card, facts, status, stylesheet
from sfbulk_pandas.display.cells import MISSING
from sfbulk_pandas.display.html import Html, code, join, tag
from sfbulk_pandas.display.signs import sign_of
from sfbulk_pandas.progress.widget import words
from sfbulk_pandas.progress.widget.extract import SHOWN_JOBS, ExtractModel
from sfbulk_pandas.progress.widget.load import LoadModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfbulk_pandas.progress.widget.load import Part

# Source: Salesforce Help, "Monitor Bulk Data Load Jobs": Setup opens a job's page by its id.
_JOB_PAGE = "{org}/lightning/setup/AsyncApiJobStatus/page?address=%2F{job}"
_SHOWN_CAUSES = 5
_HEADS = ("Part", "Job", "State", "Rows", "Sent", "Processed", "Failed")


class Drawing(NamedTuple):
    """What stands there while it runs.

    Attributes
    ----------
    head : Html
        Always of the same height, so that buttons under it stay where they are.
    details : Html
        Both are shown beside a :func:`note`, which has the stylesheet.
    """

    head: Html
    details: Html


def panel(model: LoadModel | ExtractModel) -> Drawing:
    """Draw a model."""
    return _load(model) if isinstance(model, LoadModel) else _extract(model)


def note(text: str) -> Html:
    """Return a small text that stands beside a drawing and, once for all drawings, the stylesheet."""
    return tag("div", stylesheet(), tag("span", text, class_="sf-dim"), class_="sfbulk")


def _load(model: LoadModel) -> Drawing:
    attempt = f", attempt {model.attempt}: {model.retried_rows:,} rows again" if model.attempt > 1 else ""
    sums = model.totals
    said = (
        words.speed(model.rate.per_second, "rows"),
        words.duration(model.elapsed_seconds),
        words.left(model.seconds_left),
        f"{words.size(sums.sent_bytes)} sent" if sums.sent_bytes else "",
        words.some(model.api_calls, "API call") if model.api_calls else "",
    )
    title = (
        f"{model.operation} {model.sobject}: {sums.processed:,} of {words.some(model.rows, 'row')} processed{attempt}"
    )
    head = bare_card(title, bar(model.counts, blank="queued"), _line(said))
    return Drawing(head, _details(_causes(model), _parts(model)))


def _details(*blocks: Html) -> Html:
    return tag("div", *(tag("div", block, class_="sf-b") for block in blocks if block), class_="sfbulk")


def _extract(model: ExtractModel) -> Drawing:
    group = f", columns {model.group} of {model.groups}" if model.groups > 1 else ""
    total = f" of {model.rows_expected:,}" if model.rows_expected is not None else ""
    said = (
        words.speed(model.rate.per_second, "rows"),
        words.byte_speed(model.byte_rate.per_second),
        words.duration(model.elapsed_seconds),
        words.left(model.seconds_left),
    )
    figures = {
        "plan": join(code(model.plan), f" {model.reason}") if model.plan else None,
        "jobs": _jobs(model) or None,
        "pages": model.pages or None,
        "received": words.size(model.received_bytes) if model.received_bytes else None,
        "memory": f"{words.size(model.memory_bytes)} held by Python" if model.memory_bytes else None,
        "API calls": model.api_calls or None,
    }
    head = bare_card(f"query {model.sobject}: {model.rows:,}{total} rows{group}", _share(model), _line(said))
    return Drawing(head, _details(facts(figures)))


def _share(model: ExtractModel) -> Html:
    """Return how much has come of what there is: two lines high, whether that is known or not."""
    if model.rows_expected is None:
        return join(bar({}), tag("div", "how many rows there are is not known yet", class_="sf-dim"))
    counts = {"received": model.rows, "pending": max(model.rows_expected - model.rows, 0)}
    return bar(counts, blank="pending")


def _line(parts: Iterable[str]) -> Html:
    return tag("div", " · ".join(part for part in parts if part), class_="sf-dim")


def _parts(model: LoadModel) -> Html:
    shown = model.shown()
    if not shown:
        return Html("")
    head = tag("tr", *(tag("th", each, class_="sf-n" if each in _HEADS[3:] else None, scope="col") for each in _HEADS))
    rows = [_part(part, model.instance_url) for part in shown]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="sf-t")
    return join(tag("div", table, class_="sf-w"), _others(model.others(), "part"))


def _part(part: Part, org: str) -> Html:
    number = f"{part.number:,}" if part.attempt == 1 else f"{part.number:,} (attempt {part.attempt})"
    counts = (part.rows, part.sent_rows, part.processed, part.failed)
    cells = [tag("td", f"{count:,}", class_="sf-n") for count in counts]
    return tag(
        "tr", tag("th", number, scope="row"), tag("td", _job(part.job_id, org)), tag("td", status(part.state)), *cells
    )


def _job(job_id: str, org: str) -> Html:
    """Return a job's id as a link to its page in the org's setup."""
    if not job_id or not org.startswith(("https://", "http://")):
        return tag("span", job_id or MISSING)
    address = _JOB_PAGE.format(org=org.rstrip("/"), job=job_id)
    return tag("a", job_id, href=address, target="_blank", rel="noopener noreferrer", title="open the job in Setup")


def _others(states: dict[str, int], word: str) -> Html:
    if not states:
        return Html("")
    said = [status(state, count) for state, count in sorted(states.items())]
    spaced = join(*(join("  ", each) for each in said))
    return tag("div", f"and {words.some(sum(states.values()), f'other {word}')}: ", spaced, class_="sf-dim")


def _jobs(model: ExtractModel) -> Html:
    shown = list(model.jobs.items())[:SHOWN_JOBS]
    lines = [tag("div", _job(job_id, model.instance_url), " ", status(state)) for job_id, state in shown]
    rest = len(model.jobs) - len(shown)
    counted = [status(state, count) for state, count in sorted(model.states.items())]
    counted += [status("queued", rest)] if rest else []
    return join(*lines, *([tag("div", *(join(each, "  ") for each in counted))] if counted else []))


def _causes(model: LoadModel) -> Html:
    if not model.causes:
        return Html("")
    passing = "passes by itself: sent again later" if model.sends_again else "passes by itself: send these rows again"
    ordered = sorted(model.causes.values(), key=lambda cause: -cause.count)
    heads = (("Failed", "sf-n"), ("Cause", None), ("What to do", None))
    head = tag("tr", *(tag("th", text, class_=side, scope="col") for text, side in heads))
    rows = [
        tag(
            "tr",
            tag("td", f"{cause.count:,}", class_="sf-n"),
            tag("td", code(cause.code or "without a code")),
            tag("td", passing if cause.is_passing else cause.advice),
        )
        for cause in ordered[:_SHOWN_CAUSES]
    ]
    table = tag("div", tag("table", tag("thead", head), tag("tbody", *rows), class_="sf-t"), class_="sf-w")
    more = ordered[_SHOWN_CAUSES:]
    said = f"and {words.some(len(more), 'more cause')}, {words.some(sum(each.count for each in more), 'row')}"
    return join(table, tag("div", said, class_="sf-dim") if more else "")


@dataclass(frozen=True, slots=True)
class LastLine:
    """The one line that stays after the end, with or without a kernel.

    Attributes
    ----------
    word : str
        How it ended: with its sign, so that no colour alone says it.
    what : str
        What ended.
    counts : dict of str to int
        Rows by their ends; empty where a number of rows is said in ``more``.
    more : tuple of str
        Further figures.
    """

    word: str
    what: str
    counts: dict[str, int]
    more: tuple[str, ...]

    @classmethod
    def of(cls, model: LoadModel | ExtractModel, word: str) -> LastLine:
        """Return the line of a model that is over.

        Parameters
        ----------
        model : LoadModel or ExtractModel
        word : str
            How it ended, such as ``"done"`` or ``"aborted"``.
        """
        calls = words.some(model.api_calls, "API call") if model.api_calls else ""
        time = words.duration(model.elapsed_seconds)
        if isinstance(model, LoadModel):
            counts = {"open" if name == "queued" else name: count for name, count in model.counts.items() if count}
            return cls(word, f"{model.operation} {model.sobject}", counts, (time, calls))
        rows = words.some(model.rows if model.ends is None else model.ends, "row")
        received = words.size(model.received_bytes) if model.received_bytes else ""
        return cls(word, f"query {model.sobject}", {}, (rows, received, time, model.plan, calls))

    @property
    def html(self) -> Html:
        """The line for a notebook."""
        parts: list[Any] = [join(status(self.word), f": {self.what}")]
        parts += [status(name, count) for name, count in self.counts.items()]
        parts += [tag("span", each, class_="sf-dim") for each in self.more if each]
        return card(tag("span", join(*_between(parts)), style="font-weight:400"))

    @property
    def text(self) -> str:
        """The line for whatever shows text alone."""
        counted = [f"{sign_of(name)} {count:,} {name}" for name, count in self.counts.items()]
        said = " · ".join(each for each in (*counted, *self.more) if each)
        return f"{sign_of(self.word)} {self.word}: {self.what} · {said}"


def _between(parts: Sequence[Any]) -> list[Any]:
    """Put a dot between each two parts."""
    dot = tag("span", " · ", class_="sf-dim")
    return [each for at, part in enumerate(parts) for each in ((dot, part) if at else (part,))]
