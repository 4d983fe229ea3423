"""Answers to banks on bad days: lost answers, crashes, old keys, and the bank's date at the wrong moment."""

from __future__ import annotations

from io import BytesIO

import pytest

from accounts.models import User
from emulator import business
from evidence import conceding, editing, packs, submitting, sweeps
from evidence.errors import NotOpen
from evidence.models import BankFile, Field, Pack, Submission
from evidence.submitting import DATE_PASSED
from gateway import client as gateway
from gateway import operations
from gateway.errors import StripeUnavailable
from gateway.models import Operation
from kit.clock import now
from kit.faults import armed
from tests.flows.test_disputes import agrees, settle
from tests.flows.test_evidence import asked, at_stripe, by, dana, sent_by_carrier
from tests.unit.evidence.test_files import pdf
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

ANSWER = "POST /v1/disputes/[^/]+"
UPLOAD = "POST /v1/files"
CLOSE = "POST /v1/disputes/.*/close"
CRASHES = (
    "evidence.begun",
    "evidence.uploaded",
    "evidence.answered",
    "evidence.written",
    "operation.claimed",
    "operation.answered",
    "operation.settled",
)


class Killed(BaseException):
    """The process is gone."""


def die() -> None:
    """As kill -9 does."""
    raise Killed


def files_at_stripe() -> int:
    """How many were uploaded."""
    return len(gateway.get("/v1/files", {"limit": 100})["data"])


def finish(world: World) -> None:
    """Everything that goes on by itself."""
    world.finish()
    with world.later(minutes=5):
        operations.finish_due()
        sweeps.finish()
        sweeps.follow()
    settle(world)


def answered_once(pack: Pack) -> None:
    """One answer at the bank, one here that says so, and each file uploaded once."""
    pack.refresh_from_db()
    there = at_stripe(pack)
    assert (there["status"], there["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert (pack.status, pack.submissions.get(status="sent").made_outside) == ("submitted", False)
    assert files_at_stripe() == BankFile.objects.exclude(stripe_id="").count() == 3


@pytest.mark.parametrize("point", CRASHES)
def test_f22_a_crash_anywhere_leaves_one_answer(world: World, point: str) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)

    with armed(point, die), pytest.raises(Killed):
        submitting.submit(pack, by=by(dana()), reason="As agreed.")
    finish(world)

    answered_once(pack)


@pytest.mark.parametrize("lost", [ANSWER, UPLOAD])
@pytest.mark.parametrize("how", ["lost_response", "lost_request"])
def test_f13_an_answer_that_got_lost_is_finished_by_itself_and_never_sent_twice(
    world: World, how: str, lost: str
) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    world.emulator.faults.add(how, match=lost)

    row = submitting.submit(pack, by=by(dana()), reason="As agreed.")
    at_once = (row.status, pack.status)
    with pytest.raises(NotOpen, match="on its way"):
        submitting.submit(pack, by=by(User.objects.get(email="dana@example.org")), reason="Me, too.")
    finish(world)

    assert at_once == ("sending", "submitting")
    answered_once(pack)


@pytest.mark.parametrize("lost", [ANSWER, UPLOAD])
def test_f17_after_a_day_it_is_looked_up_and_found_by_what_stripe_counts(world: World, lost: str) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    world.emulator.faults.add("lost_response", match=lost)
    submitting.submit(pack, by=by(dana()), reason="As agreed.")

    with world.later(days=1):
        operations.finish_due()
        sweeps.finish()
    settle(world)

    answered_once(pack)
    assert Operation.objects.filter(adopted=True).count() == 1


@pytest.mark.parametrize("day_by_day", [False, True])
def test_the_banks_date_passing_while_it_is_sent_ends_as_missed_and_nothing_is_pretended(
    world: World, *, day_by_day: bool
) -> None:
    """Asked again within the hour Stripe itself says no; looked for days later it is not there and is not sent."""
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    left = int((pack.dispute.due_by - now()).total_seconds() // 60)
    world.emulator.faults.add("lost_request", match=ANSWER)

    with world.later(minutes=left - (3 * 24 * 60 if day_by_day else 60)):
        submitting.submit(pack, by=by(dana()), reason="At the last moment.")
        with world.later(minutes=3 * 24 * 60 + 5 if day_by_day else 65):
            operations.finish_due()
            sweeps.finish()
            settle(world)
            sweeps.follow()

    pack.refresh_from_db()
    row = pack.submissions.get()
    assert (pack.status, pack.outcome, row.status) == ("missed", "lost", "refused")
    assert row.refusal == DATE_PASSED if day_by_day else "This dispute is lost" in row.refusal
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 0
    agrees(world)


def test_an_answer_never_sent_before_the_banks_date_is_never_sent(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    with armed("evidence.answered", die), armed("operation.claimed", die), pytest.raises(Killed):
        submitting.submit(pack, by=by(dana()), reason="At the last moment.")
    Operation.objects.filter(name="dispute.upload", status="submitting").update(leased_until=None)
    sent_before = world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}")

    with world.later(days=15):
        finish(world)

    pack.refresh_from_db()
    assert (pack.status, pack.submissions.get().status) == ("missed", "refused")
    assert world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}") == sent_before


def test_an_answer_planned_in_time_and_never_sent_is_called_off(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    with armed("evidence.uploaded", die), pytest.raises(Killed):
        submitting.submit(pack, by=by(dana()), reason="At the last moment.")

    with world.later(days=15):
        # The bank has not said yet that it is over.
        world.emulator.faults.add("stale_read", match="GET /v1/disputes/.*", times=1)
        sweeps.finish()
        settle(world)
        sweeps.follow()

    pack.refresh_from_db()
    assert pack.status == "missed"
    assert pack.submissions.get().refusal == DATE_PASSED
    assert world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}") == 0


def test_a_dispute_that_moved_on_at_stripe_refuses_with_a_sentence(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)

    def the_bank_decides() -> None:
        business.move_dispute(world.emulator, pack.dispute.stripe_id, "lost")

    with armed("evidence.begun", the_bank_decides), pytest.raises(NotOpen):
        submitting.submit(pack, by=by(dana()), reason="As agreed.")
    settle(world)

    row = pack.submissions.filter(kind="evidence").get()
    assert (row.status, pack.status) == ("refused", "conceded")
    assert "can no longer be" in row.refusal
    agrees(world)


def test_somebody_answering_in_the_dashboard_at_the_same_moment_is_not_taken_for_us(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)

    def by_hand() -> None:
        answer = {"evidence": {"uncategorized_text": "By hand."}, "submit": True}
        world.in_the_dashboard(f"POST /v1/disputes/{pack.dispute.stripe_id}", answer)

    with armed("evidence.uploaded", by_hand), pytest.raises(NotOpen, match="answered already"):
        submitting.submit(pack, by=by(dana()), reason="As agreed.")

    assert [(row.status, row.made_outside) for row in pack.submissions.order_by("pk")] == [
        ("refused", False),
        ("sent", True),
    ]


@pytest.mark.parametrize("how", ["lost_response", "lost_request"])
def test_f13_a_loss_accepted_into_silence_is_finished_once(world: World, how: str) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    world.emulator.faults.add(how, match=CLOSE)
    agreed = conceding.consequences(pack.dispute).hash

    row = conceding.concede(pack, by=by(dana()), reason="Not worth it.", plan_hash=agreed)
    at_once = row.status
    finish(world)

    pack.refresh_from_db()
    assert (at_once, pack.status, pack.outcome) == ("sending", "conceded", "lost")
    assert Submission.objects.get().status == "sent"
    agrees(world)


def test_f21_nothing_begins_while_stripe_does_not_answer(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    world.emulator.faults.add("lost_request", match="GET /v1/disputes/.*", times=5)

    with pytest.raises(StripeUnavailable):
        submitting.submit(pack, by=by(dana()), reason="As agreed.")

    pack.refresh_from_db()
    assert (pack.status, Submission.objects.count()) == ("gathering", 0)


def test_a_date_is_not_called_missed_before_stripe_was_asked(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    with world.later(days=15):
        world.emulator.faults.add("lost_request", match="GET /v1/disputes/.*", times=5)
        sweeps.follow()
        pack.refresh_from_db()
        in_silence = pack.status
        world.emulator.faults.clear()
        with world.later(minutes=5):
            sweeps.follow()

    pack.refresh_from_db()
    assert (in_silence, pack.status) == ("gathering", "missed")


def test_a_file_that_is_gone_from_the_disk_stops_the_answer_with_its_name(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    slip = editing.add_file(pack, BytesIO(pdf()), "slip.pdf", party="seller", user=None, shows="other")
    editing.choose(pack, slip, user=staff)
    slip.content.storage.delete(slip.content.name)

    problems = packs.preview(pack).problems

    assert problems == ("The file slip.pdf cannot be read any more.",)


def test_a_file_whose_bytes_changed_after_it_was_written_down_is_not_uploaded(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    shown = packs.preview(pack)
    file = shown.files[0].file

    def somebody_tampers() -> None:
        with file.content.storage.open(file.content.name, "wb") as opened:
            opened.write(b"%PDF-1.7 something else")

    with armed("operation.claimed", somebody_tampers), pytest.raises(Exception, match="not as it was written down"):
        submitting.submit(pack, by=by(dana()), reason="As agreed.")

    pack.refresh_from_db()
    assert (pack.status, pack.submissions.get().status) == ("ready", "refused")
    assert "not as it was written down" in pack.trouble


def test_after_a_refusal_it_is_put_right_and_sent_in_the_same_round(world: World) -> None:
    (share,) = sent_by_carrier(world)
    pack, staff = asked(world, share), dana()
    world.emulator.faults.add("error_before", match=ANSWER, status=400, message="Not this text.")
    with pytest.raises(Exception, match="Not this text"):
        submitting.submit(pack, by=by(staff), reason="As agreed.")
    trouble = pack.trouble
    editing.write(pack, Field.UNCATEGORIZED_TEXT, "Another text.", user=staff)

    submitting.submit(pack, by=by(staff), reason="Put right.")

    assert (trouble, pack.trouble) == ("Not this text.", "")
    assert [row.status for row in pack.submissions.order_by("pk")] == ["refused", "sent"]
    answered_once(pack)
