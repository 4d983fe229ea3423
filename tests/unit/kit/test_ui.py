"""What the small tags write."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.formats import date_format

from kit import clock
from kit.icons import PATHS
from kit.money import Money
from kit.templatetags import ui

NOON = datetime(2026, 6, 14, 10, 0, tzinfo=UTC)  # 12:00 in Berlin


@pytest.fixture(autouse=True)
def noon_in_berlin():
    with clock.fixed_at(NOON), timezone.override("Europe/Berlin"), translation.override("en"):
        yield


def written(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def test_money_is_written_with_its_currency():
    assert written("{% money 2400 'eur' %}") == '<span class="money">€24.00</span>'


def test_money_takes_a_money_value_and_writes_a_true_minus_sign():
    assert written("{% money owed %}", owed=Money(-1999, "usd")) == '<span class="money">−$19.99</span>'


def test_money_without_decimals_has_none():
    assert written("{% money 500 'jpy' %}") == '<span class="money">¥500</span>'


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=-20), "in a moment"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=-5), "in 5 minutes"),
        (timedelta(hours=3), "today at 09:00"),
        (timedelta(hours=13), "yesterday at 23:00"),
        (timedelta(days=-1), "tomorrow at 12:00"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=30), "15 May"),
        (timedelta(days=400), "10 May 2025"),
    ],
)
def test_times_are_said_as_people_say_them(ago, words):
    assert ui.time_in_words(NOON - ago) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 6, 14), "today"),
        (date(2026, 6, 15), "tomorrow"),
        (date(2026, 6, 13), "yesterday"),
        (date(2026, 6, 20), "in 6 days"),
        (date(2026, 6, 21), "21 June"),
        (date(2027, 1, 2), "2 January 2027"),
    ],
)
def test_days_are_said_as_people_say_them(day, words):
    assert ui.day_in_words(day) == words


def test_the_exact_time_is_kept_beside_the_words():
    found = written("{% when moment %}", moment=NOON)

    assert found == '<time datetime="2026-06-14T12:00:00+02:00" title="14 June 2026, 12:00:00 CEST">just now</time>'


def test_no_time_is_no_text():
    assert written("{% when moment %}", moment=None) == ""


def test_a_pill_carries_its_word_and_its_meaning():
    assert written("{% pill 'done' label %}", label="Paid & sent") == (
        '<span class="pill pill--done">Paid &amp; sent</span>'
    )


def test_a_pill_without_a_colour_is_refused():
    with pytest.raises(ValueError, match="There is no pill 'blue'"):
        ui.pill("blue", "Paid")


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_icon_is_drawn_and_hidden_from_screen_readers(name):
    assert 'aria-hidden="true"' in ui.icon(name)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5", "An unknown device"),
    ],
)
def test_devices_are_named_as_people_name_them(agent, words):
    assert ui.device(agent) == words


def test_the_money_bar_is_full_whatever_the_amounts():
    parts = [("paid", "Paid", Money(1, "eur")), ("fees", "Fees", Money(2, "eur")), ("held", "Held", Money(0, "eur"))]

    shown = ui.money_bar(parts)["rows"]

    assert [row["label"] for row in shown] == ["Paid", "Fees"]
    assert sum(row["width"] for row in shown) == ui.BAR_UNITS
    assert shown[1]["x"] == shown[0]["width"]


def test_the_money_bar_of_nothing_is_empty():
    assert "rect" not in written("{% money_bar parts %}", parts=[])


def test_the_money_bar_stands_on_a_table_that_adds_up():
    parts = [("held", "Held", Money(1860, "eur")), ("fees", "Fees", Money(140, "eur"))]

    shown = written("{% money_bar parts title='This order' %}", parts=parts)

    assert shown.index("<caption") < shown.index("This order") < shown.index("</caption>")
    assert shown.index("€18.60") < shown.index("€1.40") < shown.index("Together") < shown.index("€20.00")


def test_one_amount_needs_no_sum():
    assert "Together" not in written("{% money_bar parts %}", parts=[("paid", "Paid", Money(1, "eur"))])


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([("vanished", "Vanished", Money(1, "eur"))], "no part vanished"),
        ([("held", "Held", Money(1, "eur")), ("paid", "Paid", Money(1, "usd"))], "one currency"),
    ],
)
def test_the_money_bar_refuses_what_it_cannot_draw(parts, complaint):
    with pytest.raises(ValueError, match=complaint):
        ui.money_bar(parts)


class Order(forms.Form):
    title = forms.CharField(help_text="In a few words.")
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, label="Which kind?")
    note = forms.CharField(required=False)
    colour = forms.ChoiceField(choices=[("", "Any"), ("b", "Blue")], required=False)

    def clean(self):
        if self.data.get("colour") == "b":
            self.add_error("title", "There is nothing blue.")
        raise forms.ValidationError("These do not go together.")


def test_a_field_names_its_help_and_its_error():
    found = str(Order({})["title"].as_field_group())

    assert 'aria-describedby="id_title_helptext id_title_error"' in found
    assert 'id="id_title_helptext"' in found
    assert 'id="id_title_error"' in found
    assert 'aria-invalid="true"' in found


def test_fields_that_may_stay_empty_say_so():
    form = Order()

    assert "(optional)" in form["note"].as_field_group()
    assert "(optional)" not in form["title"].as_field_group()


def test_a_list_to_choose_from_says_itself_what_choosing_nothing_means():
    assert "(optional)" not in Order()["colour"].as_field_group()


def test_the_summary_follows_the_order_of_the_fields():
    form = Order({"title": "A jug", "colour": "b"})

    found = ui.errors_of(form)

    assert found.index("together") < found.index("nothing blue") < found.index("Which kind? This field is required")


def test_the_summary_links_each_problem_to_its_field():
    found = written("{% include 'components/form_errors.html' %}", form=Order({}))

    assert '<a href="#id_title">Title: This field is required.</a>' in found
    assert '<a href="#id_kind_0">Which kind? This field is required.</a>' in found
    assert "<li>These do not go together.</li>" in found
    assert 'role="alert"' in found


def test_a_form_without_problems_has_no_summary():
    assert "form-errors" not in str(Order())


def test_where_django_chooses_how_to_write_a_date_it_is_written_as_elsewhere():
    assert date_format(timezone.localtime(NOON), "DATETIME_FORMAT") == "14 June 2026, 12:00"
    assert date_format(timezone.localtime(NOON), "DATE_FORMAT") == "14 June 2026"


def test_a_deadline_is_in_the_zone_of_the_page_and_stays_so_in_a_browser_elsewhere():
    with timezone.override("Asia/Tokyo"):
        found = ui.deadline(NOON)

    assert "14 June 2026, 19:00 JST</time>" in found
    assert "data-" not in found
