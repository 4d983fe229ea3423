from accounts import requirements


def entry(code: str, *, owner: str = "seller", status: str = "currently_due", deadline: str | None = None, errors=()):
    return {"code": code, "owner": owner, "status": status, "deadline": deadline, "errors": list(errors)}


def test_a_known_code_is_said_in_plain_words():
    said = requirements.sentence("identity.individual.given_name")

    assert said == "Your first name"


def test_a_longer_code_is_said_by_its_known_beginning():
    said = requirements.sentence("identity.individual.date_of_birth.day")

    assert said == "Your date of birth"


def test_an_unknown_code_has_a_sentence_that_is_always_right():
    said = requirements.sentence("starship.registration")

    assert said == "Something only Stripe can ask you: it is shown there"


def test_a_code_about_a_person_of_the_company_is_said_without_its_id():
    said = requirements.sentence("person_1AbC.verification.document")

    assert said == "Details about the people behind the business"


def test_three_parts_of_one_thing_are_asked_for_once():
    entries = [entry(f"identity.individual.date_of_birth.{part}") for part in ("day", "month", "year")]

    dues = requirements.waiting_for_seller(entries)

    assert [due.sentence for due in dues] == ["Your date of birth"]


def test_the_overdue_stands_first_and_then_the_nearest_date():
    entries = [
        entry("contact_email"),
        entry("identity.entity_type", deadline="2026-12-24T00:00:00Z"),
        entry("identity.individual.surname", deadline="2026-12-01T00:00:00Z"),
        entry("identity.individual.phone", status="past_due"),
    ]

    dues = requirements.waiting_for_seller(entries)

    assert [due.code for due in dues] == [
        "identity.individual.phone",
        "identity.individual.surname",
        "identity.entity_type",
        "contact_email",
    ]
    assert dues[0].overdue


def test_what_is_due_one_day_does_not_wait_for_the_seller():
    entries = [entry("identity.individual.id_numbers", status="eventually_due")]

    assert requirements.waiting_for_seller(entries) == []
    assert [due.code for due in requirements.asked_later(entries)] == ["identity.individual.id_numbers"]


def test_what_stripe_checks_does_not_wait_for_the_seller():
    entries = [entry("identity.individual.documents", owner="stripe")]

    assert requirements.waiting_for_seller(entries) == []
    assert [due.code for due in requirements.checked_by_stripe(entries)] == ["identity.individual.documents"]


def test_stripes_words_about_an_error_reach_the_seller():
    entries = [entry("identity.individual.address", errors=["The street was not found."])]

    dues = requirements.waiting_for_seller(entries)

    assert dues[0].errors == ("The street was not found.",)
