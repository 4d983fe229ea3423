"""Finding things: words and their weight, what was meant by a mistyped one, and searches nobody would believe."""

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import Seller
from catalog import candidates, vocabulary, words
from catalog.asking import MOST_LETTERS
from catalog.models import Listing, Word
from tests.factories import ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

OPERATORS = ["&", "|", "!", ":*", '"', "a & | b", "-", '"" -"" or', "<->", "vase:*", "'; DROP TABLE x; --", "(((", "\\"]


def titles(page: object) -> list[str]:
    return [listing.title for listing in page.context["page"].listings]


def text(page: object) -> str:
    return " ".join(page.content.decode().split())


def test_a_word_of_the_title_says_more_than_the_shops_name_and_that_more_than_the_description(client: Client):
    ListingFactory(title="Apron", description="Goes with a vase.")
    ListingFactory(title="Bowl", seller=SellerFactory(name="Vase & Sons"))
    ListingFactory(title="Vase")
    ListingFactory(title="Shirt")

    assert titles(client.get("/browse/", {"q": "vase"})) == ["Vase", "Bowl", "Apron"]


def test_a_listing_is_found_by_its_shop_and_its_own_words_together(client: Client):
    ListingFactory(title="Moon jug", seller=SellerFactory(name="Tanner & Sons"))
    ListingFactory(title="Moon jug", seller=SellerFactory(name="Somebody else"))

    found = client.get("/browse/", {"q": "tanner jug"}).context["page"].listings

    assert [listing.seller.name for listing in found] == ["Tanner & Sons"]


def test_a_shop_is_found_by_its_new_name_and_no_longer_by_its_old_one(client: Client):
    shop = SellerFactory(name="Tanner & Sons")
    ListingFactory(title="Bowl", seller=shop)
    Seller.objects.filter(pk=shop.pk).update(name="Kiln and daughters")

    assert titles(client.get("/browse/", {"q": "kiln"})) == ["Bowl"]
    assert titles(client.get("/browse/", {"q": "tanner"})) == []


def test_a_listing_that_changes_hands_is_found_by_its_new_shop(client: Client):
    listing = ListingFactory(title="Bowl", seller__name="Tanner & Sons")
    Listing.objects.filter(pk=listing.pk).update(seller=SellerFactory(name="Kiln and daughters"))

    assert titles(client.get("/browse/", {"q": "kiln"})) == ["Bowl"]


def test_what_fits_best_can_be_asked_for_by_price_or_date_instead(client: Client):
    ListingFactory(title="Vase", price=900)
    ListingFactory(title="Bowl", description="Like a vase.", price=200)

    assert titles(client.get("/browse/?q=vase")) == ["Vase", "Bowl"]
    assert titles(client.get("/browse/?q=vase&sort=newest")) == ["Bowl", "Vase"]
    assert titles(client.get("/browse/?q=vase&sort=price")) == ["Bowl", "Vase"]
    assert titles(client.get("/browse/?q=vase&sort=price-desc")) == ["Vase", "Bowl"]


def test_a_dash_between_words_keeps_neither_out(client: Client):
    ListingFactory(title="Blue vase")
    ListingFactory(title="Vase")

    assert titles(client.get("/browse/", {"q": "vase -- blue"})) == ["Blue vase"]
    assert titles(client.get("/browse/", {"q": "vase -blue"})) == ["Vase"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stonewear", "stoneware"),
        ("vsae", "vase"),
        ("vaze", "vase"),
        ("stonewre vaes", "stoneware vase"),
        ("stonew", "stoneware"),
        ("Tannner", "tanner"),
    ],
)
def test_a_mistyped_word_is_searched_for_as_what_it_resembles_and_that_is_said(client: Client, typed: str, meant: str):
    ListingFactory(title="Stoneware vase", seller__name="Tanner & Sons")
    ListingFactory(title="Linen shirt")
    vocabulary.count_anew()

    page = client.get("/browse/", {"q": typed})

    assert titles(page) == ["Stoneware vase"]
    assert f"Showing results for <strong>{meant}</strong>." in text(page)
    assert f"Nothing was found for “{typed}”." in text(page)


@pytest.mark.parametrize(
    ("sold", "asked"),
    [
        ("Käse aus der Rhön", "Kase"),
        ("Käse aus der Rhön", "Kaese"),
        ("Kaese aus der Rhoen", "Käse"),
        ("Café au lait bowl", "cafe"),
        ("Cafe au lait bowl", "café"),
        ("Große Schüssel", "grosse schuessel"),
        ("Grosse Schuessel", "große Schüssel"),
        ("Smørrebrød board", "smorrebrod"),
        ("Häuser aus Holz", "Haus"),
        ("Blaue Vasen", "blaue Vase"),
        ("Vase, Henkel", "Vase mit Henkel"),
        ("Vase with a handle", "vases with handles"),
        ("Vintage Lampe", "vintage Lampen"),
        ("Vase für Blumen", '"Vase für Blumen"'),
    ],
)
def test_words_are_found_in_english_and_german_with_accents_or_without(client: Client, sold: str, asked: str):
    ListingFactory(title=sold)
    ListingFactory(title="Zinnteller")

    assert titles(client.get("/browse/", {"q": asked})) == [sold]


def test_an_english_word_that_means_nothing_in_german_is_searched_for(client: Client):
    ListingFactory(title="Red hat")
    ListingFactory(title="Red scarf")

    assert titles(client.get("/browse/", {"q": "red hat"})) == ["Red hat"]
    assert titles(client.get("/browse/", {"q": "hat"})) == ["Red hat"]


def test_a_minus_keeps_out_every_form_of_a_word_in_either_language(client: Client):
    ListingFactory(title="Vase")
    ListingFactory(title="Blauen Vase")
    ListingFactory(title="Vases, blue")

    assert titles(client.get("/browse/", {"q": "vase -blaue -blue"})) == ["Vase"]


def test_one_word_or_another_words_in_their_order_and_a_minus_work_together(client: Client):
    ListingFactory(title="Blue vase")
    ListingFactory(title="Vase, blue")
    ListingFactory(title="Bowl")
    ListingFactory(title="Old bowl")

    assert titles(client.get("/browse/", {"q": '"blue vase" or bowl -old', "sort": "newest"})) == ["Bowl", "Blue vase"]
    assert titles(client.get("/browse/", {"q": "jug oder bowl", "sort": "newest"})) == ["Old bowl", "Bowl"]


def test_a_minus_behind_a_word_that_is_never_searched_for_is_a_dash_too(client: Client):
    ListingFactory(title="Vase")
    ListingFactory(title="Bowl")

    assert titles(client.get("/browse/", {"q": "the -vase"})) == ["Vase"]


def test_a_word_of_one_stem_in_both_languages_is_looked_for_once():
    assert words.question("cork").parts == ("'cork'",)
    assert words.question("vase").parts == ("('vase') | ('vas')",)
    assert words.question("the").parts == ()


def test_a_minus_before_all_that_is_asked_for_is_a_dash(client: Client):
    ListingFactory(title="Vase")
    ListingFactory(title="Bowl")

    assert titles(client.get("/browse/", {"q": "-vase"})) == ["Vase"]


def test_a_mistyped_word_with_an_accent_is_shown_with_it(client: Client):
    ListingFactory(title="Ärmelloses Kleid")
    vocabulary.count_anew()

    page = client.get("/browse/", {"q": "armeloses"})

    assert titles(page) == ["Ärmelloses Kleid"]
    assert "Showing results for <strong>ärmelloses</strong>." in text(page)


@pytest.mark.parametrize("typed", ["kase", "kaese", "Käse"])
def test_another_way_to_write_an_umlaut_is_no_mistake(typed: str):
    ListingFactory(title="Käse")
    vocabulary.count_anew()

    assert vocabulary.corrected(typed) == typed


def test_the_way_on_from_a_mistyped_search_searches_for_what_was_meant(client: Client):
    shop = SellerFactory()
    for _n in range(30):
        ListingFactory(title="Stoneware vase", seller=shop)
    vocabulary.count_anew()

    page = client.get("/browse/", {"q": "stonewear"})

    assert page.context["more_url"].startswith("/browse/?q=stoneware&after=")
    assert len(client.get(page.context["more_url"]).context["page"].listings) == 6


def test_where_little_is_found_another_spelling_is_offered(client: Client):
    ListingFactory(title="Print", description="A vese, whatever that is.")
    ListingFactory(title="Vase")
    vocabulary.count_anew()

    page = client.get("/browse/", {"q": "vese", "country": "DE"})

    assert titles(page) == ["Print"]
    assert 'Did you mean <a href="/browse/?q=vase&amp;country=DE"><strong>vase</strong></a>?' in text(page)


@pytest.mark.parametrize("typed", ["zeppelin", "va", "vase -shirt", "shirt -vaze", "12345"])
def test_words_that_resemble_nothing_or_are_known_are_left_as_they_are(typed: str):
    ListingFactory(title="Vase")
    ListingFactory(title="Shirt")
    vocabulary.count_anew()

    assert vocabulary.corrected(typed) == typed


def test_the_commoner_of_two_near_words_is_meant():
    ListingFactory(title="Vane")
    ListingFactory.create_batch(3, title="Vase")
    vocabulary.count_anew()

    assert vocabulary.corrected("vale") == "vase"


def test_words_are_learned_when_things_are_published_and_forgotten_when_nobody_sells_them(client: Client):
    ListingFactory(title="Stoneware")
    vocabulary.learn_new()
    listing = ListingFactory(title="Zeppelin")
    ListingFactory(title="Unborn", status="draft")
    vocabulary.learn_new()
    learned = set(Word.objects.values_list("word", flat=True))
    Listing.objects.filter(pk=listing.pk).update(status="hidden")
    vocabulary.count_anew()

    assert {"stoneware", "zeppelin"} <= learned
    assert "unborn" not in learned
    assert not Word.objects.filter(word="zeppelin").exists()


@pytest.mark.parametrize(
    "words",
    [
        *OPERATORS,
        "🧵",
        "👩‍🎨 vase",
        "日本",
        "مزهرية زرقاء",
        "\u202eesav",
        "\x00",
        "va\x00se",
        "\ud800x",
        "%_%",
        "a" * 41,
        "-" * 200,
        "- ! (" * 40 + "a",
    ],
)
def test_strange_searches_are_answered(client: Client, words: str):
    ListingFactory(title="Vase")
    vocabulary.count_anew()

    page = client.get("/browse/", {"q": words.encode("utf-8", "surrogatepass")})

    assert page.status_code == 200


def test_ten_thousand_characters_are_cut_and_that_is_said(client: Client):
    page = client.get("/browse/", {"q": "vase " * 2000})

    assert page.status_code == 200
    assert len(page.context["asked"].q) <= MOST_LETTERS
    assert f"Only the first {MOST_LETTERS} characters were searched for." in text(page)


def test_ten_thousand_characters_without_a_space_are_cut_too(client: Client):
    assert len(client.get("/browse/", {"q": "x" * 10_000}).context["asked"].q) == MOST_LETTERS


def test_nothing_found_with_filters_offers_the_whole_shop(client: Client):
    page = client.get("/browse/?q=vase&country=DE")

    assert "Take a filter off" in text(page)
    assert 'href="/browse/?q=vase"' in page.content.decode()


@pytest.mark.usefixtures("ceramics")
def test_a_category_of_that_name_is_named(client: Client):
    page = client.get("/browse/", {"q": "ceramics"})

    assert 'href="/browse/ceramics-glass/">Ceramics and glass</a>' in page.content.decode()


@pytest.mark.usefixtures("ceramics")
def test_a_category_is_named_by_its_german_name_too(client: Client):
    page = client.get("/browse/", {"q": "keramik"}, headers={"accept-language": "de"})

    assert 'href="/browse/ceramics-glass/">Keramik und Glas</a>' in page.content.decode()


def test_what_is_typed_is_shown_as_text(client: Client):
    typed = "<script>alert(1)</script>"

    page = client.get("/browse/", {"q": typed}).content.decode()

    assert typed not in page
    assert escape(typed) in page


def test_only_the_newest_of_what_a_common_word_finds_are_put_in_order(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(candidates, "CANDIDATES", 3)
    for n in range(5):
        ListingFactory(title=f"Vase {n}")

    page = client.get("/browse/?q=vase")

    assert sorted(titles(page)) == ["Vase 1", "Vase 2", "Vase 3", "Vase 4"]
    assert "3+ listings · the best of the newest 3 first" in text(page)
