import datetime as dt
import enum
import time
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dateutil import tz

from sfbulk_pandas.codec.frame import Column, EncodeOptions, text_table
from sfbulk_pandas.errors import EncodeError, UsageError
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

NA_KINDS = [None, np.nan, pd.NA, pd.NaT, Decimal("NaN"), np.datetime64("NaT", "ns")]


def texts(values, kind=None, **options):
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    field = FieldDescribe("X__c", FieldType(kind)) if kind else None
    frame = pd.DataFrame({"x": series})
    table = text_table(frame, [Column("x", "X__c", field)], EncodeOptions(**options))
    assert table.schema.types == [pa.large_string()]
    return table.column("X__c").to_pylist()


@pytest.mark.parametrize("dtype", ["object", "string", "string[pyarrow]", "category", None])
def test_texts_travel_as_they_are(dtype):
    assert texts(pd.Series(['Zoë, "x"', None, "", " a "], dtype=dtype)) == ['Zoë, "x"', None, "", " a "]


def test_rows_of_views_of_texts_can_be_taken():
    views = pd.Series(["a", None, "c"], dtype=pd.ArrowDtype(pa.string_view()))
    table = text_table(pd.DataFrame({"x": views}), [Column("x", "X__c")], rows=np.array([2, 1, 0]))
    assert table.column("X__c").to_pylist() == ["c", None, "a"]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "Int64", "int32[pyarrow]"])
def test_ints_travel_as_digits(dtype):
    assert texts(pd.Series([1, 0, 250], dtype=dtype), "int") == ["1", "0", "250"]


def test_ints_beyond_64_bits_keep_their_digits():
    assert texts(pd.Series([2**70, 1], dtype=object)) == [str(2**70), "1"]


@pytest.mark.parametrize("dtype", ["float64", "Float64", "double[pyarrow]", "object", "float32", "float16"])
def test_whole_floats_lose_their_fraction(dtype):
    assert texts(pd.Series([250.0, None, -3.0], dtype=dtype), "int") == ["250", None, "-3"]
    assert texts(pd.Series([250.0, None, -3.0], dtype=dtype), "string") == ["250", None, "-3"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (123456789012345680.0, "123456789012345680"),
        (1e-7, "0.0000001"),
        (1.5e-9, "0.0000000015"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-1234.5, "-1234.5"),
        (1e300, "1E+300"),
    ],
)
def test_floats_are_the_shortest_digits_that_read_back_without_an_exponent(number, text):
    assert texts([number, 2.5]) == [text, "2.5"]
    assert texts(pd.Series([number, "x"], dtype=object)) == [text, "x"]
    assert float(text) == number


@pytest.mark.parametrize("dtype", ["float32", "float16", "float[pyarrow]"])
def test_short_floats_gain_no_false_digits(dtype):
    assert texts(pd.Series([0.1, 3.3], dtype=dtype)) == ["0.1", "3.3"]


def test_short_floats_inside_objects_gain_no_false_digits():
    assert texts(pd.Series([np.float32(0.1), np.float16(3.3), "x"], dtype=object)) == ["0.1", "3.3", "x"]
    assert texts(pd.Series([np.float32(0.1), np.float32(3.3), None], dtype=object)) == ["0.1", "3.3", None]


def test_members_of_text_enums_are_their_text_alone_and_among_others():
    kind = enum.Enum("Kind", {"A": "hot", "B": "cold"}, type=str)
    assert texts(pd.Series([kind.A, kind.B], dtype=object)) == ["hot", "cold"]
    assert texts(pd.Series([kind.A, 5], dtype=object)) == ["hot", "5"]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "double[pyarrow]", "object"])
def test_infinities_are_refused_with_their_place(value, dtype):
    with pytest.raises(EncodeError, match=r"column 'x', row 1 \(position 1\): Salesforce has no infinite numbers"):
        texts(pd.Series([1.0, value], dtype=dtype), "double")


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1.0, 2.5], index=["a", "b"]),
        pd.Series([1.0, 2.5], index=["a", "b"], dtype="double[pyarrow]"),
        pd.Series([Decimal("1.00"), Decimal("2.5")], index=["a", "b"]),
        pd.Series([Decimal("1.00"), Decimal("2.5")], index=["a", "b"], dtype=pd.ArrowDtype(pa.decimal128(9, 2))),
        pd.Series([1, 2.5, "x"], index=["a", "b", "c"], dtype=object),
    ],
)
def test_a_fraction_in_an_int_field_is_left_to_salesforce(series):
    assert [text.rstrip("0") for text in texts(series, "int")] == ["1", "2.5", "x"][: len(series)]


class Level(enum.IntEnum):
    HIGH = 1


class Rate(float, enum.Enum):
    FULL = 1.5


class Percent(int):
    def __str__(self):
        return f"{int(self)}%"

    __repr__ = __str__


@pytest.mark.parametrize(("value", "text"), [(Level.HIGH, "1"), (Rate.FULL, "1.5"), (Percent(5), "5")])
def test_numbers_with_a_text_of_their_own_travel_as_numbers_whatever_their_neighbours_are(value, text):
    for neighbour in (value, 2, 2.5, "x"):
        assert texts(pd.Series([value, neighbour], dtype=object))[0] == text


@pytest.mark.parametrize(
    ("kind", "values"), [("float16", [10008, 65504, 0.1, 0.5]), ("float32", [123456792, 16777216, 0.1, 1234.5])]
)
def test_short_floats_are_written_alike_in_columns_objects_and_lists(kind, values):
    typed = pd.Series(values, dtype=kind)
    numbers = list(typed.to_numpy())
    whole = [str(int(each)) if float(each).is_integer() else str(each) for each in numbers]
    assert texts(typed) == whole
    assert texts(pd.Series(numbers, dtype=object)) == whole
    assert texts(pd.Series([numbers, None], dtype=object)) == [";".join(whole), None]
    lists = pa.array([numbers, None], pa.list_(pa.from_numpy_dtype(kind)))
    assert texts(pd.Series(lists, dtype=pd.ArrowDtype(lists.type))) == [";".join(whole), None]


@pytest.mark.parametrize(("value", "text"), [(5, "5"), ("x", "x"), (None, None), (np.nan, None), ([1, 2], "1;2")])
def test_an_array_without_dimensions_is_the_value_in_it(value, text):
    held = np.empty((), object)
    held[()] = value
    assert texts(pd.Series([held], dtype=object)) == [text]
    if not isinstance(value, list | None):
        assert texts(pd.Series([np.array(value)], dtype=object)) == [text]


@pytest.mark.parametrize("scale", [0, 1, 8])
def test_decimals_1_and_0_become_words_in_a_checkbox_as_their_objects_do(scale):
    values = [Decimal(1), Decimal(0), None, Decimal(10), Decimal(3)]
    cells = [None if each is None else each.quantize(Decimal(1).scaleb(-scale)) for each in values]
    typed = pd.Series(cells, dtype=pd.ArrowDtype(pa.decimal128(18, scale)))
    assert texts(typed, "boolean") == texts(pd.Series(cells, dtype=object), "boolean")
    assert texts(typed, "boolean")[:3] == ["true", "false", None]
    assert texts(typed, "string")[0] == str(cells[0])


def test_decimals_travel_plainly():
    decimals = [Decimal("1.50"), Decimal("1E-8"), Decimal("1E+3"), None, Decimal("NaN")]
    assert texts(decimals) == ["1.50", "0.00000001", "1000", None, None]
    assert texts([Decimal("250.00")], "int") == ["250"]
    arrow = pd.Series([Decimal("1.50"), Decimal("0.00000001")], dtype=pd.ArrowDtype(pa.decimal128(18, 8)))
    assert texts(arrow) == ["1.50000000", "0.00000001"]


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]", "object"])
def test_booleans_are_words(dtype):
    assert texts(pd.Series([True, False], dtype=dtype)) == ["true", "false"]


@pytest.mark.parametrize("values", [[1, 0], [1.0, 0.0, None], ["1", "0"], pd.Series([True, 0, 1.0], dtype=object)])
def test_ones_and_noughts_in_a_checkbox_are_words_unless_they_are_texts(values):
    words = {"1": "true", "0": "false"}
    expected = [str(each) for each in values] if isinstance(values[0], str) else None
    found = texts(values, "boolean")
    assert found == (expected or [None if pd.isna(each) else words[str(int(each))] for each in values])


def test_dates_are_iso_days():
    days = [dt.date(2024, 2, 29), None]
    assert texts(days, "date") == ["2024-02-29", None]
    assert texts(pd.Series(days, dtype="date32[pyarrow]"), "date") == ["2024-02-29", None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_aware_datetimes_travel_in_utc(unit):
    series = pd.Series(pd.to_datetime(["2024-07-01 12:00:00", None])).dt.tz_localize("Europe/Berlin").dt.as_unit(unit)
    assert texts(series, "datetime") == ["2024-07-01T10:00:00.000Z", None]
    assert texts(series.astype(object), "datetime") == ["2024-07-01T10:00:00.000Z", None]
    assert texts(series.convert_dtypes(dtype_backend="pyarrow"), "datetime") == ["2024-07-01T10:00:00.000Z", None]


def test_digits_finer_than_milliseconds_are_cut_downwards():
    series = pd.Series(pd.to_datetime(["2024-01-01T00:00:00.123999Z", "1969-12-31T23:59:59.999999Z"]))
    expected = ["2024-01-01T00:00:00.123Z", "1969-12-31T23:59:59.999Z"]
    assert texts(series) == expected
    assert texts(series.astype(object)) == expected


@pytest.mark.parametrize("kind", ["datetime", "string", None])
def test_naive_datetimes_need_a_zone(kind):
    series = pd.Series(pd.to_datetime([None, "2024-07-01 12:00"]))
    for each in (series, series.astype(object)):
        with pytest.raises(EncodeError, match=r"row 1 .*no time zone.*timezone="):
            texts(each, kind)
        assert texts(each, kind, timezone="Europe/Berlin") == [None, "2024-07-01T10:00:00.000Z"]


@pytest.mark.parametrize("moment", ["2024-03-31 02:30", "2024-10-27 02:30"])
def test_datetimes_that_the_change_of_clocks_leaves_out_or_doubles_are_refused(moment):
    series = pd.Series(pd.to_datetime(["2024-01-01 00:00", moment]), index=[10, 20])
    for each in (series, series.astype(object)):
        with pytest.raises(EncodeError, match=r"row 20 \(position 1\).*clock is changed"):
            texts(each, "datetime", timezone="Europe/Berlin")


def test_an_unknown_zone_is_a_wrong_call():
    with pytest.raises(UsageError, match="Europe/Brelin"):
        texts(["x"], timezone="Europe/Brelin")


@pytest.mark.parametrize("zone", [dt.UTC, ZoneInfo("Europe/Berlin"), 5, ""])
def test_a_zone_is_given_by_its_name(zone):
    with pytest.raises(UsageError, match="is no name of a time zone"):
        texts(["x"], timezone=zone)


def test_midnights_in_a_date_field_are_dates_by_their_own_clock():
    naive = pd.Series(pd.to_datetime(["2024-07-01", None]))
    aware = naive.dt.tz_localize("Asia/Tokyo")
    for each in (naive, aware, naive.astype(object), aware.astype(object)):
        assert texts(each, "date") == ["2024-07-01", None]


@pytest.mark.parametrize("zone", [tz.tzoffset("IST", 19_800), tz.tzoffset("EST", 3_600), tz.gettz("Europe/Berlin")])
@pytest.mark.parametrize("dtype", [None, object, "category"])
def test_zones_that_arrow_does_not_know_or_takes_for_others_keep_their_clock(zone, dtype):
    midnight = pd.Timestamp(2024, 7, 1, tz=zone)
    moments = pd.DatetimeIndex([midnight, None])
    try:
        moments.tolist()
    except AttributeError:
        pytest.skip("this pandas cannot list moments of the zone itself")
    series = pd.Series(moments, dtype=dtype)
    assert texts(series, "date") == ["2024-07-01", None]
    assert texts(series, "datetime") == [f"{midnight.tz_convert('UTC'):%Y-%m-%dT%H:%M:%S}.000Z", None]


def test_the_machines_own_zone_as_dateutil_has_it(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        series = pd.Series(pd.to_datetime(["2024-07-01", None])).dt.tz_localize(tz.tzlocal())
        assert texts(series, "date") == ["2024-07-01", None]
        assert texts(series, "datetime") == ["2024-06-30T22:00:00.000Z", None]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_times_of_day_in_a_date_field_are_left_to_salesforce():
    naive = pd.Series(pd.to_datetime(["2024-07-01 00:00:01.5", "2024-07-02 00:00:00.0", None]))
    aware = naive.dt.tz_localize("Asia/Tokyo")
    for each in (naive, naive.astype(object), naive.convert_dtypes(dtype_backend="pyarrow")):
        assert texts(each, "date") == ["2024-07-01T00:00:01.500", "2024-07-02", None]
    for each in (aware, aware.astype(object), aware.convert_dtypes(dtype_backend="pyarrow")):
        assert texts(each, "date") == ["2024-06-30T15:00:01.500Z", "2024-07-02", None]


def test_dates_in_a_datetime_field_are_midnights_of_the_zone():
    for each in ([dt.date(2024, 7, 1)], pd.Series([dt.date(2024, 7, 1)], dtype="date32[pyarrow]")):
        assert texts(each, "datetime", timezone="Europe/Berlin") == ["2024-06-30T22:00:00.000Z"]
        with pytest.raises(EncodeError, match="no time zone"):
            texts(each, "datetime")


def test_datetimes_among_dates_keep_their_hours():
    mixed = pd.Series([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5, tzinfo=dt.UTC), pd.NaT], dtype=object)
    assert texts(mixed) == ["2024-01-01", "2024-01-01T05:00:00.000Z", None]


def test_times_have_milliseconds_and_a_z():
    times = [dt.time(1, 2, 3, 456789), None]
    assert texts(times, "time") == ["01:02:03.456Z", None]
    assert texts(pd.Series(times, dtype=pd.ArrowDtype(pa.time64("us"))), "time") == ["01:02:03.456Z", None]
    with pytest.raises(EncodeError, match="offset"):
        texts([dt.time(1, tzinfo=dt.timezone(dt.timedelta(hours=1)))], "time")


def test_categories_of_every_kind_travel_as_their_values():
    assert texts(pd.Categorical(["a", None, "b"])) == ["a", None, "b"]
    assert texts(pd.Categorical([1.0, None, 2.0]), "int") == ["1", None, "2"]
    assert texts(pd.Categorical([dt.date(2024, 1, 1), None])) == ["2024-01-01", None]


def test_categories_of_mixed_kinds_are_written_one_by_one():
    days = [np.datetime64("2024-01-01"), np.int8(3), np.datetime64("2024-01-01"), None]
    assert texts(pd.Series(days, dtype="category"), "date") == ["2024-01-01", "3", "2024-01-01", None]
    moments = [dt.date(2024, 1, 1), pd.Timestamp(2024, 1, 1, 10)]
    assert texts(pd.Series(moments, dtype="category"), "date") == ["2024-01-01", "2024-01-01T10:00:00.000"]


def test_moments_at_the_ends_of_their_range_are_written_or_refused():
    first, year_1, last = pd.Timestamp.min, pd.Timestamp(1, 1, 1), np.datetime64("12000-01-01")
    assert texts([first, year_1, last, "x"], "date") == [
        "1677-09-21T00:12:43.145",
        "0001-01-01",
        "12000-01-01",
        "x",
    ]
    with pytest.raises(EncodeError, match="too early or too late"):
        texts([np.datetime64(2**62, "Y"), "x"], "date")
    with pytest.raises(EncodeError, match="too early or too late"):
        texts([dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))), "x"], "datetime")


def test_integers_of_thousands_of_digits_are_written_out():
    assert texts(pd.Series([10**5000, "x"], dtype=object)) == ["1" + "0" * 5000, "x"]


@pytest.mark.parametrize(
    "values",
    [
        [["A", "B"], None, []],
        [("A", "B"), None, ()],
        [np.array(["A", "B"]), None, np.array([])],
        [{"B", "A"}, None, set()],
        pd.Series([["A", "B"], None, []], dtype=pd.ArrowDtype(pa.list_(pa.string()))),
    ],
)
def test_lists_are_joined_for_multi_select_picklists(values):
    assert texts(pd.Series(values), "multipicklist") == ["A;B", None, None]


def test_a_set_of_several_types_has_an_order_too():
    assert texts([{"B", 1}], "multipicklist") == ["1;B"]


def test_lists_are_refused_elsewhere_and_where_they_could_not_be_read_back():
    with pytest.raises(EncodeError, match="multi-select picklist only"):
        texts([["A"]], "string")
    with pytest.raises(EncodeError, match="semicolon"):
        texts([["A;B"]], "multipicklist")
    with pytest.raises(EncodeError, match="missing"):
        texts([["A", None]], "multipicklist")


@pytest.mark.parametrize("missing", NA_KINDS, ids=repr)
def test_every_missing_value_is_missing_in_mixed_columns(missing):
    assert texts(pd.Series([missing, "x", 1], dtype=object)) == [None, "x", "1"]
    assert texts(pd.Series([missing, missing], dtype=object)) == [None, None]


def test_nan_inside_arrow_backed_floats_is_missing():
    array = pd.arrays.ArrowExtensionArray(pa.array([1.5, float("nan"), None]))
    assert texts(pd.Series(array)) == ["1.5", None, None]


def test_mixed_columns_are_written_cell_by_cell():
    key = uuid.UUID(int=5)
    moment = dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC)
    mixed = [
        dt.date(2024, 1, 2),
        moment,
        Decimal("2.50"),
        True,
        7,
        7.0,
        "x",
        np.int8(3),
        np.datetime64("2024-01-02"),
        key,
    ]
    expected = [
        "2024-01-02",
        "2024-01-02T03:00:00.000Z",
        "2.50",
        "true",
        "7",
        "7",
        "x",
        "3",
        "2024-01-02T00:00:00.000Z",
    ]
    assert texts(pd.Series(mixed, dtype=object), timezone="UTC") == [*expected, str(key)]


@pytest.mark.parametrize(
    "value",
    [
        *(b"x", dt.timedelta(1), pd.Period("2024-01"), 1j, {"a": 1}, object(), pd.Interval(0, 1)),
        *(np.timedelta64(1, "s"), np.timedelta64(1, "ns")),
    ],
)
def test_values_without_a_form_are_refused_with_their_place(value):
    with pytest.raises(EncodeError, match=r"column 'x', row 1 .*no form that Salesforce reads"):
        texts(pd.Series(["a", value], dtype=object))


@pytest.mark.parametrize(
    "series", [pd.Series(pd.to_timedelta([None, "1s"])), pd.Series(pd.period_range("2024", periods=2))]
)
def test_dtypes_without_a_form_are_refused(series):
    with pytest.raises(EncodeError, match="no form that Salesforce reads"):
        texts(series)


def test_lone_surrogates_are_refused_with_their_place():
    with pytest.raises(EncodeError, match=r"row 1 .*no valid Unicode"):
        texts(pd.Series(["ok", "bad \ud800"], dtype=object))


def test_carriage_returns_become_newlines():
    assert texts(["a\r\nb\rc\nd\r\n"]) == ["a\nb\nc\nd\n"]


def test_null_policies_for_all_and_for_one_column():
    frame = pd.DataFrame({"a": [None, "x", ""], "b": [1.0, None, None]})
    columns = [Column("a", "A"), Column("b", "B")]

    def sent(nulls):
        return text_table(frame, columns, EncodeOptions(nulls=nulls)).to_pydict()

    assert sent("ignore") == {"A": [None, "x", ""], "B": ["1", None, None]}
    assert sent("clear") == {"A": ["#N/A", "x", ""], "B": ["1", "#N/A", "#N/A"]}
    assert sent({"b": "clear"}) == {"A": [None, "x", ""], "B": ["1", "#N/A", "#N/A"]}


def test_a_null_policy_for_a_column_that_is_not_there_is_a_wrong_call():
    with pytest.raises(UsageError, match="'Emial'"):
        texts(["x"], nulls={"Emial": "clear"})


def test_a_missing_id_is_never_cleared():
    assert texts(["001000000000001AAA", None], "id", nulls="clear") == ["001000000000001AAA", None]


@pytest.mark.parametrize("nulls", ["drop", {"a": "drop"}, {"a": None}])
def test_other_null_policies_are_refused(nulls):
    with pytest.raises(ValueError, match="nulls must be"):
        EncodeOptions(nulls=nulls)


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_a_literal_na_mark_is_refused_unless_allowed(dtype):
    series = pd.Series(["x", "#N/A"], index=["r1", "r2"], dtype=dtype)
    with pytest.raises(EncodeError, match=r"row 'r2' \(position 1\): the cell holds the text #N/A"):
        texts(series)
    assert texts(series, allow_na_text=True) == ["x", "#N/A"]
    assert texts(pd.Series(["#n/a", "NA", "null", " #N/A"])) == ["#n/a", "NA", "null", " #N/A"]


def test_row_i_is_the_frames_row_i_whatever_the_index():
    frame = pd.DataFrame({"x": ["a", "b", "c"]}, index=[5, 5, -1])
    assert text_table(frame.iloc[::-1], [Column("x", "X")]).to_pydict() == {"X": ["c", "b", "a"]}
