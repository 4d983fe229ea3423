"""Answers to banks against the emulator: assembled, previewed, sent once, and followed to the verdict."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from accounts.models import User
from emulator import business
from evidence import conceding, editing, following, packs, submitting, sweeps
from evidence.errors import Changed, NotAllowed, NotOpen
from evidence.merging import content
from evidence.models import BankFile, EvidenceFile, Field, Pack, Submission
from evidence.tasks import follow_packs
from gateway import client as gateway
from kit.clock import now
from ledger.models import Posting
from orders import progress
from orders.models import Terms
from payments import decisions, disputes
from payments.decisions import Decider
from payments.models import Dispute, DisputeShare, MoneyAction, Refund, Share
from tests.factories import UserFactory
from tests.flows.test_disputes import agrees, fresh, settle
from tests.unit.evidence.test_files import pdf, picture
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Shows, Party = EvidenceFile.Shows, EvidenceFile.Party
BY_RULE = Decider("rule: file complete evidence")


def sent_by_carrier(world: World, prices: tuple[int, ...] = (1000,), **changes: Any) -> list[Share]:
    """Alice bought something of each of several sellers, under a published policy; all of it was sent and arrived."""
    for kind in Terms.Kind:
        words = {"title": kind.label, "body": "You may send it back.", "published_at": now()}
        Terms.objects.get_or_create(kind=kind, version=1, defaults=words)
    shares = world.bought(prices, **changes)
    for number, share in enumerate(shares):
        progress.fulfil(
            share.order, at=now(), actor="bob", reason="Sent.", carrier="DHL", tracking_number=f"JD{number}"
        )
        progress.deliver(share.order, at=now(), actor="carrier", reason="Left at the door.", said_by="carrier")
    return shares


def asked(world: World, share: Share, reason: str = "product_not_received", **more: Any) -> Pack:
    """The bank asks, we hear of it, and its pack is begun."""
    business.open_dispute(world.emulator, str(share.payment.charge_id), reason, **more)
    settle(world)
    return packs.for_dispute(Dispute.objects.latest("pk"))


def dana() -> User:
    """One of the staff."""
    return UserFactory(email="dana@example.org", is_staff=True)


def by(user: User) -> Decider:
    return Decider(user.email, user)


def at_stripe(pack: Pack) -> dict[str, Any]:
    """The dispute as Stripe has it."""
    return gateway.get(f"/v1/disputes/{pack.dispute.stripe_id}")


def uploaded(world: World, file_id: str) -> bytes:
    """What the bank would open."""
    headers = {"Authorization": f"Bearer {world.emulator.secret_key}"}
    answer = world.emulator.handle("GET", f"/v1/files/{file_id}/contents", headers)
    return answer.body


def text_of(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def words(pack: Pack) -> dict[str, str]:
    return {row.field: row.text for row in pack.texts.all()}


def test_a_pack_is_assembled_from_what_we_know_and_measured_against_what_the_bank_wants(world: World) -> None:
    shares = sent_by_carrier(world, (1000, 2500))

    pack = asked(world, shares[0])

    found, order = words(pack), shares[0].order
    assert found[Field.CUSTOMER_NAME] == order.purchase.address["name"]
    assert found[Field.CUSTOMER_EMAIL_ADDRESS] == "alice@example.org"
    assert found[Field.CUSTOMER_PURCHASE_IP] == "127.0.0.1"
    assert found[Field.SHIPPING_CARRIER] == "DHL"
    assert found[Field.SHIPPING_TRACKING_NUMBER] == "JD0, JD1"
    assert "refund policy" in found[Field.REFUND_POLICY_DISCLOSURE].lower()
    letter = found[Field.UNCATEGORIZED_TEXT]
    assert letter.startswith("To the cardholder's bank.")
    accepted = order.purchase.facts
    assert f"accepted {accepted.terms}, {accepted.refund_policy} by it" in letter
    for part in ("€35.00", "product not received (13.1)", order.number, "Shop 1", "said the carrier"):
        assert part in letter
    chosen = {(row.field, row.file.source) for row in pack.chosen.all()}
    assert chosen == {("receipt", "receipt"), ("shipping_documentation", "delivery"), ("refund_policy", "policy")}
    rated = packs.completeness(pack)
    assert rated.is_complete
    assert {item.key for item in rated.missing} == {"messages"}
    assert rated.percent == 95
    assert "JD1" in text_of(content(pack.files.get(source="delivery")))


def test_what_is_sent_is_byte_for_byte_what_was_previewed(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    slip = editing.add_file(pack, BytesIO(pdf(2)), "slip.pdf", party=Party.SELLER, user=None, shows=Shows.DELIVERY)
    photo = editing.add_file(
        pack, BytesIO(picture()), "door.jpg", party=Party.STAFF, user=staff, shows=Shows.DELIVERY, note="At the door"
    )
    for file in (slip, photo):
        editing.choose(pack, file, user=staff)
    editing.write(pack, Field.REFUND_REFUSAL_EXPLANATION, "It was delivered.", user=staff)
    shown = packs.preview(pack)

    submission = submitting.submit(pack, by=by(staff), reason="It arrived.", expects=shown.hash)

    there = at_stripe(pack)
    read = {name: value for name, value in there["evidence"].items() if value}
    files = {one.field: read.pop(one.field) for one in shown.files}
    assert read == {one.field: one.text for one in shown.texts}
    assert {name: uploaded(world, file_id) for name, file_id in files.items()} == {
        one.field: content(one.file) for one in shown.files
    }
    (merged,) = [one for one in shown.files if one.field == Field.SHIPPING_DOCUMENTATION]
    assert (merged.file.pages, [part.name for part in merged.made_of]) == (4, ["delivery.pdf", "slip.pdf", "door.jpg"])
    assert "At the door" in text_of(content(merged.file))
    assert (there["status"], there["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert (submission.status, pack.status, pack.dispute.status) == ("sent", "submitted", "under_review")
    assert packs.sent(submission).hash == shown.hash == submission.content_hash


@pytest.mark.parametrize(
    ("verdict", "ended", "released"), [("winning_evidence", "won", "released"), ("losing_evidence", "lost", "returned")]
)
def test_the_banks_verdict_is_kept_with_the_answer_and_the_money_follows(
    world: World, verdict: str, ended: str, released: str
) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    editing.write(pack, Field.UNCATEGORIZED_TEXT, verdict, user=staff)
    submitting.submit(pack, by=by(staff), reason="As agreed.")
    settle(world)

    sweeps.follow()

    pack.refresh_from_db()
    assert (pack.status, pack.outcome) == ("submitted", ended)
    assert pack.outcome_at is not None
    assert fresh(share).disputed == (1000 if ended == "lost" else 0)
    agrees(world)


def test_an_answer_is_sent_once_and_cannot_be_changed_afterwards(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    submitting.submit(pack, by=by(staff), reason="As agreed.")

    for act in (
        lambda: submitting.submit(pack, by=by(staff), reason="Again."),
        lambda: submitting.save_draft(pack, by=by(staff)),
        lambda: editing.write(pack, Field.SERVICE_DATE, "today", user=staff),
        lambda: editing.add_file(pack, BytesIO(pdf()), "late.pdf", party=Party.SELLER, user=None),
        lambda: conceding.concede(pack, by=by(staff), reason="No.", plan_hash=""),
    ):
        with pytest.raises(NotOpen):
            act()
    assert Submission.objects.count() == 1
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 1


def test_a_draft_is_seen_at_stripe_and_by_no_bank_and_what_it_left_there_has_to_be_previewed(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    editing.write(pack, Field.SERVICE_DATE, "2026-01-01", user=staff)
    assert submitting.save_draft(pack, by=by(staff))
    drafted = at_stripe(pack)
    in_the_dashboard = {"evidence": {"access_activity_log": "Typed by somebody else."}, "submit": False}
    world.in_the_dashboard(f"POST /v1/disputes/{pack.dispute.stripe_id}", in_the_dashboard)
    editing.write(pack, Field.SERVICE_DATE, "", user=staff)
    with pytest.raises(NotAllowed, match=r"Log of use, Date of the service\."):
        submitting.submit(pack, by=by(staff), reason="As agreed.")
    for field in (Field.SERVICE_DATE, Field.ACCESS_ACTIVITY_LOG):
        editing.write(pack, field, "-", user=staff)

    submitting.submit(pack, by=by(staff), reason="As agreed.", expects=packs.preview(pack).hash)

    assert (drafted["status"], drafted["evidence_details"]["submission_count"]) == ("needs_response", 0)
    assert drafted["evidence"]["service_date"] == "2026-01-01"
    read = at_stripe(pack)["evidence"]
    assert (read["service_date"], read["access_activity_log"]) == ("-", "-")
    assert pack.drafts == 1


def test_assembling_again_brings_what_is_new_and_keeps_what_people_did(world: World) -> None:
    (share,) = world.bought((1000,))
    pack, staff = asked(world, share), dana()
    receipt = pack.files.get(source="receipt")
    editing.write(pack, Field.PRODUCT_DESCRIPTION, "An oak spoon.", user=staff)
    editing.leave_out(pack, receipt, user=staff)
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.", carrier="UPS", tracking_number="1Z")
    with world.later(days=1):
        editing.make_ready(pack, user=staff)

        sweeps.assemble_again()
        editing.gather_again(pack, user=staff, reason="There is more.")
        sweeps.assemble_again()

    found = words(pack)
    pack.refresh_from_db()
    assert (found[Field.PRODUCT_DESCRIPTION], found[Field.SHIPPING_CARRIER]) == ("An oak spoon.", "UPS")
    assert "receipt" not in {one.field for one in packs.preview(pack).files}
    assert pack.files.filter(source="delivery", removed_at=None).count() == 1
    editing.take_ours(pack, Field.PRODUCT_DESCRIPTION, user=staff)
    assert share.order.lines.get().title in words(pack)[Field.PRODUCT_DESCRIPTION]
    assert [entry.actor for entry in pack.entries.all()][:2] == ["evidence sweep", "dana@example.org"]


def test_somebody_else_looks_over_what_is_worth_much_as_it_is_sent(world: World, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 999}
    (share,) = sent_by_carrier(world)
    pack, staff, other = asked(world, share), dana(), UserFactory(email="eve@example.org", is_staff=True)
    editing.make_ready(pack, user=staff)

    with pytest.raises(NotAllowed, match="somebody else"):
        submitting.submit(pack, by=by(staff), reason="As agreed.")
    with pytest.raises(NotAllowed, match="yourself"):
        editing.look_over(pack, user=staff, expects=packs.preview(pack).hash)
    with pytest.raises(Changed):
        editing.look_over(pack, user=other, expects="another")
    editing.look_over(pack, user=other, expects=packs.preview(pack).hash)
    editing.write(pack, Field.SERVICE_DATE, "yesterday", user=staff)
    with pytest.raises(NotAllowed, match="as it is now"):
        submitting.submit(pack, by=by(staff), reason="As agreed.")
    editing.look_over(pack, user=other, expects=packs.preview(pack).hash)
    submitting.submit(pack, by=by(staff), reason="As agreed.")

    assert pack.status == "submitted"


def test_an_objection_keeps_a_rule_from_sending_it_and_not_a_person(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    editing.object_to(pack, user=staff, reason="The buyer's letter is missing.")

    with pytest.raises(NotAllowed, match=r"dana@example\.org .* letter is missing"):
        submitting.submit(pack, by=BY_RULE, reason="Complete.")
    submitting.submit(pack, by=by(staff), reason="It came.")

    assert pack.submissions.get().user == staff


def test_accepting_the_loss_costs_what_was_shown_and_cannot_be_taken_back(world: World) -> None:
    shares = sent_by_carrier(world, (1000, 2500))
    pack, staff = asked(world, shares[0]), dana()
    shown = conceding.consequences(pack.dispute)

    with pytest.raises(Changed):
        conceding.concede(pack, by=by(staff), reason="Not worth it.", plan_hash="another")
    conceding.concede(pack, by=by(staff), reason="Not worth it.", plan_hash=shown.hash)
    settle(world)

    plans = [carried_out(action) for action in MoneyAction.objects.filter(plan__steps__step="lost").order_by("share")]
    assert plans == [(plan.amount, plan.steps["from_seller"], plan.steps["from_fee"]) for plan in shown.plans]
    assert (pack.status, at_stripe(pack)["status"]) == ("conceded", "lost")
    assert DisputeShare.objects.filter(outcome="lost").count() == 2
    with pytest.raises(NotOpen, match="cannot be taken back"):
        submitting.submit(pack, by=by(staff), reason="After all.")
    agrees(world)


def carried_out(action: MoneyAction) -> tuple[int, int, int]:
    """What was carried out."""
    return action.plan["amount"], action.plan["steps"]["from_seller"], action.plan["steps"]["from_fee"]


def test_f45_answering_an_inquiry_moves_no_money_and_a_dispute_that_follows_is_answered_again(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share, inquiry=True), dana()
    before = Posting.objects.count()
    with pytest.raises(NotAllowed, match="inquiry"):
        conceding.concede(pack, by=by(staff), reason="No.", plan_hash=conceding.consequences(pack.dispute).hash)
    submitting.submit(pack, by=by(staff), reason="It arrived.")
    booked = Posting.objects.count() - before
    business.move_dispute(world.emulator, pack.dispute.stripe_id, "needs_response")
    settle(world)

    sweeps.follow()
    pack.refresh_from_db()
    again = (pack.status, pack.round, pack.asked_as)
    submitting.submit(pack, by=by(staff), reason="It arrived, still.")

    assert booked == 0
    assert again == ("gathering", 2, "needs_response")
    assert [row.round for row in pack.submissions.order_by("pk")] == [1, 2]
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 2
    agrees(world)


def test_an_inquiry_that_ends_by_a_refund_needs_no_answer_any_more(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share, inquiry=True)
    request = {"amount": 1000, "reason": "goodwill", "policy": "platform"}
    decisions.by_itself(fresh(share), MoneyAction.Kind.REFUND, request, actor="dana", reason="To end it.")
    settle(world)

    sweeps.follow()

    pack.refresh_from_db()
    assert (pack.status, pack.outcome) == ("closed", "warning_closed")


def test_an_answer_given_in_stripes_dashboard_is_found_and_said_to_be_made_there(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    answer = {"evidence": {"uncategorized_text": "Answered by hand."}, "submit": True}
    world.in_the_dashboard(f"POST /v1/disputes/{pack.dispute.stripe_id}", answer)

    with pytest.raises(NotOpen, match="answered already"):
        submitting.submit(pack, by=by(staff), reason="As agreed.")

    row = pack.submissions.get()
    assert (pack.status, row.made_outside, row.status) == ("submitted", True, "sent")


def test_a_loss_accepted_in_stripes_dashboard_is_found(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    world.in_the_dashboard(f"POST /v1/disputes/{pack.dispute.stripe_id}/close", {})
    settle(world)

    follow_packs()

    pack.refresh_from_db()
    assert (pack.status, pack.outcome, pack.submissions.get().kind) == ("conceded", "lost", "concession")


def test_a_date_that_passes_is_said_to_be_missed_and_nothing_is_sent(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()

    with world.later(days=20):
        follow_packs()
        settle(world)
        pack.refresh_from_db()
        with pytest.raises(NotOpen, match="Nothing was sent"):
            submitting.submit(pack, by=by(staff), reason="Late.")

    assert (pack.status, pack.outcome) == ("missed", "lost")
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 0


def test_packs_are_begun_by_themselves_and_stripe_is_told_that_people_answer(world: World) -> None:
    (share,) = sent_by_carrier(world)
    business.open_dispute(world.emulator, str(share.payment.charge_id), "fraudulent")
    settle(world)

    follow_packs()
    follow_packs()

    pack = Pack.objects.get()
    assert at_stripe(pack)["intended_submission_method"] == "manual"
    assert (pack.status, pack.manual_at is not None) == ("gathering", True)
    assert world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}") == 1


def test_f43_f46_the_bank_is_told_what_is_disputed_and_only_of_refunds_that_arrived(world: World) -> None:
    (share,) = sent_by_carrier(world)
    for _number in range(2):
        request = {"amount": 100, "reason": "goodwill", "policy": "platform"}
        decisions.by_itself(fresh(share), MoneyAction.Kind.REFUND, request, actor="dana", reason="Sorry.")
        settle(world)
    world.fail_refund(str(Refund.objects.latest("pk").stripe_id))

    pack = asked(world, share, amount=500)

    letter = words(pack)[Field.UNCATEGORIZED_TEXT]
    assert "€5.00 of it are disputed" in letter
    assert "€1.00 went back to the buyer" in letter
    assert "The rest was not refunded." in letter
    assert "€2.00" not in letter


def test_f47_of_a_payment_nobody_knows_only_what_people_write_is_sent(world: World) -> None:
    world.pay(world.foreign_session())
    charge = gateway.get("/v1/charges", {"limit": 1})["data"][0]["id"]
    business.open_dispute(world.emulator, charge)
    with world.later(minutes=120):
        disputes.find_missed()
        pack, staff = packs.for_dispute(Dispute.objects.get()), dana()
        with pytest.raises(NotAllowed, match="nothing in it"):
            submitting.submit(pack, by=by(staff), reason="We do not know it.")
        editing.write(pack, Field.UNCATEGORIZED_TEXT, "It was a gift card.", user=staff)
        submitting.submit(pack, by=by(staff), reason="By hand.")

    assert at_stripe(pack)["evidence"]["uncategorized_text"] == "It was a gift card."


def test_what_does_not_fit_says_what_to_do_and_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    for number in range(2):
        noise = BytesIO()
        Image.effect_noise((1700, 1300), 90 + number).convert("RGB").save(noise, "JPEG", quality=95)
        noise.seek(0)
        file = editing.add_file(pack, noise, f"{number}.jpg", party=Party.STAFF, user=staff, shows=Shows.OTHER)
        editing.choose(pack, file, user=staff)
    long = editing.add_file(pack, BytesIO(pdf(30)), "log.pdf", party=Party.STAFF, user=staff, shows=Shows.SERVICE)
    editing.choose(pack, long, user=staff)
    monkeypatch.setattr(packs, "MOST_BYTES", 400_000)
    Dispute.objects.update(card_brand="mastercard")
    pack.dispute.refresh_from_db()
    editing.write(pack, Field.UNCATEGORIZED_TEXT, "x" * 20_001, user=staff)

    problems = packs.preview(pack).problems

    assert len(problems) == 3
    assert "20001 characters; 20000 fit" in problems[0]
    assert "a bank takes 4.5 MB" in problems[1]
    assert "this bank takes 19" in problems[2]
    with pytest.raises(NotAllowed, match="Leave out what says least"):
        submitting.submit(pack, by=by(staff), reason="All of it.")
    with pytest.raises(NotAllowed):
        editing.make_ready(pack, user=staff)
    assert BankFile.objects.exclude(stripe_id="").count() == 0


def test_looking_costs_a_number_of_queries_that_does_not_grow(world: World, django_assert_max_num_queries: Any) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    packs.preview(pack)

    with django_assert_max_num_queries(16):
        packs.preview(pack)
        packs.completeness(pack)
        following.follow(pack)
