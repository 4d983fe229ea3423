"""The books and their seals can be read in the admin, and only read."""

import pytest
from django.test import Client

from ledger.sealing import seal_due
from tests.unit.ledger.books import post_each


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["posting", "entry", "seal", "checkpoint"])
def test_staff_read_the_books(page: str, admin_client: Client) -> None:
    post_each("a")
    seal_due()

    listed = admin_client.get(f"/admin/ledger/{page}/")

    assert listed.status_code == 200
    assert admin_client.get(f"/admin/ledger/{page}/add/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_staff_read_one_seal(admin_client: Client) -> None:
    post_each("a")
    seal_due()

    shown = admin_client.get("/admin/ledger/seal/1/change/")

    assert shown.status_code == 200
    assert "Hash of the rows" in shown.content.decode()
