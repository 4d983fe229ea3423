"""Images are fetched from a real server here, over TLS, which behaves in every way a host may: only where names lead
and whose certificates count is said by the test.
"""

import io
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image

from catalog.importing import fetching, images
from catalog.models import ImportedImage, Listing
from tests.factories import ListingFactory

HOST = "cdn.example.com"
PUBLIC = "93.184.215.14"


def certificate(folder: Path) -> Path:
    """A key and a certificate for HOST that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "host.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 50), "#b58863").save(out, "PNG")
    return out.getvalue()


class Host(BaseHTTPRequestHandler):
    """Answers by what the path says."""

    asked: list[str]

    def do_GET(self) -> None:
        """One of the ways below; a host that is cut off while it goes on and on is no fault."""
        self.asked.append(self.path)
        try:
            {
                "/good.png": lambda: self._all("image/png", picture()),
                "/page.png": lambda: self._all("image/png", b"<html><script>alert(1)</script></html>"),
                "/moved.png": lambda: self._moved("/good.png"),
                "/inside.png": lambda: self._moved(f"https://127.0.0.1:{self.server.server_address[1]}/good.png"),
                "/metadata.png": lambda: self._moved("https://169.254.169.254/latest/meta-data/"),
                "/elsewhere.png": lambda: self._moved(f"https://{HOST}:8443/good.png"),
                "/endless.png": self._endless,
                "/chunks.png": self._chunks,
                "/drip.png": self._drip,
                "/headers.png": self._headers,
            }[self.path]()
        except OSError:
            self.close_connection = True

    def log_message(self, *_said: object) -> None:
        """Nothing to say."""

    def _all(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _moved(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _each in itertools.repeat(None, 10_000):
            self.wfile.write(b"x" * 65536)

    def _chunks(self) -> None:
        """The size of a chunk, with a remark that never ends."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        self._slowly(b"x")

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self._slowly(b"x")

    def _headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._slowly(b"x")

    def _slowly(self, byte: bytes) -> None:
        for _each in range(500):
            self.wfile.write(byte)
            time.sleep(0.02)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The host's port, and the certificate it shows."""
    pem = certificate(tmp_path_factory.mktemp("host"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield httpd.server_address[1], pem
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def asked(server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the host was asked for, once the name leads to a public address at which our host is."""
    port, pem = server
    paths: list[str] = []
    monkeypatch.setattr(Host, "asked", paths, raising=False)
    trust = ssl.create_default_context
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (PUBLIC, 443))])
    monkeypatch.setattr(ssl, "create_default_context", lambda: trust(cafile=pem))

    def to_our_host(address: tuple[str, int], timeout: float) -> socket.socket:
        assert address == (PUBLIC, 443)
        ours = socket.socket()
        ours.settimeout(timeout)
        ours.connect(("127.0.0.1", port))
        return ours

    monkeypatch.setattr(socket, "create_connection", to_our_host)
    return paths


def get(path: str) -> bytes:
    return fetching.fetch(f"https://{HOST}{path}", most=100_000)


def test_an_image_is_fetched_also_where_the_same_host_moved_it(asked: list[str]) -> None:
    assert get("/good.png") == get("/moved.png") == picture()
    assert asked == ["/good.png", "/moved.png", "/good.png"]


@pytest.mark.parametrize("path", ["/inside.png", "/metadata.png", "/elsewhere.png"])
def test_a_redirect_to_another_place_is_not_followed(asked: list[str], path: str) -> None:
    with pytest.raises(fetching.NotFetched, match="another place"):
        get(path)

    assert asked == [path]


def test_a_name_that_leads_inside_is_never_asked(server: tuple[int, Path]) -> None:
    with pytest.raises(fetching.NotFetched, match="private network"):
        fetching.fetch(f"https://localhost:443/{server[0]}", most=10)


def test_a_name_that_leads_inside_the_second_time_is_not_asked_again(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: Iterator[str] = iter([PUBLIC, "10.0.0.7"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (next(answers), 443))])

    with pytest.raises(fetching.NotFetched, match="private network"):
        get("/moved.png")

    assert asked == ["/moved.png"]


def test_a_host_without_the_names_certificate_is_not_believed(
    asked: list[str], server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(fetching.TryLater, match="CertVerification"):
        fetching.fetch("https://shop.example.com/good.png", most=10)

    assert asked == []


def test_an_endless_body_ends_at_the_most_that_is_taken(asked: list[str]) -> None:
    with pytest.raises(fetching.NotFetched, match="larger"):
        get("/endless.png")


@pytest.mark.parametrize("path", ["/drip.png", "/chunks.png", "/headers.png"])
def test_a_host_that_sends_a_byte_at_a_time_is_left_in_time(
    asked: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    begun = time.monotonic()

    with pytest.raises(fetching.TryLater):
        get(path)

    assert time.monotonic() - begun < 5


@pytest.mark.django_db
def test_what_calls_itself_an_image_and_is_none_becomes_no_photo(
    asked: list[str], settings: Callable[..., object]
) -> None:
    settings.IMPORT_IMAGE_HOSTS = frozenset({HOST})  # type: ignore[attr-defined]
    lamp: Listing = ListingFactory()
    images.queue([(lamp, [(f"https://{HOST}/page.png", ""), (f"https://{HOST}/good.png", "A lamp")])])

    images.fetch_due()

    page, good = ImportedImage.objects.order_by("position")
    assert "not a photo" in page.refusal
    assert (page.due_at, good.photo) == (None, lamp.photos.get())
