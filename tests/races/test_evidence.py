"""Who answers a bank at the same moment. Twins with the locks off show that the races are real."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet

from accounts.models import User
from emulator import business
from evidence import conceding, editing, packs, submitting
from evidence.errors import Changed, EvidenceError, NotOpen
from evidence.models import BankFile, Field, Pack, Submission
from payments.models import Dispute
from tests.factories import UserFactory
from tests.flows.test_evidence import asked, at_stripe, by, dana, sent_by_carrier
from tests.flows.test_evidence_faults import files_at_stripe
from tests.together import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def pack(world: World) -> Pack:
    """A dispute that waits for its answer."""
    (share,) = sent_by_carrier(world)
    return asked(world, share)


def as_in_another_window(pack: Pack) -> Pack:
    return Pack.objects.select_related("dispute__payment").get(pk=pack.pk)


def eve() -> User:
    return UserFactory(email="eve@example.org", is_staff=True)


def test_two_admins_who_submit_at_once_send_one_answer(world: World, pack: Pack) -> None:
    people = [dana(), eve()]

    came = at_once(
        *(
            lambda who=who: submitting.submit(as_in_another_window(pack), by=by(who), reason="As agreed.")
            for who in people
        )
    )

    done = [one for one in came if isinstance(one, Submission)]
    told = [one for one in came if not isinstance(one, Submission)]
    assert (len(done), [type(one) for one in told]) == (1, [NotOpen]), came
    assert Submission.objects.count() == 1
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 1
    assert world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}") == 1
    assert files_at_stripe() == BankFile.objects.count()


def test_control_without_the_lock_only_the_database_keeps_the_second_out(
    world: World, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, shown = [by(dana()), by(eve())], packs.preview(pack)
    both_are_here = threading.Barrier(2, timeout=30)

    def once_both_have_read(of: Pack) -> packs.Preview:
        both_are_here.wait()
        return shown

    monkeypatch.setattr(packs, "preview", once_both_have_read)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self.all())

    came = at_once(
        *(lambda who=who: submitting._begin(pack, shown, by=who, reason="As agreed.", expects="") for who in people)
    )

    assert [type(one) for one in came if isinstance(one, Exception)] == [IntegrityError]
    assert Submission.objects.count() == 1


def test_one_who_sends_and_one_who_gives_up_come_to_one_end(world: World, pack: Pack) -> None:
    agreed = conceding.consequences(pack.dispute).hash
    sender, other = by(dana()), by(eve())

    came = at_once(
        lambda: submitting.submit(as_in_another_window(pack), by=sender, reason="It arrived."),
        lambda: conceding.concede(as_in_another_window(pack), by=other, reason="Not worth it.", plan_hash=agreed),
    )

    (done,) = [one for one in came if isinstance(one, Submission)]
    (told,) = [one for one in came if not isinstance(one, Submission)]
    pack.refresh_from_db()
    assert isinstance(told, EvidenceError), told
    there = at_stripe(pack)
    assert (done.kind, pack.status, there["status"], there["evidence_details"]["submission_count"]) in {
        ("evidence", "submitted", "under_review", 1),
        ("concession", "conceded", "lost", 0),
    }


def test_words_written_while_it_is_sent_are_in_it_or_refused(world: World, pack: Pack) -> None:
    writer, sender = dana(), by(eve())
    before = pack.texts.get(field=Field.UNCATEGORIZED_TEXT).text

    came = at_once(
        lambda: editing.write(as_in_another_window(pack), Field.UNCATEGORIZED_TEXT, "New words.", user=writer),
        lambda: submitting.submit(as_in_another_window(pack), by=sender, reason="It arrived."),
    )

    pack.refresh_from_db()
    wrote, sent = came
    read = at_stripe(pack)["evidence"]["uncategorized_text"] or ""
    if isinstance(sent, Submission):
        expected = "New words." if not isinstance(wrote, Exception) else before
        assert (read, sent.texts[Field.UNCATEGORIZED_TEXT]) == (expected, expected)
    else:
        assert isinstance(sent, Changed), sent
        assert (read, pack.status) == ("", "gathering")


def test_two_sweeps_finish_one_answer_once(world: World, pack: Pack) -> None:
    world.emulator.faults.add("lost_response", match="POST /v1/disputes/[^/]+")
    row = submitting.submit(pack, by=by(dana()), reason="As agreed.")
    with world.later(minutes=5):
        came = at_once(lambda: submitting.proceed(row), lambda: submitting.proceed(Submission.objects.get(pk=row.pk)))

    pack.refresh_from_db()
    assert not [one for one in came if isinstance(one, Exception)], came
    assert (pack.status, pack.moves.filter(to_status="submitted").count()) == ("submitted", 1)
    assert at_stripe(pack)["evidence_details"]["submission_count"] == 1


def test_two_who_open_a_dispute_begin_one_pack_and_two_previews_make_one_file(world: World) -> None:
    (share,) = sent_by_carrier(world)
    business.open_dispute(world.emulator, str(share.payment.charge_id))
    world.settle()
    dispute = Dispute.objects.get()

    came = at_once(lambda: packs.for_dispute(dispute), lambda: packs.for_dispute(dispute))
    pack = Pack.objects.get()
    shown = at_once(lambda: packs.preview(pack), lambda: packs.preview(pack))

    assert {one.pk for one in came} == {pack.pk}
    assert {one.hash for one in shown} == {packs.preview(pack).hash}
    assert BankFile.objects.count() == len(packs.preview(pack).files)
