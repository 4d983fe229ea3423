"""A seller's part of a dispute, on their own pages and against the emulator: what they see, what they send, who may."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from emulator import business
from evidence import editing, packs, seller_part, standing
from evidence.models import EvidenceFile, Pack, PackEntry, Reading, SellerWords
from kit.clock import now
from payments import fetching_back, sweeps
from payments.models import Dispute, Share
from tests.factories import MembershipFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def asked(world: World, share: Share, *, inquiry: bool = False, reason: str = "product_not_received") -> Dispute:
    """The buyer's bank asks, and everything that follows by itself has happened."""
    found = business.open_dispute(world.emulator, str(share.payment.charge_id), reason, inquiry=inquiry)
    settle(world)
    row: Dispute = Dispute.objects.get(stripe_id=found)
    return row


def decided(world: World, dispute: Dispute, to: str) -> Dispute:
    business.move_dispute(world.emulator, dispute.stripe_id, to)
    settle(world)
    dispute.refresh_from_db()
    return dispute


def settle(world: World) -> None:
    world.settle()
    fetching_back.fetch_back()
    world.finish()


def as_seller(share: Share) -> Client:
    client = Client()
    client.force_login(share.order.seller.memberships.get(role="owner").user)
    return client


def page_of(client: Client, dispute: Dispute) -> str:
    answer = client.get(f"/desk/disputes/{dispute.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def client_messages(client: Client) -> str:
    """What the next page tells."""
    return client.get("/desk/disputes/").content.decode()


def photo(name: str = "door.png") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "grey").save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")


def upload(client: Client, dispute: Dispute, file: Any, **changes: str) -> Any:
    return client.post(f"/desk/disputes/{dispute.pk}/files/", {"file": file, "shows": "delivery", **changes})


def test_an_order_under_a_dispute_is_not_to_be_sent_until_the_bank_has_decided(world: World) -> None:
    (share,) = world.bought((1000,))
    seller = as_seller(share)
    address = f"/desk/orders/{share.order.number}/"
    before = seller.get(address).text

    dispute = asked(world, share)
    meanwhile = seller.get(address).text
    decided(world, dispute, "won")
    after = seller.get(address).text

    assert "Send it, then say so here" in before
    assert "Do not send anything until it has decided." in meanwhile
    assert "Send it, then say so here" not in meanwhile
    assert "Mark as shipped" in meanwhile
    assert "Send it, then say so here" in after


def test_the_desk_and_the_order_lead_to_a_page_that_says_what_was_taken_and_what_is_asked(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    client = as_seller(share)

    desk, order = client.get("/desk/"), client.get(f"/desk/orders/{share.order.number}/")
    listed, page = client.get("/desk/disputes/"), page_of(client, dispute)

    assert "asks about 1 payment" in desk.content.decode()
    assert f"/desk/disputes/{dispute.pk}/" in order.content.decode()
    assert "Your answer is needed" in listed.content.decode()
    assert "The buyer says that it never arrived." in page
    assert "Held back from your share" in page
    assert "€9.00" in page
    assert "What is the tracking number?" in page
    assert "Something that shows that it arrived" in page
    until = seller_part.deadline(dispute)
    assert until is not None
    assert dispute.due_by is not None
    assert dispute.due_by - until == timedelta(days=2)


def test_what_a_seller_writes_and_uploads_goes_to_staff_and_not_to_the_bank(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    client = as_seller(share)

    client.post(f"/desk/disputes/{dispute.pk}/words/", {"story": "I sent it on Monday.", "tracking": "003404341"})
    upload(client, dispute, photo(), note="at her door")
    page = page_of(client, dispute)

    assert "We have your answer" in page
    assert "I sent it on Monday." in page
    assert "at her door" in page
    (given,) = seller_part.all_given(dispute)
    assert {row.item: row.text for row in given.words} == {"story": "I sent it on Monday.", "tracking": "003404341"}
    (file,) = given.files
    assert (file.party, file.share, file.shows) == ("seller", share, "delivery")
    pack = Pack.objects.get(dispute=dispute)
    assert file not in [one for part in packs.preview(pack).files for one in part.made_of]
    assert "I sent it on Monday." not in str([text.text for text in packs.preview(pack).texts])
    assert PackEntry.objects.filter(pack=pack, what__contains="story, tracking").exists()
    assert "asks about 1 payment" not in client.get("/desk/").content.decode()


def test_words_are_changed_and_taken_back_and_nothing_at_all_is_not_an_answer(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    client, address = as_seller(share), f"/desk/disputes/{dispute.pk}/words/"

    empty = client.post(address, {"story": "  "})
    client.post(address, {"story": "One."})
    same = client.post(address, {"story": "One."}, follow=True)
    client.post(address, {"story": "Two.", "tracking": "1"})
    client.post(address, {"story": "Two.", "tracking": ""})

    assert empty.status_code == 422
    assert "Write something" in empty.content.decode()
    assert "Nothing changed" in same.content.decode()
    assert [(row.item, row.text) for row in SellerWords.objects.all()] == [("story", "Two.")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Drawings in SVG are not taken"),
        (b"MZ\x90\x00 a program", "This is a program, whatever its name says"),
        (b"", "This file is empty"),
        (b"just words", "This is not a PDF, JPEG or PNG file"),
    ],
)
def test_a_file_no_bank_takes_is_refused_at_its_field(world: World, content: bytes, sentence: str) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)

    answer = upload(as_seller(share), dispute, SimpleUploadedFile("proof.pdf", content))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not EvidenceFile.objects.filter(party="seller").exists()


def test_a_file_is_withdrawn_until_it_is_chosen_for_the_bank(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    client, staff = as_seller(share), UserFactory(is_staff=True)
    upload(client, dispute, photo())
    upload(client, dispute, SimpleUploadedFile("again.png", photo().read()))
    (kept,) = EvidenceFile.objects.filter(party="seller", removed_at=None)
    address = f"/desk/disputes/{dispute.pk}/files/{kept.pk}/withdraw/"
    editing.choose(kept.pack, kept, user=staff)

    used = client.post(address, follow=True)
    editing.leave_out(kept.pack, kept, user=staff)
    gone = client.post(address, follow=True)

    assert "chosen this file for the bank already" in used.content.decode()
    assert "door.png is withdrawn" in gone.content.decode()
    assert not seller_part.given(dispute, share)
    assert client.get(f"/desk/disputes/{dispute.pk}/files/{kept.pk}/").status_code == 404


def test_nobody_but_the_sellers_team_sees_it_and_every_look_leaves_a_row(world: World) -> None:
    first, second = world.bought((1000, 2000))
    dispute = asked(world, first)
    mine, other = as_seller(first), as_seller(second)
    upload(mine, dispute, photo())
    file = EvidenceFile.objects.get(party="seller")
    address = f"/desk/disputes/{dispute.pk}/"
    colleague = UserFactory()
    MembershipFactory(seller=first.order.seller, user=colleague, role="member")
    team = Client()
    team.force_login(colleague)
    stranger = Client()
    stranger.force_login(MembershipFactory().user)

    assert page_of(team, dispute)
    assert page_of(other, dispute).count("door.png") == 0
    picture = mine.get(f"{address}files/{file.pk}/")
    same = upload(other, dispute, photo("mine.png"))
    told = client_messages(other)
    refused = [client.get(f"{address}files/{file.pk}/").status_code for client in (other, stranger)]
    posts = [stranger.post(f"{address}{end}").status_code for end in ("words/", "files/", f"files/{file.pk}/withdraw/")]

    assert picture.headers["Content-Type"] == "image/png"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert same.status_code == 302
    assert "exactly this file already" in told
    assert refused == [404, 404]
    assert stranger.get(address).status_code == 404
    assert posts == [404, 404, 404]
    assert other.post(f"{address}files/{file.pk}/withdraw/").status_code == 404
    assert Client().get(address).status_code == 302
    looks = list(Reading.objects.order_by("pk").values_list("email", "what", "file"))
    assert looks == [
        (colleague.email, f"the page of the dispute about order {first.order.number}", None),
        ("shop1@example.org", f"the page of the dispute about order {second.order.number}", None),
        ("shop0@example.org", "the file door.png", file.pk),
    ]


def test_after_the_answer_nothing_can_be_added(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    client = as_seller(share)
    packs.for_dispute(dispute)
    decided(world, dispute, "under_review")

    late = client.post(f"/desk/disputes/{dispute.pk}/words/", {"story": "Wait!"}, follow=True)
    file = upload(client, dispute, photo())

    assert "Nothing can be added to this dispute any more." in late.content.decode()
    assert "With the bank" in late.content.decode()
    assert file.status_code == 302
    assert not SellerWords.objects.exists()
    assert not EvidenceFile.objects.filter(party="seller").exists()


def test_a_seller_who_was_paid_sees_what_was_fetched_back_and_what_winning_and_losing_came_to(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        world.delivered(share)
        sweeps.set_dates()
        sweeps.release_due()
        dispute = asked(world, share)
        client = as_seller(share)

        page = page_of(client, dispute)
        won = page_of(client, decided(world, dispute, "won"))

    assert "Fetched back from your Stripe balance" in page
    assert "If it is lost, it costs you" in page
    assert "Our fee on it, €1.00, we give up." in page
    assert "The bank decided for you." in won
    assert "Fetched back before" in won


def test_a_seller_whose_balance_is_empty_is_told_what_they_will_owe_and_then_owe(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        world.delivered(share)
        sweeps.set_dates()
        sweeps.release_due()
    with world.later(days=20):
        world.settle()
        dispute = asked(world, share)
        found = seller_part.find(share.order.seller, dispute.pk)
        assert found is not None

        taken, cost = standing.taken_line(found), standing.would_cost(found)
        page = page_of(as_seller(share), decided(world, dispute, "lost"))

    assert (cost.total, cost.owed) == (900, 900)
    assert taken == "€9.00 was not there any more: you will owe it if the dispute is lost."
    assert "You owe the marketplace" in page
    assert "Nothing more can be done here." in page


def test_an_inquiry_takes_nothing_and_says_so(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share, inquiry=True)
    client = as_seller(share)

    page = page_of(client, dispute)
    closed = page_of(client, decided(world, dispute, "warning_closed"))

    assert "so far it takes nothing" in page
    assert "Taken from you" in page
    assert "Closed, nothing taken" in closed


def test_a_short_time_leaves_the_seller_half_of_it(world: World) -> None:
    opened = now()
    dispute = Dispute(opened_at=opened, due_by=opened + timedelta(days=3))

    assert seller_part.deadline(dispute) == opened + timedelta(days=1.5)
    assert seller_part.deadline(Dispute(opened_at=opened, due_by=None)) is None


def test_what_a_seller_wrote_when_the_session_ended_is_shown_to_them_again(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    bob = as_seller(share)
    page = f"/desk/disputes/{dispute.pk}/"
    mark = page_of(bob, dispute).partition('name="typed_by" value="')[2].partition('"')[0]
    bob.logout()
    words = {"story": "It was handed over to the neighbour on Tuesday.", "typed_by": mark}
    sent = bob.post(f"{page}words/", words, headers={"Referer": f"http://testserver{page}"})

    bob.force_login(share.order.seller.memberships.get(role="owner").user)

    assert mark
    assert sent["Location"] == f"/accounts/login/?next={page}"
    assert "It was handed over to the neighbour on Tuesday." in page_of(bob, dispute)
    assert "on Tuesday" not in page_of(bob, dispute)
    assert not SellerWords.objects.exists()
