"""A web server on this machine whose files can be slow, short or wrong."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """What the server answers: `files` by name, and faults by name."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.truncate_to: dict[str, int] = {}
        self.sleep: dict[str, float] = {}
        self.requests: list[str] = []
        self.url = ""


@contextmanager
def serve():
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.split("?")[0].lstrip("/")
            site.requests.append(name)
            time.sleep(site.sleep.get(name, 0))
            if name not in site.files:
                self.send_error(404)
                return
            body = site.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: site.truncate_to.get(name, len(body))])

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
