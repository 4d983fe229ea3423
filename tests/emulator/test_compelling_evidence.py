"""Visa's Compelling Evidence 3.0 for fraudulent disputes."""

from typing import Any

import pytest
import stripe

from emulator import business
from emulator.core import Emulator
from tests.emulator.shop import Shop

SAME: Any = {"customer_purchase_ip": "203.0.113.7", "customer_email_address": "bob@example.org"}


def evidence(*charges: str, **disputed: Any) -> Any:
    prior = [{"charge": charge, "product_description": "Hat", **SAME} for charge in charges]
    told = {"product_description": "Hat", "merchandise_or_services": "merchandise", **SAME, **disputed}
    return {
        "enhanced_evidence": {
            "visa_compelling_evidence_3": {
                "disputed_transaction": told,
                "prior_undisputed_transactions": prior,
            }
        }
    }


def test_two_earlier_payments_of_the_same_buyer_qualify(em: Emulator, shop: Shop) -> None:
    earlier, charge = [shop.charge().id, shop.charge().id], shop.charge()
    dispute = business.open_dispute(em, charge.id, "fraudulent")
    before = shop.client.v1.disputes.retrieve(dispute)

    one = shop.client.v1.disputes.update(dispute, {"evidence": evidence(earlier[0]), "submit": False})
    two = shop.client.v1.disputes.update(dispute, {"evidence": evidence(*earlier), "submit": False})

    assert before.enhanced_eligibility_types == ["visa_compelling_evidence_3"]
    lacking: Any = one.evidence_details.enhanced_eligibility.visa_compelling_evidence_3
    rated: Any = two.evidence_details.enhanced_eligibility.visa_compelling_evidence_3
    assert (lacking.status, lacking.required_actions) == ("requires_action", ["missing_prior_undisputed_transactions"])
    assert (rated.status, rated.required_actions) == ("qualified", [])
    assert two.evidence_details.has_evidence is True


def test_compelling_evidence_fits_fraudulent_visa_disputes_and_undisputed_payments(em: Emulator, shop: Shop) -> None:
    lost, charge = shop.charge(), shop.charge()
    other = business.open_dispute(em, lost.id, "product_not_received")
    dispute = business.open_dispute(em, charge.id, "fraudulent")

    with pytest.raises(stripe.InvalidRequestError, match="not eligible"):
        shop.client.v1.disputes.update(other, {"evidence": evidence(), "submit": False})
    with pytest.raises(stripe.InvalidRequestError, match="not an undisputed payment"):
        shop.client.v1.disputes.update(dispute, {"evidence": evidence(lost.id), "submit": False})
    with pytest.raises(stripe.APIError) as appeal:
        shop.client.v1.disputes.update(dispute, {"evidence": {"appeal": {"card": {"reason_for_filing": "x"}}}})

    assert appeal.value.http_status == 501
