"""Images a file names are fetched from allowed hosts only, by a worker, and never from inside our own network."""

import http.client
import io
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PIL import Image

from catalog.importing import fetching, images
from catalog.models import ImportedImage, Listing, Photo
from kit.clock import fixed_at
from tests.factories import ListingFactory

HOST = "cdn.example.com"
PUBLIC = "93.184.215.14"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

Answers = Callable[..., None]


class Answer(io.BytesIO):
    """What a host answers."""

    def __init__(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        super().__init__(body)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Says what the network answers, in turn; an exception is raised."""

    def say(*given: Answer | OSError, address: str = PUBLIC) -> None:
        waiting: Iterator[Answer | OSError] = iter(given)

        def answer(_connection: object) -> Answer:
            found = next(waiting)
            if isinstance(found, OSError):
                raise found
            return found

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (address, 443))])
        monkeypatch.setattr(http.client.HTTPSConnection, "request", lambda *_a, **_k: None)
        monkeypatch.setattr(http.client.HTTPSConnection, "getresponse", answer)

    return say


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 50), "#b58863").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "address",
    [
        *"127.0.0.1 10.0.0.7 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1".split(),
        *"::1 fd00::1 fe80::1 fec0::1 ::ffff:10.0.0.1 ::10.0.0.7 64:ff9b::10.0.0.7".split(),
    ],
)
def test_a_host_in_a_private_network_is_never_asked(answers: Answers, address: str) -> None:
    answers(address=address)

    with pytest.raises(fetching.NotFetched, match="private network"):
        fetching.fetch(f"https://{HOST}/a.jpg", most=10)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers()
    asked: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_more: object) -> socket.socket:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(http.client.HTTPSConnection, "request", lambda self, *_a, **_k: self.connect())

    with pytest.raises(fetching.TryLater):
        fetching.fetch(f"https://{HOST}/a.jpg", most=10)

    assert asked == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ([Answer(302, Location="https://evil.example/a.jpg")], fetching.NotFetched, "another place"),
        ([Answer(302, Location="http://cdn.example.com/a.jpg")], fetching.NotFetched, "another place"),
        ([Answer(301, Location="/b.jpg")] * 4, fetching.NotFetched, "one place to the next"),
        ([Answer(404)], fetching.NotFetched, "answered 404"),
        ([Answer(503)], fetching.TryLater, "answered 503"),
        ([Answer(200, b"x" * 11)], fetching.NotFetched, "larger"),
        ([Answer(200, Content_Length="99")], fetching.NotFetched, "larger"),
        ([Answer(200, b"x", Content_Length="9")], fetching.TryLater, "cut short"),
        ([Answer(200, b"x", Content_Length="many")], fetching.NotFetched, "cannot be read"),
        ([Answer(302, Location="https://[x/")], fetching.NotFetched, "cannot be read"),
        ([Answer(302, Location=f"https://{HOST}:99999/")], fetching.NotFetched, "cannot be read"),
        ([OSError()], fetching.TryLater, "did not answer"),
    ],
)
def test_what_a_host_may_not_do(
    answers: Answers, given: list[Answer | OSError], kind: type[Exception], words: str
) -> None:
    answers(*given)

    with pytest.raises(kind, match=words) as refusal:
        fetching.fetch(f"https://{HOST}/a.jpg", most=10)

    assert type(refusal.value) is kind


def test_a_redirect_to_the_same_host_is_followed(answers: Answers) -> None:
    answers(Answer(302, Location="/b.jpg?x=1"), Answer(200, b"here"))

    assert fetching.fetch(f"https://{HOST}/ä b.jpg", most=10) == b"here"


@pytest.fixture
def lamp(db: None) -> Listing:
    return ListingFactory()


def queue(listing: Listing, *addresses: str) -> int:
    return images.queue([(listing, [(address, "A lamp") for address in addresses])])


def test_nothing_is_fetched_unless_the_operator_allows_the_host(lamp: Listing, settings: object) -> None:
    nothing = queue(lamp, f"https://{HOST}/1.png")
    settings.IMPORT_IMAGE_HOSTS = frozenset({HOST})
    some = queue(
        lamp, f"https://{HOST}/1.png", f"http://{HOST}/2.png", f"https://x.{HOST}/3.png", "https://evil.example/"
    )
    again = queue(lamp, f"https://{HOST}/1.png")

    assert (nothing, some, again) == (0, 1, 0)


def test_an_image_becomes_a_photo_with_its_words(lamp: Listing, settings: object, answers: Answers) -> None:
    settings.IMPORT_IMAGE_HOSTS = frozenset({HOST})
    queue(lamp, f"https://{HOST}/1.png", f"https://{HOST}/2.png")
    answers(Answer(200, picture()), Answer(200, b"<svg/>"))

    tried = images.fetch_due()

    photo = Photo.objects.get()
    assert (tried, photo.listing, photo.alt) == (2, lamp, "A lamp")
    assert dict(ImportedImage.objects.values_list("photo", "due_at")) == {photo.pk: None, None: None}
    assert "not a photo" in ImportedImage.objects.get(photo=None).refusal


def test_a_host_that_says_later_is_asked_three_times_more_and_then_no_more(
    lamp: Listing, settings: object, answers: Answers
) -> None:
    settings.IMPORT_IMAGE_HOSTS = frozenset({HOST})
    with fixed_at(NOON):
        queue(lamp, f"https://{HOST}/1.png")
    moment, tried = NOON, 0
    for pause in (*images.PAUSES, images.PAUSES[-1], images.PAUSES[-1]):
        answers(Answer(503))
        with fixed_at(moment):
            tried += images.fetch_due()
            assert images.fetch_due() == 0
        moment += pause

    image = ImportedImage.objects.get()
    assert (tried, image.attempts, image.due_at) == (4, 4, None)
    assert image.refusal == "the host answered 503"


def test_an_address_that_cannot_be_read_keeps_no_other_image_waiting(
    lamp: Listing, settings: object, answers: Answers
) -> None:
    settings.IMPORT_IMAGE_HOSTS = frozenset({HOST})
    queue(lamp, f"https://{HOST}:port/1.png", f"https://{HOST}/2.png")
    answers(Answer(200, picture()))

    tried = images.fetch_due()

    first, second = ImportedImage.objects.order_by("position")
    assert (tried, first.due_at, second.photo) == (2, None, lamp.photos.get())
    assert "cannot be read" in first.refusal
