"""What `import sfbulk_pandas` must not drag in: optional packages, and the local org."""

from __future__ import annotations

import subprocess
import sys

LEFT_OUT = ("dask", "ipywidgets", "ipydatagrid", "IPython", "duckdb", "lark", "werkzeug", "sfbulk_pandas.local_org")


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_leaves_optional_parts_alone():
    loaded = modules_after("import sfbulk_pandas")
    assert "sfbulk_pandas" in loaded
    assert sorted(loaded.intersection(LEFT_OUT)) == []


def test_import_works_without_the_optional_packages():
    """Block the packages of the extras, as on a machine where only the package itself is installed."""
    blocked = [name for name in LEFT_OUT if not name.startswith("sfbulk_pandas")]
    modules_after(f"import sys\nsys.modules.update(dict.fromkeys({blocked!r}))\nimport sfbulk_pandas")
