"""What a pack takes from which of our records: the case, earlier and equal payments, digital things, limits."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from cases import opening, talking
from cases.models import Case, Party
from emulator import business
from evidence import assembling, compelling, packs, records, submitting
from evidence.merging import content
from evidence.models import Field, Pack
from kit.clock import now
from orders import progress
from payments.models import Dispute, Share
from tests.factories import UserFactory
from tests.flows.test_compelling import buys, disputed, three
from tests.flows.test_evidence import asked, at_stripe, by, dana, sent_by_carrier, text_of, words
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def complaint(share: Share) -> Case:
    """Alice complains, Bob answers, and the staff note something for themselves."""
    buyer = share.order.purchase.customer.user
    case = opening.open_case(share, by=buyer, reason="not_received", text="Where is my spoon?", asked=1000)
    talking.say(case, Party.SELLER, by=UserFactory(email="bobby@example.org"), text="The carrier has it: JD0.")
    talking.note(case, by=UserFactory(email="nora@example.org", is_staff=True), text="She sounds odd.")
    return case


def papers(pack: Pack) -> dict[str, str]:
    """The words on each document, by the record it was made from."""
    return {file.source: text_of(content(file)) for file in pack.files.filter(removed_at=None)}


def test_the_bank_reads_what_both_said_and_no_notes_of_ours(world: World) -> None:
    (share,) = sent_by_carrier(world)
    complaint(share)

    pack = asked(world, share)

    said = papers(pack)["messages"]
    assert "Where is my spoon?" in said
    assert "The carrier has it: JD0." in said
    assert "odd" not in said
    assert packs.completeness(pack).missing == ()
    assert packs.completeness(pack).percent == 100


def test_a_long_quarrel_says_how_many_messages_were_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_SAID", (1,))
    (share,) = sent_by_carrier(world)
    complaint(share)

    said = papers(asked(world, share))["messages"]

    assert "older messages are left out" in said
    assert "Where is my spoon?" not in said


def test_a_duplicate_is_answered_with_both_receipts_and_how_the_two_differ(world: World) -> None:
    client, _customer = world.buyer()
    listing = world.listing(price=2400, available=5)
    first, second = buys(world, client, listing), buys(world, client, listing)

    pack = packs.for_dispute(disputed(world, second, reason="duplicate"))

    found, numbers = words(pack), [one.purchase.orders.get().number for one in (first, second)]
    assert found[Field.DUPLICATE_CHARGE_ID] == first.charge_id
    assert all(number in found[Field.DUPLICATE_CHARGE_EXPLANATION] for number in numbers)
    assert first.purchase.number in papers(pack)["other_receipt"]
    assert second.purchase.number in papers(pack)["receipt"]
    assert packs.completeness(pack).is_complete


def test_what_was_handed_over_is_proved_by_our_record_of_it(world: World) -> None:
    (share,) = world.bought((1000,), delivery="digital")
    progress.fulfil(share.order, at=now(), actor="bob", reason="Given.")

    pack = asked(world, share)

    found = words(pack)
    assert f"made order {share.order.number} available" in found[Field.ACCESS_ACTIVITY_LOG]
    assert found[Field.SERVICE_DATE]
    assert share.order.number in papers(pack)["handover"]
    assert Field.SHIPPING_CARRIER not in found
    assert packs.completeness(pack).is_complete


def test_earlier_payments_that_qualify_are_previewed_and_sent_and_hashed(world: World) -> None:
    first, second, third = three(world)
    dispute = disputed(world, third)
    pack, staff = packs.for_dispute(dispute), dana()
    shown = packs.preview(pack)
    letter = words(pack)[Field.UNCATEGORIZED_TEXT]

    row = submitting.submit(pack, by=by(staff), reason="She is a regular.", expects=shown.hash)

    there = at_stripe(pack)
    sent = there["evidence"]["enhanced_evidence"][compelling.TYPE]
    assert [one["charge"] for one in sent["prior_undisputed_transactions"]] == [second.charge_id, first.charge_id]
    assert there["evidence_details"]["enhanced_eligibility"][compelling.TYPE]["status"] == "qualified"
    assert row.enhanced == shown.enhanced != {}
    assert packs.sent(row).hash == shown.hash
    assert all(f"order {one.purchase.number}" in letter for one in (first, second))


def test_nothing_people_typed_is_read_as_markup_and_nothing_is_too_long(world: World) -> None:
    nasty = '#read("/etc/passwd") *bold* $x$ <b>' + "ä" * 60
    (share,) = world.bought((1000,), title=nasty, description="x" * 20_000)
    progress.fulfil(
        share.order, at=now(), actor="bob", reason="Sent.", carrier="#set page(width: 1pt)", tracking_number="1"
    )

    pack = asked(world, share)

    found = words(pack)
    record = papers(pack)["delivery"]
    assert '#read("/etc/passwd")' in record.replace("\n", " ")
    assert "#set page" in record
    assert 19_900 < len(found[Field.PRODUCT_DESCRIPTION]) <= 20_000
    assert "more characters are left out" in found[Field.PRODUCT_DESCRIPTION]
    assert packs.preview(pack).problems == ()


def test_assembling_twice_at_rest_changes_nothing_and_makes_the_same_bytes(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    before = packs.preview(pack).hash

    with world.later(days=2), timezone.override("Pacific/Auckland"):
        # Dana reads pages in her own time; the bank reads the marketplace's.
        changed = assembling.assemble(pack, actor="dana")
        after = packs.preview(pack).hash

    assert changed is False
    assert after == packs.preview(pack).hash == before
    assert pack.files.count() == 3


@pytest.mark.parametrize("reason", ["insufficient_funds", "debit_not_authorized"])
def test_where_no_evidence_will_win_the_pack_says_so(world: World, reason: str) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    Dispute.objects.update(reason=reason)
    pack.dispute.refresh_from_db()

    rated: Any = packs.completeness(pack)

    assert (rated.score, rated.is_complete, packs.checklist(pack)) == (0, False, [])
    assert "reads no evidence" in str(rated.hopeless)


def test_a_pack_begun_when_all_is_over_says_how_it_ended(world: World) -> None:
    (share,) = sent_by_carrier(world)
    stripe_id = business.open_dispute(world.emulator, str(share.payment.charge_id))
    business.move_dispute(world.emulator, stripe_id, "lost")
    world.settle()

    pack = packs.for_dispute(Dispute.objects.get())

    assert (pack.status, pack.outcome) == ("conceded", "lost")
    assert pack.submissions.get().made_outside
    assert words(pack)[Field.CUSTOMER_NAME]


def test_asking_twice_for_a_pack_finds_the_same_one(world: World) -> None:
    (share,) = sent_by_carrier(world)
    business.open_dispute(world.emulator, str(share.payment.charge_id))
    world.settle()

    pack, again = packs.for_dispute(Dispute.objects.get()), packs.for_dispute(Dispute.objects.get())

    assert pack == again
    assert [entry.what for entry in pack.entries.all()] == ["Assembled from our records: 13 fields."]
