"""What the panel shows: all escaped, figures with words, few lines however much there is, one line at the end."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sfbulk_pandas.progress import events as on
from sfbulk_pandas.progress.widget import words
from sfbulk_pandas.progress.widget.extract import ExtractModel
from sfbulk_pandas.progress.widget.load import LoadModel
from sfbulk_pandas.progress.widget.view import LastLine, panel
from sfbulk_pandas.salesforce.job import JobInfo, JobState, Operation

ORG = "https://acme.my.salesforce.com"
JOB = JobInfo("7505g00000Kx1abAAB", Operation.UPSERT, "Contact", JobState.IN_PROGRESS, number_records_processed=400)
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Reader(HTMLParser):
    """The tags and the text of a page; void elements aside, every tag is closed in its order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.links, self.said = [], [], [], []
        self.feed(page)
        assert self.open == []
        self.text = re.sub(r"\s+", " ", " ".join(self.said))

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        self.open.append(name)
        self.links += [value for key, value in attributes if key == "href"]

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, text):
        if "style" not in self.open:
            self.said.append(text)


def drawn(model):
    return "".join(panel(model))


def load(org=ORG, sobject="Contact"):
    model = LoadModel(0.0)
    model.feed(on.LoadStarted(sobject, Operation.UPSERT, 12_345, "L1", org), 0.0)
    return model


def test_a_load_under_way():
    model = load()
    model.feed(on.PartStarted(1, JOB, 5_000, 2_000_000), 1.0)
    model.feed(on.PartUploaded(1, JOB, 5_000, 2_000_000), 2.0)
    model.feed(on.JobPolled(1, replace(JOB, number_records_failed=3), api_calls=5), 65.0)
    cause = on.Cause("INVALID_EMAIL_ADDRESS", 1_200, "mend it", is_passing=False)
    model.feed(on.PartFinished(2, replace(JOB, id="750X", state=JobState.JOB_COMPLETE), 0, 1_200, 0, (cause,)), 65.0)
    page = Reader(drawn(model))
    assert "upsert Contact: 1,600 of 12,345 rows processed" in page.text
    assert "397 successful ✗ 1,203 failed … 10,745 queued" in page.text
    assert "1 min 5 s · 2.0 MB sent · 5 API calls" in page.text
    assert page.links == [
        f"{ORG}/lightning/setup/AsyncApiJobStatus/page?address=%2F{each}" for each in (JOB.id, "750X")
    ]
    assert "▸ InProgress 5,000 5,000 400 3" in page.text
    assert "✓ JobComplete 1,200" in page.text
    assert "1,200 INVALID_EMAIL_ADDRESS mend it" in page.text
    assert "script" not in page.tags


def test_what_others_have_written_is_text():
    model = load(org=EVIL, sobject=EVIL)
    job = replace(JOB, id=EVIL)
    model.feed(on.PartUploaded(1, job, 1, 1), 1.0)
    model.feed(on.PartFinished(1, job, 0, 1, 0, (on.Cause(EVIL, 1, EVIL, is_passing=False),)), 1.0)
    query = ExtractModel(0.0, lambda: None)
    query.feed(on.PlanChosen(EVIL, EVIL, EVIL, instance_url=f"javascript:{EVIL}"), 0.0)
    query.feed(on.QueryStarted(replace(job, operation=Operation.QUERY)), 1.0)
    for each in (model, query):
        for page in (drawn(each), LastLine.of(each, "failed").html):
            read = Reader(page)
            assert not {"script", "img"} & set(read.tags)
            assert read.links == []


def test_many_parts_and_causes_take_few_lines():
    model = load()
    for number in range(1, 3_001):
        state = JobState.JOB_COMPLETE if number < 2_000 else JobState.IN_PROGRESS
        model.feed(on.PartUploaded(number, replace(JOB, state=state), 4, 1), 1.0)
        if number < 2_000:
            causes = (on.Cause(f"CODE_{number % 40}", 1, "mend it", is_passing=False),)
            model.feed(on.PartFinished(number, replace(JOB, state=state), 3, 1, 0, causes), 1.0)
    page = Reader(drawn(model))
    assert page.tags.count("tr") <= 6 + 5 + 2
    assert "and 2,994 other parts: ▸ 995 InProgress ✓ 1,999 JobComplete" in page.text
    assert "and 35 more causes, 1,749 rows" in page.text
    assert len(drawn(model)) < 20_000


def test_the_head_keeps_its_height_so_that_no_button_moves_under_a_click():
    model = load()
    before = Reader(panel(model).head)
    model.feed(on.PartUploaded(1, JOB, 5_000, 2_000_000), 1.0)
    model.feed(on.JobPolled(1, replace(JOB, number_records_failed=3), api_calls=5), 65.0)
    after = Reader(panel(model).head)
    assert before.tags.count("div") == after.tags.count("div")
    query = extract()
    before = Reader(panel(query).head)
    assert "not known yet" in before.text
    query.feed(on.RowsRead(5, 5, 10), 1.0)
    after = Reader(panel(query).head)
    assert before.tags.count("div") == after.tags.count("div") + 1  # a line of words for one of figures
    assert after.tags.count("ul") == before.tags.count("ul") == 1


@pytest.mark.parametrize(("row_retries", "said"), [(2, "sent again later"), (1, "send these rows again")])
def test_a_part_of_a_retry_says_so(row_retries, said):
    model = LoadModel(0.0)
    model.feed(on.LoadStarted("Contact", Operation.INSERT, 10, row_retries=row_retries), 0.0)
    model.feed(on.RowsRetried(2, 7), 1.0)
    model.feed(on.PartUploaded(1, JOB, 7, 1), 1.0)
    model.feed(on.PartFinished(2, JOB, 1, 1, 0, (on.Cause("UNABLE_TO_LOCK_ROW", 1, "x", is_passing=True),)), 1.0)
    page = Reader(drawn(model))
    assert "attempt 2: 7 rows again" in page.text
    assert "1 (attempt 2)" in page.text
    assert f"passes by itself: {said}" in page.text


def extract(**more):
    model = ExtractModel(0.0, lambda: 345_000_000)
    model.feed(on.PlanChosen("Contact", "id_ranges", "it is large", instance_url=ORG, **more), 0.0)
    return model


def test_a_query_under_way():
    model = extract()
    for number in range(9):
        model.feed(on.QueryStarted(replace(JOB, id=f"750{number}", operation=Operation.QUERY)), 1.0)
    model.feed(on.QueryPolled(replace(JOB, id="7500", operation=Operation.QUERY, state=JobState.JOB_COMPLETE)), 2.0)
    for second in range(3, 12):
        model.feed(on.RowsRead(second * 1_000, second * 2_000_000, 20_000), second)
    model.feed(on.PageRead(1, 11_000, 11_000, 20_000, 22_000_000, api_calls=1_234), 11.0)
    model.look()
    page = Reader(drawn(model))
    assert "query Contact: 11,000 of 20,000 rows" in page.text
    assert "• 11,000 received … 9,000 pending" in page.text
    assert "1,000 rows/s · 2.0 MB/s · 11 s · less than a minute left" in page.text
    assert "plan id_ranges it is large" in page.text
    assert "✓ 1 JobComplete … 2 queued" in page.text
    assert "pages 1 received 22.0 MB memory 345 MB held by Python API calls 1,234" in page.text
    assert len(page.links) == 6


def test_a_group_of_columns_says_which_it_is():
    assert "rows, columns 2 of 3" in Reader(drawn(extract(group=2, groups=3))).text


def test_the_last_line_of_a_load():
    model = load()
    model.feed(on.JobPolled(1, replace(JOB, number_records_processed=0)), 1.0)
    model.feed(on.LoadFinished(12_000, 345, 0, api_calls=34), 63.0)
    line = LastLine.of(model, "done")
    assert Reader(line.html).text.strip() == (
        "✓ done : upsert Contact · ✓ 12,000 successful · ✗ 345 failed · 1 min 3 s · 34 API calls"
    )
    assert line.text == "✓ done: upsert Contact · ✓ 12,000 successful · ✗ 345 failed · 1 min 3 s · 34 API calls"
    assert "\n" not in line.text


def test_rows_that_are_held_back_are_shown_as_such():
    model = LoadModel(0.0)
    model.feed(on.LoadStarted("Contact", Operation.INSERT, 1, held_back=3), 0.0)
    assert "0 of 1 row processed ✓ 0 successful ✗ 0 failed … 1 queued • 3 held back" in Reader(drawn(model)).text
    model.feed(on.LoadFinished(1, 0, 0, held_back=3), 1.0)
    assert LastLine.of(model, "done").text == "✓ done: insert Contact · ✓ 1 successful · • 3 held back · 1.0 s"


@pytest.mark.parametrize(("word", "sign"), [("aborted", "■"), ("detached", "▸"), ("interrupted", "■"), ("failed", "✗")])
def test_the_last_line_of_a_load_that_was_ended_early(word, sign):
    model = load()
    model.feed(on.JobPolled(1, replace(JOB, number_records_failed=3)), 1.0)
    assert LastLine.of(model, word).text.startswith(
        f"{sign} {word}: upsert Contact · ✓ 397 successful · ✗ 3 failed · … 11,945 open"
    )


def test_the_last_line_of_a_query():
    model = extract()
    model.feed(on.PageRead(1, 3, 3, 3, 1_500, api_calls=4), 2.0)
    model.feed(on.QueryFinished(3, api_calls=4), 2.0)
    assert (
        LastLine.of(model, "done").text == "✓ done: query Contact · 3 rows · 1.5 kB · 2.0 s · id_ranges · 4 API calls"
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (999_949, "1,000 kB"),
        (12_345_678, "12.3 MB"),
        (3.2e15, "3,200 TB"),
    ],
)
def test_sizes(count, said):
    assert words.size(count) == said


def test_durations_speeds_and_what_is_left():
    assert [words.duration(each) for each in (0.04, 9.94, 63, 7_260)] == ["0.0 s", "9.9 s", "1 min 3 s", "2 h 1 min"]
    assert [words.left(each) for each in (None, 20, 100, 7_200)] == [
        "",
        "less than a minute left",
        "about 2 min left",
        "about 2.0 h left",
    ]
    assert [words.speed(each, "rows") for each in (None, 0.5, 1234.5)] == ["", "under 1 row/s", "1,234 rows/s"]
    assert [words.byte_speed(each) for each in (None, 1_500_000)] == ["", "1.5 MB/s"]
