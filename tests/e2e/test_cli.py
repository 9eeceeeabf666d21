"""The command line: the demo tells its story, the local org serves until it is stopped."""

import os
import re
import signal
import subprocess
import sys

import pandas as pd
import pytest
import requests

from sfbulk_pandas.cli.main import main


@pytest.mark.slow
def test_demo(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"^── \d", out, re.MULTILINE)) == 6
    first, mended = re.findall(r"upsert Contact, ([\d,]+) rows\n\S+  \S ([\d,]+) successful  \S ([\d,]+) failed", out)
    numbers = [[int(text.replace(",", "")) for text in each] for each in (first, mended)]
    assert all(rows == successful + failed for rows, successful, failed in numbers)
    assert numbers[1][1] > numbers[0][1] > 0
    assert numbers[1][2] < numbers[0][2] / 4
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" in out
    frame = pd.read_parquet(tmp_path / "contacts.parquet")
    assert f"{len(frame):,} rows" in out
    assert {"01067", "NA"} & set(frame["MailingPostalCode"].dropna())


def test_local_org_runs_until_it_is_interrupted():
    command = [sys.executable, "-m", "sfbulk_pandas.cli", "local-org", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        greeting = "".join(process.stdout.readline() for _ in range(4))
        url = re.search(r"http://127\.0\.0\.1:\d+", greeting).group()
        token = re.search(r'AccessToken\("([^"]+)"', greeting).group(1)
        answer = requests.get(
            f"{url}/services/data/v66.0/limits", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        assert answer.status_code == 200
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
        assert "stopped" in process.stdout.read()


def test_wrong_arguments():
    with pytest.raises(SystemExit) as caught:
        main(["load"])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    "arguments", [("--port", "65536"), ("--port", "-1"), ("--seconds", "-1"), ("--seconds", "nan")]
)
def test_wrong_numbers_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["local-org", *arguments])
    assert caught.value.code == 2
    assert arguments[1] in capsys.readouterr().err


def test_a_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "crm.db"
    file.write_text("no database")
    command = [sys.executable, "-m", "sfbulk_pandas.cli", "local-org", "--port", "0", "--file", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert f"sfbulk: {file} cannot be used as a database" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--out", str(tmp_path / "file" / "below")]) == 1
    assert str(tmp_path / "file" / "below") in capsys.readouterr().err
