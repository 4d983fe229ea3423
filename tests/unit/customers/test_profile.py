from django.test import Client

from accounts.models import User
from customers.models import Customer

URL = "/account/"


def test_a_visitor_signs_in_first(client: Client, db):
    answer = client.get(URL)

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"?next={URL}")


def test_a_buyer_sees_their_name(browser: Client):
    page = browser.get(URL)

    assert page.status_code == 200
    assert "Alice Archer" in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store, private"


def test_a_buyer_changes_name_and_phone(browser: Client, alice: User):
    answer = browser.post(URL, {"full_name": "Alice A. Archer", "phone": "+49 30  901820"})

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert alice.full_name == "Alice A. Archer"
    assert Customer.objects.get(user=alice).phone == "+49 30 901820"


def test_a_phone_number_nobody_could_call_is_refused(browser: Client):
    page = browser.post(URL, {"full_name": "Alice", "phone": "call me"})

    assert page.status_code == 422
    assert "Enter a phone number like +49 30 901820" in page.content.decode()


def test_staff_rights_cannot_be_posted(browser: Client, alice: User):
    browser.post(URL, {"full_name": "Alice", "phone": "", "is_staff": "on", "email": "dana@example.com"})

    alice.refresh_from_db()
    assert (alice.is_staff, alice.email) == (False, "alice@example.com")
