"""The sample list in data/: made by its script, and as messy as its README says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

DATA = Path(__file__).resolve().parents[2] / "data"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / name, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_contacts", DATA / "make_contacts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def contacts() -> pd.DataFrame:
    return read("contacts.csv")


def test_the_script_makes_the_files_byte_for_byte(script, tmp_path):
    script.main(tmp_path)
    for name in ("accounts.csv", "contacts.csv"):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), (
            f"run data/make_contacts.py: {name} differs"
        )


def test_contacts_are_a_few_thousand_and_accounts_a_few_hundred(contacts):
    assert len(contacts) == 3_000
    assert 300 <= len(read("accounts.csv")) < 400


def test_contacts_are_messy(contacts):
    names = contacts["Last name"]
    assert (names != names.str.strip()).sum() > 50
    assert contacts["Contact no."].duplicated().sum() > 90
    assert (contacts["Contact no."] == "").sum() > 5
    assert (names == "").sum() > 5
    mails = contacts.loc[contacts["E-mail"] != "", "E-mail"].str.strip()
    assert (~mails.str.fullmatch(r"[^@\s,]+@[^@\s,]+\.[A-Za-z]+")).sum() > 20
    assert contacts.loc[contacts["Lead source"] != "", "Lead source"].nunique() > 8
    assert contacts["Phone"].str.contains("call|ask|same").sum() > 10
    for style in (r"\d{4}-\d\d-\d\d", r"\d\d\.\d\d\.\d{4}", r"[A-Z][a-z]+ \d+, \d{4}"):
        assert contacts["Birth date"].str.fullmatch(style).sum() > 200


def test_contacts_hold_what_is_easily_broken(contacts):
    assert contacts["ZIP"].str.startswith("0").sum() > 300
    assert (contacts["Country"] == "NA").sum() > 50
    assert (contacts["Last name"] == "Null").sum() > 10
    assert contacts["City"].str.contains(",").any()
    assert contacts["Notes"].str.contains('"').any()
    assert contacts["Notes"].str.contains("[^\r]\n", regex=True).any()
    assert contacts["Notes"].str.contains("\r\n").any()
    assert contacts["First name"].str.contains("美").any()


def test_files_are_small():
    assert all(path.stat().st_size < 500_000 for path in DATA.iterdir() if path.is_file())
