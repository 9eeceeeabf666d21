"""What the panel of a notebook costs, in a real kernel: ``pytest -m benchmark -s``. Wall time, processor time, its own.

``TURNS=20`` in the environment says how often each way is measured, ``ROWS`` how many rows there are.
"""

import json
import os
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).parent))  # the tasks are scripts beside this file

from discarding_org import DiscardingOrg
from load_tasks import DESCRIBES
from page_org import PageOrg

pytestmark = pytest.mark.benchmark
HERE = Path(__file__).parent
ROWS = int(os.environ.get("ROWS", "400000"))
EXTRACT_ROWS = 16 * ROWS  # so that it takes as long as a load of the others
TURNS = int(os.environ.get("TURNS", "9"))
PARTS, PAGES = 40, 200
KINDS = ("wall", "cpu", "user")  # seconds: of the clock, of the processor, and of those for other than the system
RANDOM = np.random.default_rng(1)


@pytest.fixture
def run(tmp_path):
    """Run code in a kernel, and return the JSON that it prints last."""
    paths = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": paths, "IPYTHONDIR": str(tmp_path)})

    def run(code):
        said = []

        def hear(message):
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])

        reply = client.execute_interactive(code, timeout=1800, output_hook=hear)
        assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
        return json.loads("".join(said).splitlines()[-1])

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def tell(what, found):
    medians = {way: {name: statistics.median(found[way][name]) for name in KINDS} for way in ("panel", "none")}
    print(f"\n{what}, {TURNS} rounds in random order")
    print(f"  {found['events']:.0f} events and {found['drawings']:.1f} drawings each")
    for name in KINDS:
        more = medians["panel"][name] / medians["none"][name] - 1
        least = min(found["panel"][name]) / min(found["none"][name]) - 1
        paired = np.array(found["panel"][name]) / np.array(found["none"][name]) - 1
        low, high = np.quantile(np.median(RANDOM.choice(paired, (10_000, TURNS)), axis=1), [0.025, 0.975])
        print(
            f"  {name:<5} panel {medians['panel'][name]:.3f} s, none {medians['none'][name]:.3f} s: "
            f"{more:+.2%} by medians, {least:+.2%} by the best, "
            f"{np.median(paired):+.2%} by pairs (95%: {low:+.2%} to {high:+.2%})"
        )
    own = found["own"]
    shares = (own / medians["none"][name] for name in ("wall", "cpu"))
    of_time, of_processor = (f"{share:.2%}" for share in shares)
    print(f"  the panel's own: {own * 1e3:.1f} ms, {of_time} of the time, {of_processor} of the processor time")


def test_a_load(run, tmp_path):
    describes = tmp_path / "describes.json"
    describes.write_text(json.dumps(DESCRIBES), "utf-8")
    results = tmp_path / "results"
    results.mkdir()
    part_rows = ROWS // PARTS
    with DiscardingOrg(results, describes) as org:
        found = run(
            "import json, panel_tasks as tasks\n"
            f"tasks.prepare({str(results)!r}, {ROWS}, {part_rows})\n"
            f"print(json.dumps(tasks.rounds(tasks.loads({org.host!r}, {ROWS}, {part_rows}), {TURNS})))"
        )
    tell(f"a load of {ROWS:,} rows in {PARTS} parts", found)
    assert found["events"] > PARTS
    assert found["drawings"] > 1


def test_an_extract_of_many_pages(run):
    with PageOrg(EXTRACT_ROWS, [PAGES]) as org:
        found = run(
            "import json, panel_tasks as tasks\n"
            f"print(json.dumps(tasks.rounds(tasks.queries({org.host!r}, {EXTRACT_ROWS}, {PAGES}), {TURNS})))"
        )
    tell(f"an extract of {EXTRACT_ROWS:,} rows in {PAGES} pages", found)
    assert found["events"] > PAGES
    assert found["drawings"] > 1
