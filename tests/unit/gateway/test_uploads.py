"""A file goes to Stripe only with the bytes that were written down."""

import pytest

from gateway import uploads
from gateway.errors import StripeRefused
from gateway.models import Operation

BYTES = b"%PDF-1.7 a slip"


def asked(name: str, told: dict[str, object]) -> Operation:
    return Operation(name=name, path=uploads.PATH, request={"purpose": "dispute_evidence", "file": told})


def source(name: str, content: bytes | None) -> str:
    def fetch(_operation: Operation) -> bytes:
        if content is None:
            raise FileNotFoundError(name)
        return content

    uploads.register(name, fetch)
    return name


def test_the_bytes_go_in_place_of_what_was_said_of_them():
    operation = asked(source("test.upload", BYTES), uploads.described(BYTES, "slip.pdf"))

    filled = uploads.filled(operation, operation.request)

    assert (filled["file"].read(), filled["file"].name, filled["purpose"]) == (BYTES, "slip.pdf", "dispute_evidence")


@pytest.mark.parametrize(("content", "told"), [(b"other", "is not as it was written down"), (None, "cannot be read")])
def test_other_bytes_and_none_are_refused_before_stripe_is_asked(content: bytes | None, told: str):
    operation = asked(source("test.upload", content), uploads.described(BYTES, "slip.pdf"))

    with pytest.raises(StripeRefused, match=told):
        uploads.filled(operation, operation.request)


def test_other_requests_are_left_alone():
    operation = Operation(name="transfer.create", path="/v1/transfers", request={"amount": 5})

    assert uploads.filled(operation, operation.request) == {"amount": 5}
