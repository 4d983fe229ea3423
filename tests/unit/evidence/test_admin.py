"""The log of who looked, for staff."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from evidence import reading
from evidence.models import Reading, SellerLetter
from kit.clock import now
from payments.models import Dispute
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispute() -> Dispute:
    row: Dispute = Dispute.objects.create(
        stripe_id="du_1", charge_id="ch_1", status="needs_response", stripe_status="needs_response", reason="general",
        amount=100, currency="eur", opened_at=now(), looked_at=now(),
    )  # fmt: skip
    return row


def test_staff_see_who_opened_what_and_when(dispute: Dispute, admin_client: Client) -> None:
    reading.note(dispute, user=UserFactory(email="bob@example.org"), party="seller", what="the page of the dispute")

    listed = admin_client.get("/admin/evidence/reading/", {"q": "bob@example.org"}).content.decode()
    one = admin_client.get(f"/admin/evidence/reading/{Reading.objects.get().pk}/change/").content.decode()

    assert "the page of the dispute" in listed
    assert "du_1" in listed
    assert 'name="_save"' not in one


def test_what_was_read_cannot_be_unwritten(dispute: Dispute) -> None:
    reading.note(dispute, user=UserFactory(), party="staff", what="the page of the dispute")

    for change in (lambda: Reading.objects.update(what=""), lambda: Reading.objects.all().delete()):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            change()


@pytest.mark.parametrize("page", ["reading", "sellerwords", "sellerletter"])
def test_nothing_of_it_is_added_by_hand(admin_client: Client, page: str) -> None:
    assert admin_client.get(f"/admin/evidence/{page}/").status_code == 200
    assert admin_client.get(f"/admin/evidence/{page}/add/").status_code == 403
    assert not SellerLetter.objects.exists()
