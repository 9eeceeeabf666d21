"""What people do wrong in their first session is answered with what to do instead."""

import pandas as pd
import pytest

import sfbulk_pandas as sfbulk
from sfbulk_pandas.local_org import LocalOrg


@pytest.fixture(scope="module")
def local():
    with LocalOrg() as running:
        yield running


def test_connect_with_something_that_cannot_sign_in():
    with pytest.raises(sfbulk.UsageError, match=r"not int[\s\S]*JwtBearer"):
        sfbulk.connect(3)
    with pytest.raises(sfbulk.UsageError, match=r"a token, not an alias[\s\S]*AccessToken") as caught:
        sfbulk.connect("00D000000000001!planted")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("version", ["66", "v66.0", "latest", "66.5"])
def test_connect_with_what_is_no_version(local, version):
    with pytest.raises(sfbulk.UsageError, match=r"is no version\s+-> write it as '66\.0'"):
        sfbulk.connect(sfbulk.JwtBearer(**local.credentials()), api_version=version)


def test_load_of_something_that_is_no_frame(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        with pytest.raises(sfbulk.UsageError, match="a list holds no rows"):
            org.insert([{"LastName": "Curie"}], "Contact")
        with pytest.raises(sfbulk.UsageError, match=r"not by a DataFrame\s+-> the rows come first"):
            org.insert("Contact", pd.DataFrame({"LastName": ["Curie"]}))
        with pytest.raises(sfbulk.UsageError, match=r"Series (gives|holds) no rows[\s\S]*to_frame\(\)"):
            org.insert(pd.Series(["Curie"], name="LastName"), "Contact")
        with pytest.raises(sfbulk.UsageError, match=r"cannot be read as Parquet[\s\S]*pd\.read_csv"):
            org.insert(__file__, "Contact")


def test_the_line_that_resumes_pasted_as_it_stands(local):
    with sfbulk.connect(sfbulk.JwtBearer(**local.credentials())) as org:
        result = org.insert(pd.DataFrame({"LastName": ["Curie"]}), "Contact", repeat=True)
        with pytest.raises(sfbulk.UsageError, match=r"three dots stand for the rows\s+-> .*frame=df"):
            org.resume(result.load_id, frame=...)


def test_a_key_file_that_holds_no_key(local, tmp_path):
    (tmp_path / "server.key").write_text("hello")
    with pytest.raises(sfbulk.UsageError, match="BEGIN PRIVATE KEY"):
        sfbulk.connect(sfbulk.JwtBearer(**{**local.credentials(), "private_key": tmp_path / "server.key"}))
