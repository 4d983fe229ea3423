"""What can be answered here, and what Stripe's Dashboard has to be used for."""

import pytest

from evidence import submitting
from evidence.errors import NotAllowed, NotOpen
from evidence.models import Pack
from payments.models import Dispute


@pytest.mark.parametrize(
    ("status", "case_type", "told"),
    [
        ("appeal_needs_response", "chargeback", "appeal"),
        ("needs_response", "compliance", "500 USD"),
    ],
)
def test_what_only_the_dashboard_can_answer_is_refused_with_where_to_go(status: str, case_type: str, told: str):
    pack = Pack(dispute=Dispute(status=status, case_type=case_type))

    with pytest.raises(NotAllowed, match=told):
        submitting.require_answerable(pack)


@pytest.mark.parametrize("status", ["needs_response", "warning_needs_response"])
def test_disputes_and_inquiries_are_answered_here(status: str):
    submitting.require_answerable(Pack(dispute=Dispute(status=status, case_type="chargeback")))


@pytest.mark.parametrize("status", sorted(set(Pack.Status.values) - Pack.OPEN))
def test_every_pack_that_is_over_says_why_in_a_sentence(status: str):
    with pytest.raises(NotOpen) as told:
        submitting.require_answerable(Pack(status=status, dispute=Dispute(status="needs_response")))

    assert str(told.value).endswith(".")
    assert str(told.value) != "This cannot be sent now."
