import pandas as pd
import pyarrow as pa
import pytest

from sfbulk_pandas.codec.schema import TypeOptions, arrow_type, to_pandas
from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType

KINDS = ["string", "boolean", "int", "double", "date", "datetime", "time"]
EXPECTED = {
    None: ["text", "boolean", "Int64", "float64", "date32[day][pyarrow]", "datetime64[ms, UTC]", "time32[ms][pyarrow]"],
    "numpy_nullable": [
        "string",
        "boolean",
        "Int64",
        "Float64",
        "date32[day][pyarrow]",
        "datetime64[ms, UTC]",
        "time32[ms][pyarrow]",
    ],
    "pyarrow": [
        "string",
        "bool[pyarrow]",
        "int64[pyarrow]",
        "double[pyarrow]",
        "date32[day][pyarrow]",
        "timestamp[ms, tz=UTC][pyarrow]",
        "time32[ms][pyarrow]",
    ],
}


def name_of(dtype):
    if isinstance(dtype, pd.StringDtype):
        return "text" if dtype.name in {"str", "string"} else dtype.name
    return "text" if dtype == "string[pyarrow]" else str(dtype)


def table(rows):
    schema = pa.schema([(kind, arrow_type(FieldDescribe(kind, FieldType(kind)))) for kind in KINDS])
    values = {"string": "00123", "boolean": True, "int": 5, "double": 1.5, "date": 1, "datetime": 1, "time": 1}
    arrays = [pa.array([values[kind], None][:rows], each.type) for kind, each in zip(KINDS, schema, strict=True)]
    return pa.table(arrays, schema=schema)


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_dtypes_depend_on_the_describe_alone(backend, rows):
    frame = to_pandas(table(rows), backend)
    expected = ["text" if each == "string" else each for each in EXPECTED[backend]]
    assert [name_of(each) for each in frame.dtypes] == expected
    assert len(frame) == rows


def test_missing_values_are_missing():
    frame = to_pandas(table(2))
    assert frame.iloc[1].isna().all()
    assert frame["string"].iloc[0] == "00123"
    assert frame["boolean"].iloc[0] is True or bool(frame["boolean"].iloc[0])


@pytest.mark.parametrize("kind", ["id", "reference", "picklist", "multipicklist", "address", "base64", "new in 2030"])
def test_everything_else_is_text(kind):
    assert arrow_type(FieldDescribe("X", FieldType(kind))) == pa.string()
    assert arrow_type(None) == pa.string()


def test_other_backends_are_refused():
    with pytest.raises(UsageError, match="dtype_backend"):
        to_pandas(table(0), "polars")


def asked(kind, **options):
    return arrow_type(FieldDescribe("X", FieldType(kind), precision=16, scale=2), TypeOptions(**options))


@pytest.mark.parametrize("kind", ["double", "currency", "percent"])
def test_doubles_are_decimals_on_request(kind):
    assert asked(kind, decimals=True) == pa.decimal128(16, 2)
    assert asked(kind, categories=True, lists=True) == pa.float64()
    assert arrow_type(FieldDescribe("X", FieldType(kind)), TypeOptions(decimals=True)) == pa.float64()


def test_picklists_are_dictionaries_and_lists_on_request():
    options = {"categories": True, "lists": True}
    assert asked("picklist", **options) == pa.dictionary(pa.int32(), pa.string())
    assert asked("multipicklist", **options) == pa.list_(pa.string())
    assert [asked(kind, **options) for kind in ("string", "combobox", "int")] == [pa.string(), pa.string(), pa.int64()]
    assert asked("int", decimals=True) == pa.int64()


def test_other_ways_with_bad_values_are_refused():
    with pytest.raises(UsageError, match="on_bad_value"):
        TypeOptions(on_bad_value="ignore")


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("rows", [0, 2])
def test_requested_types_keep_their_dtypes_in_pandas(backend, rows):
    texts = pa.chunked_array([pa.array(["b"]).dictionary_encode(), pa.array(["a"]).dictionary_encode()])
    lists = pa.array([["x", "y"], None], pa.list_(pa.string()))
    sums = pa.array([1, 2], pa.decimal128(16, 2))
    frame = to_pandas(pa.table({"p": texts, "l": lists, "m": sums}).slice(0, rows), backend)
    first = "dictionary<values=string, indices=int32, ordered=0>[pyarrow]" if backend == "pyarrow" else "category"
    assert [str(each) for each in frame.dtypes] == [first, "list<item: string>[pyarrow]", "decimal128(16, 2)[pyarrow]"]
    assert frame["p"].astype(object).tolist() == ["b", "a"][:rows]
