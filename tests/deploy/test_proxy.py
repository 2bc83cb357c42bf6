"""`deploy/nginx.conf` in a real nginx: what it sets, what it strips, and what it refuses (`-m proxy`)."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.processes import free_port

pytestmark = pytest.mark.proxy

CONF = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"
MAIN = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/portal.conf;
}}
"""


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it was sent and the length of the body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        body = json.dumps({"headers": dict(self.headers.items()), "length": length}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return


class Proxy:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def ask(
        self, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str]]:
        """The status, and the headers that reached the portal (none where nothing reached it)."""
        insecure = ssl._create_unverified_context()  # noqa: S323 - a certificate of the test's own
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=insecure)
        sent = {"Host": "portal.example.com", **(headers or {})}
        try:
            connection.request("POST" if body else "GET", path, body=body or None, headers=sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        reached = json.loads(text)["headers"] if text.startswith(b"{") else {}
        return answer.status, reached


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    # nginx's own user reaches no directory of pytest's.
    folder = Path(tempfile.mkdtemp(prefix="portal-proxy-", dir="/tmp"))
    folder.chmod(0o755)
    write_certificate(folder)
    port = free_port()
    text = CONF.read_text()
    for given, ours in (
        ("127.0.0.1:8000", f"127.0.0.1:{upstream.server_port}"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/portal", str(folder)),
        ("/var/log/nginx", str(folder)),
    ):
        assert given in text
        text = text.replace(given, ours)
    (folder / "portal.conf").write_text(text)
    user = "user www-data;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        wait_until_it_answers(port)
        yield Proxy(folder, port)
    finally:
        nginx.terminate()
        nginx.wait(timeout=20)
        upstream.shutdown()
        shutil.rmtree(folder)


def wait_until_it_answers(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def test_what_a_visitor_says_of_himself_is_replaced(proxy: Proxy) -> None:
    lies = {
        "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
    }
    status, reached = proxy.ask("/accounts/login/", lies)
    assert status == 200
    assert reached["X-Forwarded-For"] == "127.0.0.1"
    assert reached["X-Forwarded-Proto"] == "https"
    assert reached["Host"] == "portal.example.com"
    assert {"X-Forwarded-Host", "X-Real-IP", "Forwarded"} & set(reached) == set()


def test_a_body_is_bounded_before_the_portal_hears_of_it(proxy: Proxy) -> None:
    assert proxy.ask("/contacts/imports/new/", body=b"x" * 51 * 1024 * 1024)[0] == 200
    assert proxy.ask("/contacts/imports/new/", body=b"x" * 53 * 1024 * 1024) == (413, {})
    assert proxy.ask("/hooks/amootsms/secret/", body=b"x" * 2 * 1024 * 1024) == (413, {})


def test_readiness_and_figures_are_not_for_visitors(proxy: Proxy) -> None:
    assert [proxy.ask(path) for path in ("/readyz", "/metrics")] == [(404, {}), (404, {})]


def test_the_log_holds_no_search_and_no_secret_path(proxy: Proxy) -> None:
    proxy.ask("/contacts/?q=09121234567")
    proxy.ask("/hooks/amootsms/the-callback-secret/", body=b"MessageID=1")
    log = (proxy.folder / "portal.log").read_text()
    assert "GET /contacts/ 200" in log
    assert "09121234567" not in log
    assert "the-callback-secret" not in log
