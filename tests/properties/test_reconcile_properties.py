import datetime as dt
import itertools
import math
from collections import Counter
from decimal import Decimal

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given

from sfbulk_pandas.reconcile import Answers, reconcile
from sfbulk_pandas.reconcile.canonical import canonical
from sfbulk_pandas.salesforce.columns import Column
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

KINDS = {
    "Name": "string",
    "Amount": "currency",
    "Staff": "int",
    "Active": "boolean",
    "Day": "date",
    "At": "datetime",
    "OwnerId": "reference",
}
COLUMNS = [Column(name, name, FieldDescribe(name, FieldType(kind), scale=4)) for name, kind in KINDS.items()]
TEXT = pa.large_string()
STATUS = {"successful": 1, "failed": 2, "unprocessed": 3}


def java_double(number):
    """Write a double as Java's Double.toString does."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(float(number)) if number else "0.0"
    mantissa, exponent = f"{number:.17e}".split("e")
    digits = repr(number).lower().split("e")[0].replace(".", "").lstrip("-0").rstrip("0") or "0"
    sign = "-" if number < 0 else ""
    assert math.isclose(float(f"{sign}{digits[0]}.{digits[1:] or '0'}E{int(exponent)}"), number, rel_tol=1e-12), (
        mantissa
    )
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{int(exponent)}"


def echo(kind, text):
    """Re-serialise a value as Salesforce does."""
    if text is None:
        return ""
    if kind == "currency":
        return java_double(float(text))
    if kind == "datetime":
        return text.replace("Z", "+0000")
    if kind == "reference":
        return text + "AAA"
    return text


MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1))  # noqa: DTZ001 - bounds
ROWS = st.fixed_dictionaries(
    {
        "Name": st.one_of(st.none(), st.text("ab \n", max_size=3).map(lambda text: text or None)),
        "Amount": st.one_of(
            st.none(), st.sampled_from(["912260031", "0.1", "10", "-2500000", "0"]), st.integers(-9, 9).map(str)
        ),
        "Staff": st.one_of(st.none(), st.integers(0, 3).map(str)),
        "Active": st.sampled_from(["true", "false"]),
        "Day": st.sampled_from([None, "2024-01-01", "2024-01-02"]),
        "At": st.one_of(st.none(), MOMENTS.map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z")),
        "OwnerId": st.sampled_from([None, "005000000000001", "005000000000002"]),
    }
)


@st.composite
def loads(draw):
    rows = draw(st.lists(ROWS, min_size=1, max_size=12))
    rows += draw(st.lists(st.sampled_from(rows), max_size=12))  # duplicates
    fates = draw(st.lists(st.sampled_from(list(STATUS)), min_size=len(rows), max_size=len(rows)))
    order = draw(st.permutations(range(len(rows))))
    headers = draw(st.permutations(list(KINDS)))
    return rows, fates, order, headers


def table(rows):
    return pa.table({name: pa.array([row[name] for row in rows], pa.large_string()) for name in KINDS})


def answer_table(rows, fates, order, headers, fate):
    chosen = [i for i in order if fates[i] == fate]
    extra = {"successful": ("sf__Created", "true"), "failed": ("sf__Error", "E:m:--")}.get(fate)
    data = {"sf__Id": [f"{fate} {i}" for i in chosen], extra[0]: [extra[1]] * len(chosen)} if extra else {}
    for name in headers:
        cells = [rows[i][name] or "" if fate == "unprocessed" else echo(KINDS[name], rows[i][name]) for i in chosen]
        data[name.lower() if fate == "failed" else name] = cells
    return pa.table({name: pa.array(values, pa.string()) for name, values in data.items()})


def answers_of(rows, fates, order, headers):
    return Answers(*(answer_table(rows, fates, order, headers, fate) for fate in STATUS))


def identity(row):
    number = None if row["Amount"] is None else float(row["Amount"])
    return tuple(number if name == "Amount" else row[name] for name in KINDS)


@given(loads())
def test_any_order_and_duplicates_give_every_row_an_answer_of_its_own_kind(load):
    rows, fates, _, _ = load
    done = reconcile(table(rows), COLUMNS, answers_of(*load))
    wanted = Counter((identity(row), STATUS[fate]) for row, fate in zip(rows, fates, strict=True))
    assert Counter(zip(map(identity, rows), done.status.tolist(), strict=True)) == wanted
    for row, status, sf_id in zip(rows, done.status.tolist(), done.sf_id.to_pylist(), strict=True):
        if status != STATUS["unprocessed"]:
            fate, position = sf_id.split(" ")
            assert STATUS[fate] == status
            assert identity(rows[int(position)]) == identity(row)
    assert len(set(done.sf_id.drop_null().to_pylist())) == len(done.sf_id.drop_null())


@given(loads(), st.booleans())
def test_unique_keys_find_their_own_answer(load, upper):
    rows, fates, order, headers = load
    keys = [f"key {i}" for i in range(len(rows))]
    sent = table(rows).append_column("Key__c", pa.array(keys, pa.large_string()))
    tables = []
    for fate, answers in zip(STATUS, (answer_table(rows, fates, order, headers, each) for each in STATUS), strict=True):
        echoed = [keys[i].upper() if upper else keys[i] for i in order if fates[i] == fate]
        tables.append(answers.append_column("key__C", pa.array(echoed, pa.string())))
    column = Column("Key__c", "Key__c", FieldDescribe("Key__c", FieldType.STRING))
    done = reconcile(sent, [*COLUMNS, column], Answers(*tables), "Key__c")
    assert done.status.tolist() == [STATUS[fate] for fate in fates]
    ids = [None if fate == "unprocessed" else f"{fate} {i}" for i, fate in enumerate(fates)]
    assert done.sf_id.to_pylist() == ids


VALUES = st.sampled_from(["A", "A ", " A", "B", "a\nb", "a\r\nb", "", "#N/A"])
NUMBERS = st.sampled_from(["1", "1.00001", "1.0", "2", "x", ""])
CELLS = st.fixed_dictionaries({"Name": VALUES, "Amount": NUMBERS, "Hidden": st.sampled_from("12")})


@st.composite
def mangled_loads(draw):
    """Rows, and answers as (row or None, file, cells): some lost, some doubled, some of no row, values changed."""
    rows = draw(st.lists(CELLS, min_size=1, max_size=4))
    rows += draw(st.lists(st.sampled_from(rows), max_size=3))
    answers = []
    for tag in draw(st.permutations(range(len(rows)))):
        times = draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
        answers += [(tag, draw(st.integers(0, 2)), changed(draw, rows[tag])) for _ in range(times)]
    strangers = draw(st.lists(st.builds(alike, st.sampled_from(rows), CELLS), max_size=2))
    return rows, answers + [(None, draw(st.integers(0, 2)), cells) for cells in strangers]


def alike(row, cells):
    """Make a row that shares its name with one that was sent."""
    return {**cells, "Name": row["Name"]}


def changed(draw, cells):
    trims, rounds = draw(st.booleans()), draw(st.booleans())
    name = cells["Name"].strip().replace("\r\n", "\n").replace("#N/A", "") if trims else cells["Name"]
    amount = {"1": "1.0", "1.00001": "1.0", "2": "2.0"}.get(cells["Amount"]) if rounds else None
    return {"Name": name, "Amount": amount or cells["Amount"]}


def loosely(cells):
    amount = {"1": "1.0", "1.00001": "1.0", "2": "2.0"}.get(cells["Amount"], cells["Amount"])
    return cells["Name"].strip().replace("\r\n", "\n").replace("#N/A", ""), amount


def strictly(cells):
    return cells["Name"], {"1": "1.0", "2": "2.0"}.get(cells["Amount"], cells["Amount"])


def file_of(answers, which, is_echoed):
    chosen = [(number, cells) for number, (_, file, cells) in enumerate(answers) if file == which]
    data = {"sf__Id": [str(number) for number, _ in chosen]}
    for name in ("Amount", "Name"):
        data[name] = [cells[name] for _, cells in chosen]
    if is_echoed:
        data["Hidden"] = ["1"] * len(chosen)
    return pa.table({name: pa.array(values, pa.string()) for name, values in data.items()})


@given(mangled_loads(), st.booleans())
def test_no_pair_is_ever_a_guess_and_the_counts_add_up(load, is_echoed):
    rows, answers = load
    rows = [{**row, "Hidden": "1"} if is_echoed else row for row in rows]
    sent = pa.table({name: pa.array([row[name] for row in rows], pa.large_string()) for name in rows[0]})
    kinds = {"Name": "string", "Amount": "double", "Hidden": "string"}
    columns = [Column(name, name, FieldDescribe(name, FieldType(kind), scale=2)) for name, kind in kinds.items()]
    done = reconcile(sent, columns, Answers(*(file_of(answers, which, is_echoed) for which in range(3))))
    ids = done.sf_id.to_pylist()
    assert done.unknown_rows + sum(each is not None for each in ids) == len(rows)
    assert Counter([each for each in ids if each] + done.unmatched["sf__Id"].to_pylist()) == Counter(
        map(str, range(len(answers)))
    )
    for row, found, status in zip(rows, ids, done.status.tolist(), strict=True):
        if found is not None:
            _, file, cells = answers[int(found)]
            assert status == file + 1
            assert_certain(row, cells, rows, [each for _, _, each in answers])


def assert_certain(row, cells, rows, answers):
    """Check a pair against the rule, spelled out over the rows and answers that are loosely equal to it."""
    assert loosely(row) == loosely(cells)
    group = [each for each in rows if loosely(each) == loosely(row)]
    theirs = [each for each in answers if loosely(each) == loosely(row)]
    if Counter(map(strictly, group)) == Counter(map(strictly, theirs)):
        assert strictly(row) == strictly(cells)
        group = [each for each in group if strictly(each) == strictly(row)]
    else:
        assert len(theirs) <= len(group)
    assert len({(strictly(each), each["Hidden"]) for each in group}) == 1


def blurred(row):
    """Return what a server may make of a row: blanks cut off, milliseconds dropped."""
    return identity({**row, "Name": (row["Name"] or "").strip(), "At": (row["At"] or "")[:19]})


@given(loads())
def test_a_row_that_was_never_answered_is_unknown_and_an_answer_too_many_is_returned(load):
    rows, fates, order, headers = load
    shorter = [i for i in order if i != order[0]]
    done = reconcile(table(rows), COLUMNS, answers_of(rows, fates, shorter, headers))
    lost = rows[order[0]]
    assert done.unknown_rows - done.unmatched_answers == 1
    if all(identity(row) == identity(lost) for row in rows if blurred(row) == blurred(lost)):
        assert (done.unknown_rows, done.unmatched_answers) == (1, 0)
    done = reconcile(table(rows), COLUMNS, answers_of(rows, fates, [*order, order[0]], headers))
    assert done.unmatched_answers - done.unknown_rows == 1


@given(st.integers(0, 12), st.integers(0, 10**9), st.integers(-49, 49))
def test_a_number_and_what_it_is_rounded_to_compare_as_one(scale, whole, hundredths):
    rounded = Decimal(whole).scaleb(-scale)
    near = rounded + Decimal(hundredths).scaleb(-scale - 2)
    field = FieldDescribe("X", FieldType("currency"), scale=scale)
    texts = pa.array([f"{rounded:f}", f"{near:f}"], pa.large_string())
    one, other = canonical(texts, field, loose=True).to_pylist()
    assert one == other


# Whole numbers, booleans, dates, times and moments in many spellings: some are read, and alike; some are refused.
SPELLINGS = {
    "int": ["1", "01", "+1", "1.0", "1.", "1E0", "2147483648", "+2147483648", "2", "x"],
    "long": ["1", "-0", "0", "0.0", "00", "9" * 19, "+" + "9" * 19, "1.0"],
    "boolean": ["true", "TRUE", "True", "1", "0", "false", "yes", "Yes", "YES"],
    "date": [
        "2024-01-01",
        "2024-01-01Z",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.000Z",
        "2024-02-30",
        "2024-02-30Z",
    ],
    "time": [
        "03:04:05",
        "03:04:05Z",
        "03:04:05.0",
        "03:04:05.000Z",
        "03:04:05.5",
        "03:04:05.500Z",
        "03:04",
        "24:00:00",
    ],
    "datetime": [
        *("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000+0000", "2024-01-01T02:00:00+02:00", "2024-01-01 00:00:00Z"),
        *("2024-01-01T00Z", "2024-01-01T00:00Z", "2024-01-01T20:00:00+20:00", "2024-02-30T00:00:00Z"),
    ],
}


def one_int(text, limit):
    bare = text.lstrip("+-")
    sound = bare.isdigit() and len(text) - len(bare) < 2 and len(bare) <= 18
    return int(text) if sound and -limit <= int(text) < limit else None


def one_date(text):
    try:
        return dt.datetime.strptime(text.removesuffix("Z"), "%Y-%m-%d").date()  # noqa: DTZ007 - a day
    except ValueError:
        return None


def one_time(text):
    for form in ("%H:%M:%S", "%H:%M:%S.%f"):
        try:
            return dt.datetime.strptime(text.removesuffix("Z"), form).time()  # noqa: DTZ007 - a time of day
        except ValueError:
            continue
    return None


def one_moment(text):
    for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"):
        try:
            moment = dt.datetime.strptime(text, form)  # noqa: DTZ007 - the form has a zone
        except ValueError:
            continue
        return moment if abs(moment.utcoffset()) <= dt.timedelta(hours=14) else None
    return None


READ = {
    "int": lambda text: one_int(text, 2**31),
    "long": lambda text: one_int(text, 2**63),
    "boolean": lambda text: {"true": True, "1": True, "false": False, "0": False}.get(text.lower()),
    "date": one_date,
    "time": one_time,
    "datetime": one_moment,
}
WRITTEN = {  # the ways in which a value may come back; a load has one of them
    "int": (str, lambda value: java_double(float(value))),
    "long": (str, lambda value: java_double(float(value))),
    "boolean": (lambda value: str(value).lower(), lambda value: str(int(value))),
    "date": (str, lambda value: f"{value}T00:00:00.000Z"),
    "time": (lambda value: f"{value:%H:%M:%S}.{value.microsecond // 1000:03}Z", lambda value: f"{value:%H:%M:%S.%f}"),
    "datetime": (
        lambda value: f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        lambda value: f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.000+0000}",
    ),
}


@st.composite
def spelled_loads(draw):
    """A type, how its values come back, rows, and answers as (row, file, cell); some rows have none."""
    kind = draw(st.sampled_from(list(SPELLINGS)))
    write = draw(st.sampled_from(WRITTEN[kind]))
    texts = draw(st.lists(st.sampled_from(SPELLINGS[kind]), min_size=1, max_size=5))
    names = draw(st.lists(st.sampled_from(["a", "a "]), min_size=len(texts), max_size=len(texts)))
    answers = []
    for row in draw(st.permutations(range(len(texts)))):
        value = READ[kind](texts[row])
        file = draw(st.integers(0, 2)) if value is not None else draw(st.integers(1, 2))
        verbatim = value is None or draw(st.booleans())
        if draw(st.integers(0, 4)):
            answers.append((row, file, texts[row] if verbatim else write(value)))
    return kind, write, list(zip(texts, names, strict=True)), answers


def may_answer(kind, write, row, answer):
    """Tell whether an answer may be to a row: verbatim, or as the value that was read."""
    (text, name), (came, named) = row, answer
    value = READ[kind](text)
    return named in {name, name.strip()} and came in {text, text if value is None else write(value)}


def owners(kind, write, rows, answers):
    """Return of each answer the rows to which it may be, by trying all ways to give all answers to rows."""
    found = [set() for _ in answers]
    for chosen in itertools.permutations(range(len(rows)), len(answers)):
        if all(may_answer(kind, write, rows[row], came) for row, came in zip(chosen, answers, strict=True)):
            for held, row in zip(found, chosen, strict=True):
                held.add(row)
    return found


def meaning(kind, row):
    """Return what rows that are interchangeable have in common."""
    text, name = row
    value = READ[kind](text)
    return text if value is None else value, name


@given(spelled_loads(), st.booleans())
def test_however_cells_are_spelled_no_answer_goes_to_a_row_that_may_not_be_its_own(load, trims):
    kind, write, rows, answers = load
    came = [(text, rows[row][1].strip() if trims else rows[row][1]) for row, _, text in answers]
    kinds = {"X": kind, "Name": "string"}
    columns = [Column(name, name, FieldDescribe(name, FieldType(each))) for name, each in kinds.items()]
    tables = (spelled([n for n, each in enumerate(answers) if each[1] == file], came) for file in range(3))
    sent = spelled(range(len(rows)), rows).drop_columns("sf__Id")
    found = reconcile(sent, columns, Answers(*tables)).sf_id.to_pylist()
    may_own = owners(kind, write, rows, came)
    for row, answer in zip(rows, found, strict=True):
        if answer is not None:
            assert {meaning(kind, rows[each]) for each in may_own[int(answer)]} == {meaning(kind, row)}
    if len(answers) == len(rows) and all(rows[row] == each for (row, *_), each in zip(answers, came, strict=True)):
        assert None not in found  # verbatim, all of them


def spelled(chosen, cells):
    data = {"X": [cells[each][0] for each in chosen], "Name": [cells[each][1] for each in chosen]}
    return pa.table({name: pa.array(each, TEXT) for name, each in ({"sf__Id": [*map(str, chosen)]} | data).items()})
