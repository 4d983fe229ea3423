"""Rules about disputes against the emulator: evidence sent by itself, small losses accepted after a notice."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from disputes import acting, rules
from disputes.models import Act, Rule, RuleVersion
from disputes.rules import Change
from emulator import business
from evidence import editing, packs
from evidence import sweeps as evidence_sweeps
from evidence.models import FILE_FIELDS, EvidenceFile, Pack, Submission
from kit.clock import fixed_at, now
from kit.faults import armed
from kit.models import Mail
from ledger import journal
from ledger.models import Account
from orders import progress
from payments.models import Dispute, DisputeShare, Share
from tests import invariants
from tests.factories import UserFactory
from tests.together import at_once
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind, Mode, Status = Rule.Kind, Rule.Mode, Act.Status


def switch(kind: str, mode: str, **changes: Any) -> Rule:
    """Somebody of staff lets a rule say this from now on."""
    rule = rules.rule(kind)
    wanted = {"hours": rule.hours, "limits": rule.limits, "why": "We want it.", **changes}
    return rules.change(rule, Change(mode=mode, seen=rule.version, **wanted), by=UserFactory(is_staff=True))


def asked(world: World, share: Share, reason: str = "product_not_received", *, inquiry: bool = False) -> Dispute:
    """The buyer's bank asks for the money of an order that was sent."""
    if share.order.status == "paid":
        sent = {"carrier": "DHL", "tracking_number": "00340434"}
        type(share.order).objects.filter(pk=share.order_id).update(**sent)
        progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    stripe_id = business.open_dispute(world.emulator, str(share.payment.charge_id), reason, inquiry=inquiry)
    world.settle()
    return Dispute.objects.select_related("payment").get(stripe_id=stripe_id)


def picture() -> BytesIO:
    """A photo of something signed."""
    found = BytesIO()
    Image.new("RGB", (60, 40), "white").save(found, "PNG")
    found.seek(0)
    return found


def complete(dispute: Dispute) -> Pack:
    """Everything the bank needs to see is in the pack: what our records lack, staff wrote or uploaded."""
    pack = packs.for_dispute(dispute)
    dana = UserFactory(is_staff=True)
    for item in packs.completeness(pack).needed:
        if item.field in FILE_FIELDS:
            party = EvidenceFile.Party.STAFF
            found = editing.add_file(pack, picture(), "proof.png", party=party, user=dana)
            editing.choose(pack, found, user=dana, field=item.field)
        else:
            editing.write(pack, item.field, "As agreed.", user=dana)
    assert packs.completeness(pack).is_complete
    return pack


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def before_the_date(dispute: Dispute, hours: int) -> Any:
    """The clock so many hours before the bank's date."""
    assert dispute.due_by is not None
    return fixed_at(dispute.due_by - timedelta(hours=hours))


# --- evidence sent by itself ---


def test_complete_evidence_is_sent_a_day_before_the_banks_date_and_not_sooner(world: World) -> None:
    (share,) = world.bought((5000,))
    switch(Kind.FILE, Mode.ON)
    dispute = asked(world, share)
    pack = complete(dispute)

    counts = [acting.give_notice(), acting.give_notice(), acting.act_due()]
    announced = rules.notice(dispute)
    with before_the_date(dispute, 23):
        acting.act_due()

    assert announced is not None
    assert (counts, announced.what, announced.due_at) == ([1, 0, 0], "send", dispute.due_by - timedelta(hours=24))
    sent = Submission.objects.get()
    assert (sent.kind, sent.status, sent.actor) == (Submission.Kind.EVIDENCE, "sent", acting.ACTOR)
    assert fresh(pack).status == Pack.Status.SUBMITTED
    assert fresh(dispute).status == Dispute.Status.UNDER_REVIEW
    row = Act.objects.get()
    assert (row.status, row.version, row.because) == (Status.DONE, 2, "complete")
    assert row.facts["given"]["band"] == "all"
    invariants.check_at_rest(world.emulator)


def test_what_is_incomplete_or_objected_to_is_not_sent(world: World) -> None:
    (share,) = world.bought((5000,))
    switch(Kind.FILE, Mode.ON)
    dispute = asked(world, share)
    packs.for_dispute(dispute)
    incomplete = acting.give_notice()
    pack = complete(dispute)
    acting.give_notice()

    editing.object_to(pack, user=UserFactory(is_staff=True), reason="The seller was wrong.")
    with before_the_date(dispute, 23):
        acting.act_due()
        again = acting.give_notice()

    row = Act.objects.get()
    assert (incomplete, row.status, row.result, again) == (0, Status.OVERTAKEN, "Somebody objected.", 0)
    assert not Submission.objects.exists()


def test_f37_the_banks_date_passing_at_the_moment_of_sending_is_said_and_nothing_is_sent(world: World) -> None:
    (share,) = world.bought((5000,))
    switch(Kind.FILE, Mode.ON)
    dispute = asked(world, share)
    complete(dispute)
    acting.give_notice()

    with before_the_date(dispute, 0):
        acting.act_due()

    assert (Act.objects.get().status, Submission.objects.count()) == (Status.MISSED, 0)


def test_a_dispute_somebody_answered_meanwhile_is_left_alone(world: World) -> None:
    (share,) = world.bought((5000,))
    switch(Kind.FILE, Mode.ON)
    dispute = asked(world, share)
    complete(dispute)
    acting.give_notice()
    path = f"POST /v1/disputes/{dispute.stripe_id}"
    world.in_the_dashboard(path, {"evidence": {"uncategorized_text": "By hand."}, "submit": True})

    with before_the_date(dispute, 23):
        acting.act_due()

    assert Act.objects.get().status == Status.OVERTAKEN
    assert not Submission.objects.filter(made_outside=False).exists()


def test_an_answered_inquiry_that_becomes_a_dispute_is_answered_again(world: World) -> None:
    (share,) = world.bought((5000,))
    switch(Kind.FILE, Mode.ON)
    inquiry = asked(world, share, inquiry=True)
    pack = complete(inquiry)
    acting.give_notice()
    with before_the_date(inquiry, 23):
        acting.act_due()
    business.move_dispute(world.emulator, inquiry.stripe_id, "needs_response")
    world.settle()
    dispute = fresh(inquiry)
    assert (dispute.status, dispute.submission_count) == (Dispute.Status.NEEDS_RESPONSE, 1)

    evidence_sweeps.follow()
    complete(dispute)
    acting.give_notice()
    with before_the_date(dispute, 23):
        acting.act_due()

    assert [one.round for one in pack.submissions.order_by("pk")] == [1, 2]
    assert {act.status for act in Act.objects.all()} == {Status.DONE}
    assert fresh(dispute).status == Dispute.Status.UNDER_REVIEW


# --- losses accepted by themselves ---


def test_a_small_loss_is_accepted_after_a_day_of_notice_to_staff_and_seller(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})
    UserFactory(email="dana@example.org", is_staff=True)
    dispute = asked(world, share)
    acting.give_notice()
    told = set(Mail.objects.filter(key__startswith="will-concede").values_list("to", flat=True))

    early = acting.act_due()
    with world.later(minutes=24 * 60 + 1):
        acting.act_due()
        world.finish()

    assert {"dana@example.org", "shop0@example.org"} <= told
    assert (early, Act.objects.get().status, Act.objects.get().because) == (0, Status.DONE, "small")
    assert (fresh(dispute).status, DisputeShare.objects.get().outcome) == (Dispute.Status.LOST, "lost")
    assert journal.balance(Account.DISPUTE_CLEARING, dispute.stripe_id, "eur") == 0
    assert Submission.objects.get().kind == Submission.Kind.CONCESSION
    invariants.check_at_rest(world.emulator)


def test_the_seller_stops_it_by_sending_evidence_and_anybody_of_staff_with_a_word(world: World) -> None:
    first = world.bought((1000,))[0]
    second = world.bought_again(first, 900)
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})
    disputes = [asked(world, share) for share in (first, second)]
    acting.give_notice()

    pack = packs.for_dispute(disputes[0])
    editing.add_file(pack, picture(), "signed.png", party=EvidenceFile.Party.SELLER, user=None, share=first)
    stopped = rules.notice(disputes[1])
    assert stopped is not None
    rules.stop(stopped, by=UserFactory(is_staff=True), why="We can win this.")
    with world.later(minutes=24 * 60 + 1):
        acting.act_due()
        acting.give_notice()

    found = {act.dispute_id: (act.status, act.result) for act in Act.objects.all()}
    assert found[disputes[0].pk] == (Status.OVERTAKEN, "The seller sent evidence: people weigh it.")
    assert found[disputes[1].pk] == (Status.STOPPED, "We can win this.")
    assert {fresh(dispute).status for dispute in disputes} == {Dispute.Status.NEEDS_RESPONSE}


@pytest.mark.parametrize("what", ["evidence", "an objection"])
def test_what_arrives_at_the_last_moment_still_stops_it(world: World, what: str) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})
    dispute = asked(world, share)
    pack = packs.for_dispute(dispute)
    acting.give_notice()

    def arrives() -> None:
        if what == "evidence":
            editing.add_file(pack, picture(), "signed.png", party=EvidenceFile.Party.SELLER, user=None, share=share)
        else:
            editing.object_to(pack, user=UserFactory(is_staff=True), reason="We can win this.")

    with world.later(minutes=24 * 60 + 1), armed("rule.judged", arrives):
        acting.act_due()
    with world.later(minutes=24 * 60 + 10):
        acting.act_due()

    assert not Submission.objects.exists()
    assert Act.objects.get().status == Status.OVERTAKEN
    assert fresh(dispute).status == Dispute.Status.NEEDS_RESPONSE


def test_what_is_above_the_limit_complete_or_an_inquiry_is_never_given_up(world: World) -> None:
    share = world.bought((1001,))[0]
    asked(world, share)
    small = world.bought_again(share, 900)
    complete(asked(world, small))
    inquired = world.bought_again(share, 500)
    business.open_dispute(world.emulator, str(inquired.payment.charge_id), "fraudulent", inquiry=True)
    world.settle()
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})

    acting.give_notice()

    assert not Act.objects.exists()


def test_a_dry_rule_writes_down_once_what_it_would_have_done(world: World) -> None:
    (share,) = world.bought((1000,))
    rule = switch(Kind.CONCEDE, Mode.DRY, limits={"eur": 1000})
    dispute = asked(world, share)

    counts = [acting.give_notice(), acting.give_notice()]
    with world.later(days=2):
        acting.act_due()

    row = Act.objects.get()
    assert (counts, row.status, row.version, rules.notice(dispute)) == ([1, 0], Status.DRY, rule.version, None)
    assert not Mail.objects.filter(key__startswith="will-concede").exists()
    assert fresh(dispute).status == Dispute.Status.NEEDS_RESPONSE


def test_f22_what_stripe_did_and_we_could_not_write_down_is_not_done_twice(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})
    asked(world, share)
    acting.give_notice()

    with world.later(minutes=24 * 60 + 1):
        with armed("rule.done", _die), pytest.raises(SystemExit):
            acting.act_due()
        left = Act.objects.get().status
    with world.later(minutes=10):
        acting.act_due()

    assert (left, Act.objects.get().status) == (Status.ACTING, Status.DONE)
    assert Submission.objects.count() == 1
    assert world.requests("POST /v1/disputes/" + Dispute.objects.get().stripe_id + "/close") == 1


def test_three_workers_at_once_announce_once_and_accept_once(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.CONCEDE, Mode.ON, limits={"eur": 1000})
    asked(world, share)

    at_once(*[acting.give_notice] * 3)
    with world.later(minutes=24 * 60 + 1):
        at_once(*[acting.act_due] * 3)

    row = Act.objects.get()
    assert (row.status, row.moves.filter(to_status=Status.ACTING).count()) == (Status.DONE, 1)
    assert Submission.objects.count() == 1


# --- what rules say ---


def test_a_change_is_a_version_and_a_change_of_what_nobody_sees_any_more_is_refused(world: World) -> None:
    before = rules.rule(Kind.FILE)
    after = switch(Kind.FILE, Mode.DRY, hours=48)

    late = Change(mode=Mode.ON, hours=1, limits={}, why="Now.", seen=before.version)
    with pytest.raises(rules.Outdated):
        rules.change(before, late, by=UserFactory(is_staff=True))

    kept = list(RuleVersion.objects.filter(rule=before).values_list("version", "mode", "hours"))
    assert (after.version, kept) == (2, [(2, Mode.DRY, 48), (1, Mode.OFF, 24)])


def _die() -> None:
    raise SystemExit
