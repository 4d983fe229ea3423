"""Files: kept as they were uploaded, and given back to whoever uploaded them."""

import io

import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop

BEARER = {"Authorization": "Bearer sk_test_emulator"}
PDF = b"%PDF-1.7 evidence \x00\xff"


def test_a_file_is_given_back_as_it_was_uploaded(em: Emulator, client: stripe.StripeClient) -> None:
    file = io.BytesIO(PDF)
    file.name = "letter.pdf"
    made = client.v1.files.create({"purpose": "dispute_evidence", "file": file})

    answer = em.handle("GET", f"/v1/files/{made.id}/contents", BEARER)

    assert made.url == f"http://127.0.0.1:8400/v1/files/{made.id}/contents"
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "application/pdf", PDF)


def test_a_file_is_only_for_the_account_that_has_it(em: Emulator, shop: Shop) -> None:
    file = io.BytesIO(PDF)
    file.name = "letter.pdf"
    made = shop.client.v1.files.create({"purpose": "dispute_evidence", "file": file})
    seller = shop.seller()
    url = f"/v1/files/{made.id}/contents"

    other = em.handle("GET", url, {**BEARER, "Stripe-Account": seller})
    nobody = em.handle("GET", url, {})
    none = em.handle("GET", "/v1/files/file_none/contents", BEARER)

    assert (other.status, nobody.status, none.status) == (404, 401, 404)
