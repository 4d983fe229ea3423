"""A case's pages: who may see and do what, what is wrong at its field, and what the buttons do when pressed twice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from cases import offers, talking
from cases.models import Case, CaseMessage, CasePhoto, Offer
from kit.clock import now
from orders import progress
from payments.models import MoneyAction, Refund, Share
from tests.casework import TEXT, buyer_of, opened, owner_of, photo, signed_in
from tests.factories import MembershipFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 EUR for something that was sent."""
    (share,) = world.bought((10_000,))
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    found: Share = Share.objects.select_related("order__purchase__customer__user", "order__seller").get(pk=share.pk)
    return found


@pytest.fixture
def alice(share: Share) -> Client:
    return signed_in(buyer_of(share))


@pytest.fixture
def bob(share: Share) -> Client:
    return signed_in(owner_of(share))


@pytest.fixture
def case(share: Share) -> Case:
    return opened(share, files=[photo()])


def new_page(share: Share) -> str:
    return f"/cases/new/{share.order.purchase.number}/{share.order.number}/"


def filled(**changes: Any) -> dict[str, Any]:
    return {"reason": "damaged", "text": TEXT, "amount": "60.00", **changes}


def problems(page: Any) -> dict[str, str]:
    """What is said at each field."""
    return {name: " ".join(map(str, errors)) for name, errors in page.context["form"].errors.items()}


# --- opening ---


def test_the_order_leads_to_the_case_and_both_sides_find_it(share: Share, alice: Client, bob: Client) -> None:
    order = f"/orders/{share.order.purchase.number}/"
    assert new_page(share) in alice.get(order).content.decode()

    answer = alice.post(new_page(share), filled(photos=[photo(), photo("b.png", kind="PNG")]))

    case = Case.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.number}/")
    assert (case.asked, CasePhoto.objects.count()) == (6000, 2)
    assert TEXT in alice.get(f"/cases/{case.number}/").content.decode()
    assert case.number in alice.get(order).content.decode()
    assert case.number in alice.get("/cases/").content.decode()
    assert case.number in bob.get("/desk/cases/").content.decode()
    assert "waits for your answer" in bob.get("/desk/").content.decode()
    sold = bob.get(f"/desk/orders/{share.order.number}/").content.decode()
    assert "Answer the buyer" in sold
    assert "nothing left for you to do" not in sold


def test_f34_opening_twice_opens_one(share: Share, alice: Client) -> None:
    alice.post(new_page(share), filled())

    again = alice.post(new_page(share), filled(), follow=True)

    assert "There is an open case" in again.content.decode()
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("text", {"text": "  \n "}),
        ("text", {"text": "x" * 4001}),
        ("reason", {"reason": ""}),
        ("reason", {"reason": "revenge"}),
        ("amount", {"amount": ""}),
        ("amount", {"amount": "0"}),
        ("amount", {"amount": "100.01"}),
        ("amount", {"amount": "1.005"}),
        ("amount", {"amount": "-5"}),
        ("amount", {"amount": "much"}),
        ("text", {"text": "a\x00b"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(share: Share, alice: Client, field: str, changes: dict[str, str]) -> None:
    page = alice.post(new_page(share), filled(**changes))

    assert page.status_code == 422
    assert [*problems(page)] == [field]
    assert not Case.objects.exists()


def test_a_renamed_file_and_too_many_photos_are_refused(share: Share, alice: Client) -> None:
    broken = photo("holiday.jpg")
    broken.file.seek(0)
    broken.file.write(b"MZ\x90\x00")
    broken.file.seek(0)

    page = alice.post(new_page(share), filled(photos=[broken]))
    many = alice.post(new_page(share), filled(photos=[photo(f"{n}.jpg", size=(8, 8)) for n in range(7)]))

    assert "holiday.jpg" in problems(page)["photos"]
    assert "at most 6" in problems(many)["photos"]
    assert not Case.objects.exists()


def test_what_is_not_paid_has_no_case(world: World) -> None:
    client, _customer = world.buyer()
    purchase = world.check_out(client, world.listing())
    order = purchase.orders.get()

    assert client.get(f"/cases/new/{purchase.number}/{order.number}/").status_code == 404


# --- who may ---


def pages_of(case: Case) -> list[tuple[str, str]]:
    """Every address of a case, for both sides."""
    shown = CasePhoto.objects.get()
    offer = Offer.objects.get()
    ends = [
        ("get", ""), ("post", "say/"), ("post", "offer/"), ("post", f"offers/{offer.pk}/withdraw/"),
        ("get", f"offers/{offer.pk}/accept/"), ("post", f"offers/{offer.pk}/accept/"), ("post", "ask-us/"),
        ("post", "reopen/"), ("get", f"photos/{shown.uuid}/large/"),
    ]  # fmt: skip
    both = [(how, f"{side}{case.number}/{end}") for side in ("/cases/", "/desk/cases/") for how, end in ends]
    return [*both, ("get", f"/cases/{case.number}/close/"), ("post", f"/cases/{case.number}/close/")]


def test_strangers_find_nothing_whoever_they_are(world: World, case: Case, share: Share) -> None:
    other_buyer, _customer = world.buyer("eve@example.org")
    rival = world.seller("Rival", email="rival@example.org")
    other_seller = signed_in(rival.memberships.get().user)

    for how, address in pages_of(case):
        # Who has no shop at all is led to opening one.
        expected = 302 if address.startswith("/desk/") else 404
        assert getattr(other_buyer, how)(address).status_code == expected, address
        assert getattr(other_seller, how)(address).status_code == 404, address
    assert CaseMessage.objects.count() == 1
    assert not MoneyAction.objects.exists()


def test_visitors_are_asked_to_sign_in(case: Case) -> None:
    for how, address in pages_of(case):
        answer = getattr(Client(), how)(address)
        assert (answer.status_code, answer["Location"].startswith("/accounts/login/")) == (302, True), address


def test_each_side_has_its_own_pages_only(case: Case, alice: Client, bob: Client) -> None:
    assert bob.get(f"/cases/{case.number}/").status_code == 404
    assert alice.get(f"/desk/cases/{case.number}/").status_code in (302, 404)
    assert bob.get(new_page(case.share)).status_code == 404


def test_a_sellers_team_mate_answers_like_the_owner(case: Case, share: Share) -> None:
    mate = MembershipFactory(seller=share.order.seller, role="member").user

    answer = signed_in(mate).post(f"/desk/cases/{case.number}/say/", {"text": "I packed it myself."})

    assert answer.status_code == 302
    message = case.messages.latest("pk")
    assert (message.party, message.author) == ("seller", mate)


def test_a_photo_is_for_both_sides_only_and_never_cached(case: Case, alice: Client, bob: Client) -> None:
    shown = CasePhoto.objects.get()

    for client, side in ((alice, "/cases/"), (bob, "/desk/cases/")):
        answer = client.get(f"{side}{case.number}/photos/{shown.uuid}/small/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert "no-store" in answer["Cache-Control"]
    assert alice.get(f"/cases/{case.number}/photos/{shown.uuid}/huge/").status_code == 404
    assert Client().get(f"/media/{shown.image.name}").status_code == 404


def test_notes_of_staff_are_on_no_page_of_either_side(case: Case, alice: Client, bob: Client) -> None:
    talking.note(case, by=UserFactory(is_staff=True), text="Third time this year.")

    assert "Third time" not in alice.get(f"/cases/{case.number}/").content.decode()
    assert "Third time" not in bob.get(f"/desk/cases/{case.number}/").content.decode()


def test_the_buyer_reads_nothing_of_fees(case: Case, alice: Client, share: Share) -> None:
    offers.make(case, offers.Party.SELLER, by=owner_of(share), percent=60)
    page = alice.get(f"/cases/{case.number}/offers/{Offer.objects.latest('pk').pk}/accept/").content.decode()

    assert "fee" not in re.sub(r"<head>.*?</head>", "", page, flags=re.DOTALL).lower()
    assert "keeps of what you paid" in page


# --- doing ---


def accept_page(case: Case, side: str = "/desk/cases/") -> str:
    return f"{side}{case.number}/offers/{Offer.objects.latest('pk').pk}/accept/"


def test_b6_from_the_pages_alone_with_the_button_pressed_twice(
    world: World, share: Share, case: Case, alice: Client, bob: Client
) -> None:
    assert bob.post(f"/desk/cases/{case.number}/offer/", {"percent": "30"}).status_code == 302
    assert alice.post(f"/cases/{case.number}/offer/", {"amount": "60.00", "text": "Half and a bit."}).status_code == 302
    page = bob.get(accept_page(case))
    assert "€60.00 of the €100.00" in page.content.decode()
    hidden = {"plan": page.context["plan"].hash, "seen": page.context["seen"]}

    first = bob.post(accept_page(case), hidden, follow=True)
    second = bob.post(accept_page(case), hidden, follow=True)

    assert "Accepted. The case is closed." in first.content.decode()
    assert "It is accepted, and the case is closed." in second.content.decode()
    assert (Refund.objects.count(), Refund.objects.get().amount) == (1, 6000)
    assert "stays with" in alice.get(f"/cases/{case.number}/").content.decode()


def test_a_changed_plan_is_shown_before_it_is_accepted(share: Share, case: Case, bob: Client) -> None:
    page = bob.get(accept_page(case))
    hidden = {"plan": "0" * 64, "seen": "500;0;0;paid"}

    again = bob.post(accept_page(case), hidden)

    assert again.status_code == 409
    assert "Meanwhile the order is: Sent or handed over." in again.content.decode()
    assert page.context["plan"].hash == again.context["plan"].hash
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("amount", {}),
        ("percent", {"amount": "5", "percent": "5"}),
        ("percent", {"percent": "0"}),
        ("percent", {"percent": "101"}),
        ("percent", {"percent": "half"}),
        ("amount", {"amount": "1e9"}),
        ("amount", {"amount": "100.01"}),
    ],
)
def test_an_offer_says_what_is_wrong_at_its_field(case: Case, bob: Client, field: str, given: dict[str, str]) -> None:
    page = bob.post(f"/desk/cases/{case.number}/offer/", given)

    assert page.status_code == 422
    assert [*problems(page)] == [field]
    assert Offer.objects.count() == 1


def test_an_empty_message_is_refused_at_its_field(case: Case, alice: Client) -> None:
    page = alice.post(f"/cases/{case.number}/say/", {"text": "   "})

    assert problems(page) == {"text": "Write a few words: this is empty."}


def test_words_of_both_sides_are_shown_as_text(case: Case, alice: Client, bob: Client) -> None:
    bob.post(f"/desk/cases/{case.number}/say/", {"text": "<script>alert(1)</script>\n<b>no</b>"})

    page = alice.get(f"/cases/{case.number}/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_buyer_withdraws_an_offer_closes_and_opens_again(case: Case, alice: Client) -> None:
    home = f"/cases/{case.number}/"
    offer = Offer.objects.get()

    assert "withdrawn" in alice.post(f"{home}offers/{offer.pk}/withdraw/", follow=True).content.decode()
    assert "Is it settled?" in alice.get(f"{home}close/").content.decode()
    closed = alice.post(f"{home}close/", follow=True).content.decode()
    assert "The case is closed." in closed
    assert alice.post(f"{home}close/").status_code == 302
    assert problems(alice.post(f"{home}reopen/", {"text": ""}))
    again = alice.post(f"{home}reopen/", {"text": "It broke after all."}, follow=True).content.decode()

    case.refresh_from_db()
    assert case.is_open
    assert "open again" in again


def test_both_lists_have_an_empty_state(world: World) -> None:
    alice, _customer = world.buyer()
    bob = Client()
    bob.force_login(world.seller().memberships.get().user)

    assert "No cases" in alice.get("/cases/").content.decode()
    assert "No open cases" in bob.get("/desk/cases/").content.decode()
    assert "No cases" in bob.get("/desk/cases/?show=all").content.decode()


# --- staff ---


@pytest.fixture
def dana() -> Client:
    """Everything allowed."""
    return signed_in(UserFactory(email="dana@example.org", is_staff=True, is_superuser=True))


def act(case: Case, name: str) -> str:
    return reverse(f"admin:cases_case_{name}", args=[case.pk])


def test_staff_read_write_note_and_decide(case: Case, dana: Client, alice: Client, bob: Client) -> None:
    assert case.number in dana.get("/admin/cases/case/").content.decode()
    assert dana.post(act(case, "join")).status_code == 302
    assert dana.post(act(case, "note"), {"text": "Third time."}).status_code == 302
    assert dana.post(act(case, "say"), {"text": "Show us the box.", "ask": "buyer"}).status_code == 302
    page = dana.get(act(case, "change")).content.decode()
    assert "Third time." in page
    assert "Show us the box." in alice.get(f"/cases/{case.number}/").content.decode()
    shown = CasePhoto.objects.get()
    assert dana.get(reverse("admin:cases_case_photo", args=[case.pk, shown.uuid, "large"])).status_code == 200

    asked = {"amount": "40", "policy": "", "reason": "The photo shows it."}
    card = dana.post(act(case, "decide"), {**asked, "preview": "1"})
    assert "What this does" in card.content.decode()
    hidden = {"plan": card.context["shown"], "seen": card.context["seen"], "confirm": "1"}
    assert dana.post(act(case, "decide"), {**asked, **hidden}).status_code == 302
    again = dana.post(act(case, "decide"), {**asked, **hidden}, follow=True)

    assert "This case is closed." in again.content.decode()
    assert Refund.objects.get().amount == 4000
    for client, home in ((alice, "/cases/"), (bob, "/desk/cases/")):
        assert "The photo shows it." in client.get(f"{home}{case.number}/").content.decode()
    assert dana.post(act(case, "reopen"), {"text": ""}).status_code == 422
    assert dana.post(act(case, "reopen"), {"text": "The carrier wrote."}).status_code == 302
    case.refresh_from_db()
    assert case.status == "with_staff"


def test_staff_decide_for_the_seller_after_seeing_what_it_does(case: Case, dana: Client) -> None:
    asked = {"amount": "0", "policy": "", "reason": "It is as described."}
    card = dana.post(act(case, "decide"), {**asked, "preview": "1"})
    assert "stays with" in card.content.decode()

    dana.post(act(case, "decide"), {**asked, "plan": card.context["shown"], "confirm": "1"})

    case.refresh_from_db()
    assert (case.outcome, case.returned) == ("decided", 0)
    assert not MoneyAction.objects.exists()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("reason", {"amount": "5", "reason": " "}),
        ("amount", {"amount": "", "reason": "So."}),
        ("amount", {"amount": "100.01", "reason": "So."}),
        ("policy", {"amount": "5", "reason": "So.", "policy": "nobody"}),
    ],
)
def test_a_decision_says_what_is_wrong_at_its_field(
    case: Case, dana: Client, field: str, given: dict[str, str]
) -> None:
    page = dana.post(act(case, "decide"), {"policy": "", **given, "preview": "1"})

    assert page.status_code == 422
    assert [*problems(page)] == [field]


def test_staff_without_the_right_only_read(case: Case) -> None:
    reader = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_case"))
    client = signed_in(reader)

    assert client.get(act(case, "change")).status_code == 200
    for name in ("say", "note", "join", "reopen", "decide"):
        assert client.post(act(case, name), {"text": "x"}).status_code == 403, name
    assert signed_in(UserFactory()).get(act(case, "change")).status_code == 302
