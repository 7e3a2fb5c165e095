"""Headless Chromium for tests, steered through its debugging protocol; tests that need it are skipped with a reason where it is missing."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def start_browser(folder):
    """Start Chromium with a profile in `folder`; skip the test where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no Chromium here (looked for {', '.join(NAMES)}); on Debian: apt install chromium")
    return Browser(program, Path(folder))


class Browser:
    """One page of headless Chromium, steered through its debugging protocol."""

    def __init__(self, program, folder):
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
        self.process = subprocess.Popen(
            [program, *flags, f"--user-data-dir={folder}", "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.socket, self.ids, port = None, itertools.count(1), folder / "DevToolsActivePort"
        wait_for(lambda: port.exists() and len(port.read_text().split()) == 2, "Chromium did not start")
        number, path = port.read_text().split()
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{number}{path}", suppress_origin=True, timeout=60)
        self.session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def send(self, method, **parameters):
        number = next(self.ids)
        extra = {"sessionId": self.session} if self.session else {}
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters, **extra}))
        while (reply := json.loads(self.socket.recv())).get("id") != number:
            pass
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    def ask(self, expression):
        return self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def open(self, path):
        self.send("Page.navigate", url=path.as_uri())
        self.settle(path.as_uri())

    def settle(self, address):
        done = f"document.readyState === 'complete' && location.href === {json.dumps(address)}"
        wait_for(lambda: self.ask(done), f"{address} was not opened")
        self.ask("new Promise(done => setTimeout(done, 300))")

    def click(self, selector):
        box = self.ask(
            f"(() => {{const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const b = e.getClientRects()[0]; return [b.x + b.width / 2, b.y + b.height / 2]})()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def close(self):
        if self.socket is not None:
            self.session = None
            self.send("Browser.close")
            self.socket.close()
        else:
            self.process.kill()
        self.process.wait(30)


def wait_for(is_done, problem):
    for _ in range(300):
        if is_done():
            return
        time.sleep(0.1)
    raise TimeoutError(problem)
