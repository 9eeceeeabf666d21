"""The bench that the browser's tests stand on: it leaves nothing behind, and its eyes see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import requests
from lab_server import Server

STUMBLES = """
<div id="all">
  <button id="nameless"><i></i></button> <button title="Abort"></button>
  <button disabled style="color: #eee; background: #fff">off</button>
  <span role="button" tabindex="0">reached</span> <span role="button" id="deaf">not reached</span>
  <p style="color: #999; background: #fff" id="faint">faint</p>
  <p style="color: #000; opacity: .3; background: #fff" id="thin">thin</p>
  <p style="color: #666; background: #fff">well</p>
  <p style="color: #999; font-size: 30px">large, but faint</p> <p style="color: #888; font-size: 30px">large</p>
  <div style="background: rgba(0, 0, 0, .9)"><p style="color: #fff">light on dark</p><p id="dark">dark on dark</p></div>
  <p style="color: #fff; display: none">not shown</p>
</div>
"""


def test_a_server_that_stops_leaves_no_kernel(chromium_path, tmp_path):
    before = psutil.Process().children(recursive=True)
    server = Server(tmp_path).start()
    with requests.post(f"{server.url}/api/kernels", headers={"Authorization": f"token {server.token}"}, timeout=60):
        family = [each for each in psutil.Process().children(recursive=True) if each not in before]
    assert len(family) > 1
    server.stop()
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


STARTS = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
from lab_server import Server
Server(pathlib.Path(sys.argv[2])).start()
print("started", flush=True)
time.sleep(600)
"""


def test_a_server_ends_with_tests_that_are_killed(chromium_path, tmp_path):
    command = [sys.executable, "-c", STARTS, Path(__file__).parent, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout.readline() == "started\n"
        family = psutil.Process(tests.pid).children(recursive=True)
        tests.kill()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert family
    assert alive == []


def test_a_stranger_is_not_let_in(server):
    with requests.get(f"{server.url}/api/kernels", timeout=60) as answer:
        assert answer.status_code == 403


def test_eyes_see_what_others_stumble_over(chromium):
    from lab_page import HERE

    with chromium.new_page() as page:
        page.add_init_script(path=HERE / "lab_eyes.js")
        page.goto("about:blank")
        page.set_content(STUMBLES)
        seen = page.evaluate("() => eyes.troubles('#all')")
    told = [(line.partition(":")[0].split()[-1], line) for line in seen]
    assert len(told) == 6, seen
    assert all(
        any(name in line for _, line in told) for name in ("nameless", "deaf", "faint", "thin", "dark", "large,")
    )
