"""Without the extra, the import says what to install."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["duckdb", "lark", "werkzeug"])
def test_a_missing_package_is_named_with_the_extra(package):
    script = f"import sys; sys.modules[{package!r}] = None; import sfbulk_pandas.local_org"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the local org needs {package}" in done.stderr
    assert "pip install 'sfbulk_pandas[local-org]'" in done.stderr
