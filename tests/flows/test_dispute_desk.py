"""Staff work on disputes in the admin: the queue, the page of one, the evidence, and what cannot be taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from cases import opening
from disputes import reminders, rules
from disputes.models import Act, Reminder, Rule, StaffNote
from emulator import business
from evidence import editing
from evidence.models import Pack, Reading, Submission
from gateway import client as gateway
from kit.clock import now
from kit.models import Mail
from payments.models import Dispute, DisputeShare, Share
from tests.factories import UserFactory
from tests.flows.test_evidence import asked, sent_by_carrier
from tests.unit.evidence.test_files import pdf
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/payments/dispute/"


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password")


@pytest.fixture
def desk(dana: User) -> Client:
    return signed_in(dana)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff_with(*permissions: str) -> Client:
    """Somebody of staff who may do these things and nothing else."""
    user = UserFactory(is_staff=True)
    for name in permissions:
        app, _dot, code = name.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=code))
    return signed_in(user)


def page(name: str, dispute: Dispute, *more: int) -> str:
    if name == "case":
        return reverse("admin:payments_dispute_change", args=[dispute.pk])
    return reverse(f"admin:disputes_{name}", args=[dispute.pk, *more])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def at_stripe(dispute: Dispute) -> dict[str, Any]:
    return gateway.get(f"/v1/disputes/{dispute.stripe_id}")


def told(client: Client, path: str) -> str:
    """What the page after a redirect says."""
    return text(client.get(path))


# --- the queue ---


def test_the_queue_shows_what_is_due_with_its_next_step_and_finds_it_by_everything_people_have(
    world: World, desk: Client, dana: User
) -> None:
    first, second = world.bought((1000, 2500))
    dispute = asked(world, first, amount=1700).dispute

    shown = text(desk.get(QUEUE))

    for part in ("€17.00", "not received", "waits for an answer", "Complete the evidence", first.order.number):
        assert part in shown
    account = first.payment.purchase.customer.user
    for query in (second.order.number, dispute.stripe_id, dispute.charge_id, account.email, "Shop 1"):
        assert first.order.number in told(desk, f"{QUEUE}?q={query}")
    assert "No dispute here" in told(desk, f"{QUEUE}?q=nobody@example.org")
    editing.assign(dispute.pack, dana, user=dana)
    assert_shown(desk, first, open=1, ours=1, mine=1, unassigned=0, inquiry=0, bank=0, won=0, lost=0, person=0, all=1)
    assert first.order.number not in told(desk, f"{QUEUE}?due=3")


def assert_shown(desk: Client, share: Share, **expected: int) -> None:
    """Under which names of the filter the order is shown."""
    found = {name: int(share.order.number in told(desk, f"{QUEUE}?show={name}")) for name in expected}
    assert found == expected


def test_what_is_over_leaves_the_queue_and_a_search_still_finds_it(world: World, desk: Client) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share).dispute
    business.move_dispute(world.emulator, dispute.stripe_id, "lost")
    world.settle()

    assert_shown(desk, share, open=0, ours=0, won=0, lost=1, all=1)
    assert share.order.number in told(desk, f"{QUEUE}?q={share.order.number}")


def test_the_queue_asks_the_database_as_often_for_many_as_for_one(world: World, desk: Client) -> None:
    (share,) = world.bought((1000,))
    asked(world, share)
    desk.get(QUEUE)
    with CaptureQueriesContext(connection) as one:
        desk.get(QUEUE)
    for number in range(3):
        asked(world, world.bought_again(share, 1000 + number), "fraudulent")

    Dispute.objects.filter(reason="fraudulent").update(due_by=now() + timedelta(days=20))
    with CaptureQueriesContext(connection) as many:
        shown = desk.get(QUEUE)

    assert shown.context["cl"].result_list[0].reason == "product_not_received"
    assert shown.context["cl"].result_count == 4
    assert len(many) == len(one)


def act(desk: Client, action: str, *disputes: Dispute, **more: str) -> str:
    """Choose disputes and run an action; what the page says then."""
    chosen = {"action": action, "_selected_action": [one.pk for one in disputes], **more}
    return text(desk.post(f"{QUEUE}?show=all", chosen, follow=True))


def test_bulk_actions_say_what_they_did_and_what_they_left_out_and_why(world: World, desk: Client, dana: User) -> None:
    (share,) = world.bought((1000,))
    waiting = asked(world, share).dispute
    over = asked(world, world.bought_again(share, 1200)).dispute
    business.move_dispute(world.emulator, over.stripe_id, "lost")
    world.settle()

    assert "Assign 2 disputes" in act(desk, "assign", waiting, over)
    assert not Pack.objects.exclude(assignee=None).exists()
    said = act(desk, "assign", waiting, over, confirm="1", assignee=str(dana.pk))
    assert "1 dispute is assigned to dana@example.org." in said
    assert f"Left out: {over.stripe_id}. It is over." in said
    assert Pack.objects.get(assignee=dana).dispute == waiting

    everything = {"action": "assign", "select_across": "1", "_selected_action": [waiting.pk]}
    asking = desk.post(f"{QUEUE}?show=all", everything)
    assert 'name="select_across" value="1"' in text(asking)
    desk.post(f"{QUEUE}?show=all", {**everything, "confirm": "1", "assignee": "nobody"})
    assert not Pack.objects.exclude(assignee=None).exists()

    said = act(desk, "remind_sellers", waiting, over)
    assert "1 seller is reminded." in said
    assert f"Left out: {over.stripe_id}. No seller can add anything" in said
    assert Mail.objects.filter(key__contains="remind", to="shop0@example.org").count() == 1
    assert "Its sellers were reminded already." in act(desk, "remind_sellers", waiting)

    said = act(desk, "look_over", waiting, over)
    assert f"Left out: {waiting.stripe_id}. Its evidence is still being gathered." in said
    assert f"Left out: {over.stripe_id}. The bank waits for no answer." in said
    editing.make_ready(waiting.pack, user=UserFactory(is_staff=True))
    assert "You have looked over the evidence of 1 dispute." in act(desk, "look_over", waiting)
    assert Pack.objects.get(looked_over_by=dana).dispute == waiting


def rows_of(answer: Any) -> list[dict[str, str]]:
    content = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


def test_the_table_for_spreadsheets_has_every_row_of_the_filter_and_no_formula(world: World, desk: Client) -> None:
    (share,) = world.bought((123456,))
    share.order.seller.name = "=HYPERLINK(1)"
    share.order.seller.save()
    waiting = asked(world, share).dispute
    over = asked(world, world.bought_again(share, 1200), "fraudulent").dispute
    business.move_dispute(world.emulator, over.stripe_id, "won")
    world.settle()

    (row,) = rows_of(desk.get(f"{QUEUE}export/"))

    assert (row["dispute"], row["amount"], row["currency"], row["fee"]) == (
        waiting.stripe_id,
        "1234.56",
        "EUR",
        "15.00",
    )
    assert (row["sellers"], row["orders"]) == ("'=HYPERLINK(1)", share.order.number)
    assert row["buyer"] == share.payment.purchase.customer.user.email
    assert (row["status"], row["next step"]) == ("needs_response", "Complete the evidence")
    assert {one["dispute"] for one in rows_of(desk.get(f"{QUEUE}export/?show=all"))} == {
        waiting.stripe_id,
        over.stripe_id,
    }
    chosen = {"action": "export_chosen", "_selected_action": [over.pk]}
    assert [one["status"] for one in rows_of(desk.post(f"{QUEUE}?show=all", chosen))] == ["won"]


# --- who may what ---


def test_staff_are_shown_and_let_do_what_they_may(world: World) -> None:
    (share,) = sent_by_carrier(world)
    dispute = asked(world, share).dispute
    nobody, looker = staff_with(), staff_with("payments.view_dispute")
    worker = staff_with("payments.view_dispute", "payments.change_dispute")

    assert [nobody.get(path).status_code for path in (QUEUE, page("case", dispute), f"{QUEUE}export/")] == [403] * 3
    seen = text(looker.get(page("case", dispute)))
    assert "What the bank wants to see" in seen
    assert "Add the note" not in seen
    assert "Complete the evidence</a>" not in seen
    assert "Submit the evidence" not in told(looker, page("preview", dispute))
    refused = [
        looker.post(page("case", dispute), {"act": "note", "note-text": "Hm."}),
        looker.get(page("answer", dispute)),
        looker.post(page("preview", dispute), {"act": "draft"}),
        looker.get(page("concede", dispute)),
        worker.get(page("concede", dispute)),
        worker.post(page("preview", dispute), {"act": "send", "reason": "Yes."}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 6
    assert "Assign to somebody" not in told(looker, QUEUE)
    assert "sending it is for others" in told(worker, page("preview", dispute))
    assert worker.get(page("answer", dispute)).status_code == 200


def test_every_look_of_staff_is_written_down(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    dispute = asked(world, share).dispute
    file = dispute.pack.files.get(source="receipt")
    for path in (page("case", dispute), page("answer", dispute), page("preview", dispute)):
        desk.get(path)

    answer = desk.get(page("file", dispute, file.pk))

    assert answer.content.startswith(b"%PDF-")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert [row.email for row in Reading.objects.all()] == ["dana@example.org"] * 4
    assert Reading.objects.first().file == file
    other = asked(world, world.bought_again(share, 1200)).dispute
    assert desk.get(page("file", other, file.pk)).status_code == 404
    bank = desk.get(page("bank_file", dispute, dispute.pack.bank_files.first().pk))
    assert bank["Cache-Control"] == "no-store, private"


# --- the page of one dispute ---


def test_the_case_page_says_whose_turn_it_is_and_what_a_loss_would_cost_whom(world: World, desk: Client) -> None:
    (share,) = world.bought((1000,))
    pack = asked(world, share)

    shown = text(desk.get(page("case", pack.dispute)))

    assert "The bank wants €10.00 back. Complete the evidence; the time ends in 14 days." in shown
    assert "The buyer says that it never arrived." in shown
    for part in ("Proof of delivery", "If it is lost, it is borne by", "€9.00", "Our fee, given up", "€15.00"):
        assert part in shown
    assert "CET" in shown


def test_notes_and_reminders_are_kept_once_and_said_to_be_done(world: World, desk: Client, dana: User) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share).dispute
    other, day = UserFactory(is_staff=True), reminders.today() + timedelta(days=2)
    asking = {"act": "remind", "remind-for_whom": other.pk, "remind-due_on": day.isoformat(), "remind-what": "Ask Bob."}

    for _again in range(2):
        desk.post(page("case", dispute), {"act": "note", "note-text": "The parcel is insured."})
        desk.post(page("case", dispute), asking)

    assert StaffNote.objects.get().text == "The parcel is insured."
    reminder = Reminder.objects.get()
    assert (reminder.for_whom, reminder.asked_by) == (other, dana)
    assert (list(reminders.due()), list(reminders.due(day))) == ([], [reminder])
    shown = told(desk, page("case", dispute))
    assert "The parcel is insured." in shown
    assert "Ask Bob." in shown
    for _again in range(2):
        desk.post(page("case", dispute), {"act": "done", "reminder": reminder.pk})
    assert not reminders.due(day).exists()
    assert desk.post(page("case", dispute), {"act": "done", "reminder": "x"}).status_code == 404


BAD_INPUT = [
    ({"act": "note", "note-text": " "}, "Write the note first."),
    ({"act": "remind", "remind-due_on": "soon", "remind-what": "x"}, "Write it as 2026-12-24."),
    ({"act": "remind", "remind-due_on": "2020-01-01", "remind-what": "x"}, "That day is over."),
    ({"act": "remind", "remind-due_on": "2099-01-01", "remind-what": "x"}, "more than a year away"),
    ({"act": "remind", "remind-due_on": "", "remind-what": ""}, "Write down what there is to do."),
    ({"act": "assign", "assign-assignee": "999999"}, "Select a valid choice"),
    ({"act": "object", "object-reason": ""}, "Write down why."),
]


def test_bad_input_is_said_at_its_field(world: World, desk: Client) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share).dispute

    for sent, words in BAD_INPUT:
        answer = desk.post(page("case", dispute), sent)

        assert (answer.status_code, words in text(answer)) == (422, True), words
    assert StaffNote.objects.count() + Reminder.objects.count() == 0
    assert "Choose what to do." in text(desk.post(page("case", dispute), {"act": "dance"}, follow=True))


def test_staff_object_to_a_rule_and_stop_what_it_announced(world: World, desk: Client, dana: User) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share).dispute
    desk.post(page("case", dispute), {"act": "object", "object-reason": "The seller sends a photo."})
    assert "The seller sends a photo." in told(desk, page("case", dispute))
    desk.post(page("case", dispute), {"act": "agree"})
    assert Pack.objects.get().objected_by is None
    announced = Act.objects.create(
        rule=rules.rule(Rule.Kind.CONCEDE), version=1, dispute=dispute, status=Act.Status.NOTICED, what="concede",
        because="small", facts={}, currency="eur", amount=1000, noticed_at=now(), due_at=now() + timedelta(days=1),
    )  # fmt: skip
    assert "The loss is accepted by itself on" in told(desk, page("case", dispute))

    desk.post(page("case", dispute), {"act": "stop"})

    announced.refresh_from_db()
    assert (announced.status, announced.stopped_by) == ("stopped", dana)
    assert "Nothing is about to happen by itself." in text(
        desk.post(page("case", dispute), {"act": "stop"}, follow=True)
    )


def test_an_inquiry_leads_to_the_refund_and_not_to_a_loss(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    dispute = asked(world, share, inquiry=True).dispute

    shown = text(desk.get(page("case", dispute)))

    assert reverse("admin:payments_share_decide", args=[share.pk, "refund"]) in shown
    assert page("concede", dispute) not in shown
    assert "The loss cannot be accepted" in text(desk.get(page("concede", dispute), follow=True))


def test_a_charge_nobody_knows_has_a_page_that_says_so(world: World, desk: Client) -> None:
    dispute = Dispute.objects.create(
        stripe_id="du_x", charge_id="ch_x", status="needs_response", stripe_status="needs_response", reason="general",
        amount=500, currency="eur", opened_at=now(), looked_at=now(), due_by=now() + timedelta(days=3),
    )  # fmt: skip

    assert "Nobody here knows this charge." in told(desk, page("case", dispute))
    assert "Find out at Stripe what this charge is" in told(desk, QUEUE)
    assert desk.get(page("answer", dispute)).status_code == 403
    assert desk.get(f"{QUEUE}999999/change/").status_code == 404
    assert f"Left out: {dispute.stripe_id}." in act(desk, "assign", dispute, confirm="1", assignee="nobody")


def test_what_both_sides_said_is_on_the_page(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    opening.open_case(
        share, by=share.payment.purchase.customer.user, reason="not_received", asked=500, text="It is not here."
    )
    dispute = asked(world, share).dispute

    assert "It is not here." in told(desk, page("case", dispute))


# --- the evidence ---


def filled(answer: Any, **changes: Any) -> dict[str, Any]:
    """The form of the evidence as the browser would send it in, with changes."""
    form = answer.context["form"]
    data: dict[str, Any] = {}
    for bound in form:
        data[bound.html_name] = bound.value() or ""
        if bound.field.show_hidden_initial:
            known = form.data.get(bound.html_initial_name, bound.initial)
            data[bound.html_initial_name] = known or ""
    data.pop("upload")
    return {name: value for name, value in {**data, "act": "save", **changes}.items() if value is not False}


def test_the_evidence_keeps_what_staff_wrote_when_it_is_gathered_again(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    path = page("answer", pack.dispute)
    receipt = pack.files.get(source="receipt")

    slip = SimpleUploadedFile("slip.pdf", pdf(2), "application/pdf")
    changes = {
        "product_description": "One\r\napron.", "upload": slip, "shows": "delivery", "note": "Signed",
        f"file-{receipt.pk}": "", "act": "gather",
    }  # fmt: skip
    done = desk.post(path, filled(desk.get(path), **changes))

    assert done.status_code == 302
    row = pack.texts.get(field="product_description")
    assert (row.text, row.edited_by) == ("One\napron.", "dana@example.org")
    assert pack.texts.exclude(edited_at=None).count() == 1
    slip_row = pack.files.get(party="staff")
    assert (slip_row.pages, slip_row.note, slip_row.chosen.get().field) == (2, "Signed", "shipping_documentation")
    assert receipt.chosen.get().left_out_by == "dana@example.org"
    shown = told(desk, path)
    assert "10 of 20,000 characters" in shown
    assert "changed by dana@example.org" in shown
    desk.post(path, filled(desk.get(path), **{"ours-product_description": "on"}))
    assert "Linen apron" in pack.texts.get(field="product_description").text
    desk.post(path, filled(desk.get(path), remove=str(slip_row.pk)))
    slip_row.refresh_from_db()
    assert slip_row.removed_by == "dana@example.org"


def test_a_file_banks_do_not_take_is_refused_at_its_field_and_nothing_typed_is_lost(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    path = page("answer", pack.dispute)

    program = SimpleUploadedFile("receipt.pdf", b"MZ\x90\x00 not a receipt", "application/pdf")
    refused = desk.post(path, filled(desk.get(path), carrier="", upload=program, shipping_carrier="Hermes"))

    assert refused.status_code == 422
    assert "This is a program, whatever its name says." in refused.context["form"].errors["upload"][0]
    assert "Hermes" in text(refused)
    assert pack.texts.get(field="shipping_carrier").text == "Hermes"
    assert not pack.files.filter(party="staff").exists()
    long = desk.post(path, filled(desk.get(path), shipping_carrier="x" * 20_001))
    assert (long.status_code, "shipping_carrier" in long.context["form"].errors) == (422, True)


def test_two_who_write_the_same_field_do_not_write_over_each_other_unseen(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    pack, other = asked(world, share), UserFactory(is_staff=True)
    path = page("answer", pack.dispute)
    opened = desk.get(path)
    editing.write(pack, "shipping_carrier", "DPD", user=other)
    editing.write(pack, "customer_name", "Alice E.", user=other)

    late = desk.post(path, filled(opened, shipping_carrier="UPS"))

    assert late.status_code == 422
    assert "Somebody else changed this meanwhile, to: “DPD”" in late.context["form"].errors["shipping_carrier"][0]
    assert pack.texts.get(field="shipping_carrier").text == "DPD"
    again = desk.post(path, filled(late))
    assert again.status_code == 302
    assert (pack.texts.get(field="shipping_carrier").text, pack.texts.get(field="customer_name").text) == (
        "UPS", "Alice E.",
    )  # fmt: skip


# --- sending it, or accepting the loss ---


def test_what_was_read_is_sent_once_however_often_the_button_is_pressed(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    path = page("preview", pack.dispute)
    shown = desk.get(path)
    read = shown.context["hash"]
    assert "Submit the evidence about €10.00" in text(shown)
    assert desk.post(path, {"act": "send", "reason": " ", "read": read}).status_code == 422
    editing.write(pack, "shipping_carrier", "DPD", user=UserFactory(is_staff=True))

    changed = desk.post(path, {"act": "send", "reason": "It arrived.", "read": read})

    assert (changed.status_code, Submission.objects.count()) == (409, 0)
    assert "It changed since you read it. Nothing was sent." in text(changed)
    answers = [
        desk.post(path, {"act": "send", "reason": "It arrived.", "read": changed.context["hash"]})
        for _twice in range(2)
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    said = told(desk, page("case", pack.dispute))
    assert "The evidence is with the bank." in said
    assert "That is done already." in said
    assert Submission.objects.get().user is not None
    assert at_stripe(pack.dispute)["evidence"]["shipping_carrier"] == "DPD"
    assert world.requests(f"POST /v1/disputes/{pack.dispute.stripe_id}") >= 1
    assert at_stripe(pack.dispute)["evidence_details"]["submission_count"] == 1
    after = told(desk, path)
    assert "sent this to the bank." in after
    assert "Submit the evidence" not in after


def test_a_draft_is_kept_at_stripe_and_the_bank_gets_nothing(world: World, desk: Client) -> None:
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    path = page("preview", pack.dispute)

    said = text(desk.post(path, {"act": "draft", "read": desk.get(path).context["hash"]}, follow=True))

    assert "The bank has not got it." in said
    assert at_stripe(pack.dispute)["evidence_details"]["submission_count"] == 0
    assert desk.post(path, {"act": "draft", "read": "old"}).status_code == 409


def test_above_the_limit_one_looks_it_over_and_another_sends_it(
    world: World, desk: Client, dana: User, settings: Any
) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 500}
    (share,) = sent_by_carrier(world)
    pack = asked(world, share)
    path, emil = page("preview", pack.dispute), User.objects.create_superuser("emil@example.org", "x" * 12)
    second = signed_in(emil)
    read = desk.get(path).context["hash"]

    assert "Somebody else has to look it over first." in told(desk, path)
    refused = desk.post(path, {"act": "send", "reason": "Yes.", "read": read}, follow=True)
    assert "somebody else has to look it over first" in text(refused)
    desk.post(path, {"act": "ready"})
    assert "I have looked it over" not in told(desk, path)
    own = desk.post(path, {"act": "look_over", "read": read}, follow=True)
    assert "You made it ready yourself." in text(own)
    assert second.post(path, {"act": "look_over", "read": "old"}).status_code == 409
    second.post(path, {"act": "look_over", "read": read})
    assert "You looked it over. Somebody else has to send it." in told(second, path)
    desk.post(path, {"act": "send", "reason": "Yes.", "read": read})

    sent = Submission.objects.get()
    assert (sent.user, sent.status, sent.pack.looked_over_by) == (dana, "sent", emil)


def test_the_loss_is_accepted_as_it_was_shown_and_once(world: World, desk: Client) -> None:
    shares = sent_by_carrier(world, (1000, 2500))
    pack = asked(world, shares[0])
    path = page("concede", pack.dispute)
    shown = desk.get(path)
    assert "Accept the loss of €35.00" in text(shown)
    assert len(shown.context["cards"]) == 2
    plan = shown.context["hash"]

    wrong = desk.post(path, {"plan": "another", "reason": "Not worth it."})
    unexplained = desk.post(path, {"plan": plan, "reason": ""})
    answers = [desk.post(path, {"plan": plan, "reason": "Not worth it."}) for _twice in range(2)]

    assert (wrong.status_code, unexplained.status_code) == (409, 422)
    assert [answer.status_code for answer in answers] == [302, 302]
    said = told(desk, page("case", pack.dispute))
    assert "The loss is accepted." in said
    assert "That is done already." in said
    assert Submission.objects.get().kind == "concession"
    parts = DisputeShare.objects.order_by("pk")
    assert [(part.outcome, part.from_seller, part.from_fee) for part in parts] == [
        ("lost", 900, 100),
        ("lost", 2250, 250),
    ]
    assert "It is lost: the buyer has the money." in said
