"""Every piece of the design on one page, and the error pages. Only routed while DEBUG is on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from accounts.models import Seller
from kit.clock import now
from kit.icons import PATHS
from kit.money import Money
from marketplace import mailbox
from marketplace.views import errors
from marketplace.views.mail import FRAME_POLICY
from payments import words
from payments.consequences import Effect, Note, Plan
from payments.stories import Step

COLOURS = (
    "paper surface sunken line control ink ink-soft accent accent-strong accent-quiet "
    "ok ok-quiet warn warn-quiet bad bad-quiet info info-quiet"
).split()
ERROR_PAGES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "400": errors.bad_request,
    "403": errors.forbidden,
    "403-csrf": errors.csrf_failure,
    "404": errors.not_found,
    "405": errors.not_allowed,
    "414": errors.too_long,
    "429": errors.too_many,
    "500": errors.server_error,
    "503": errors.unavailable,
}
SCHEMES = (("", _("As your system")), ("light", _("Light")), ("dark", _("Dark")))
DRAWINGS = (
    ("basket", _("Your basket is empty")),
    ("mail", _("No mail yet")),
    ("shop", _("No shops yet")),
    ("money", _("No payouts yet")),
    ("lost", _("Nothing found")),
)


@dataclass(frozen=True, slots=True)
class SampleSeller:
    """As much of a seller as a card shows."""

    name: str


@dataclass(frozen=True, slots=True)
class SampleListing:
    """As much of a listing as a card shows."""

    title: str
    money: Money
    available: int = 3
    seller: SampleSeller = SampleSeller("Bob’s kiln")
    cover: None = None

    def get_absolute_url(self) -> str:
        """Nowhere else: it is not for sale."""
        return "#colours"


LISTINGS = (
    SampleListing("Stoneware vase, tall", Money(4800, "eur")),
    SampleListing("A linen apron with deep pockets, a long name and a loop for the towel", Money(129_900, "eur")),
    SampleListing("Two mugs", Money(3600, "eur"), available=0),
    SampleListing("Walnut board", Money(7150, "usd")),
)


class SampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label=_("Title"), help_text=_("What it is, in a few words."), max_length=80)
    price = forms.CharField(label=_("Price"), help_text=_("What one costs, like 19.99."))
    story = forms.CharField(label=_("Description"), widget=forms.Textarea, required=False)
    country = forms.ChoiceField(label=_("Country"), choices=[("de", _("Germany")), ("fr", _("France"))])
    delivery = forms.ChoiceField(
        label=_("Delivery"),
        widget=forms.RadioSelect,
        choices=[("shipped", _("Shipped to the buyer")), ("pickup", _("Picked up by the buyer"))],
    )
    photo = forms.FileField(label=_("Photo"), required=False)
    agree = forms.BooleanField(label=_("I have read the seller guidelines"))


class ClosedForm(forms.Form):
    """What can be read and not changed."""

    name = forms.CharField(label=_("Name of your shop"), initial="Bob’s kiln", disabled=True)
    country = forms.ChoiceField(label=_("Country"), choices=[("de", _("Germany"))], disabled=True)


def sample_card() -> words.Card:
    """A refund of 84.00 euros after the seller was paid out, who has 50.00 left at Stripe."""
    effects = (
        Effect("buyer", 8400, "refund"),
        Effect("seller", -7560, "their_part"),
        Effect("seller", -150, "processing"),
        Effect("platform", -840, "fee_returned"),
        Effect("platform", 150, "processing"),
    )
    facts = {"gross": 8400, "fee": 840, "taken": 0, "released": 7560, "fee_returned": 0, "refunded": 0}
    plan = Plan(
        "refund",
        "7KQ2M9XA4T",
        "eur",
        {},
        {"from_fee": 840, "absorbed": 0, "owed": 7710, "reverse": 5000},
        effects,
        (Note("becomes_debt", 2710), Note("platform_below_zero", -1200)),
        8400,
        {**facts, "processing": 150, "debt": 0},
    )
    return words.card(plan, "Bob’s kiln")


def plain_card() -> words.Card:
    """A release that nothing speaks against."""
    effects = (Effect("seller", 7560, "release"), Effect("platform", 840, "fee"))
    facts = {"gross": 8400, "fee": 840, "taken": 0, "released": 0, "fee_returned": 0, "refunded": 0}
    plan = Plan("release", "H4ZC8VN2PW", "eur", {}, {}, effects, (), 7560, {**facts, "processing": 150, "debt": 0})
    return words.card(plan, "Bob’s kiln")


def sample_story() -> list[Step]:
    """Past and future of an order's money, as staff see it."""
    at = now()
    return [
        Step(str(_("Paid by the buyer")), at - timedelta(days=9), Money(8400, "eur")),
        Step(str(_("Our fee, out of it")), at - timedelta(days=9), Money(840, "eur")),
        Step(
            str(_("Refund")),
            at - timedelta(days=2),
            Money(-500, "eur"),
            "dana@example.org",
            str(_("A scratch on the rim.")),
        ),
        Step(str(_("Release")), at + timedelta(days=3), Money(7060, "eur"), is_future=True),
        Step(str(_("May not be held any longer")), at + timedelta(days=80), is_future=True),
    ]


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The component gallery; `?scheme=dark` or `light` shows it so whatever the system says."""
    messages.info(request, _("A message that tells something."))
    messages.success(request, _("A message that says it worked."))
    messages.warning(request, _("A message that asks for care."))
    messages.error(request, _("A message that says what went wrong and what to do."))
    scheme = request.GET.get("scheme", "")
    context = {
        "schemes": SCHEMES,
        "scheme": scheme if scheme in dict(SCHEMES) else "",
        "colours": COLOURS,
        "icons": sorted(PATHS),
        "drawings": DRAWINGS,
        "shop": Seller(name="Otto & Daughters"),
        "words_kept": ["A jug of stoneware, thrown by hand.\nIt holds a litre."],
        "error_pages": sorted(ERROR_PAGES),
        "form": SampleForm(auto_id="fresh_%s"),
        "form_with_errors": SampleForm({"title": "", "delivery": "by post"}, auto_id="refused_%s"),
        "form_closed": ClosedForm(auto_id="closed_%s"),
        "page": Paginator(range(50), 10).page(2),
        "listings": LISTINGS,
        "deadline": now() + timedelta(days=3),
        **_sample_money(),
        "moments": [now() - timedelta(seconds=sooner) for sooner in (5, 240, 86_400, 4 * 86_400, 90 * 86_400)]
        + [now() + timedelta(days=2)],
    }
    return render(request, "gallery/index.html", context)


def _sample_money() -> dict[str, object]:
    """Amounts for the pieces that show where money is and what became of it."""
    return {
        "bar": [
            ("held", _("Held until delivery"), Money(1860, "eur")),
            ("on-its-way", _("On its way"), Money(2400, "eur")),
            ("paid", _("Paid out"), Money(3900, "eur")),
            ("refunded", _("Refunded"), Money(700, "eur")),
            ("disputed", _("Disputed"), Money(300, "eur")),
            ("fees", _("Fees"), Money(840, "eur")),
        ],
        "one_part": [("available", _("In your Stripe balance"), Money(2400, "eur"))],
        "nothing": [("held", _("Held until delivery"), Money(0, "eur"))],
        "card": sample_card(),
        "plain_card": plain_card(),
        "story": sample_story(),
    }


@require_safe
@csp_override(FRAME_POLICY)
def letter(request: HttpRequest) -> HttpResponse:
    """A letter with everything a letter can have, as mail programs show it."""
    context = {
        "site_name": settings.MARKETPLACE_NAME,
        "site_url": "",
        "money": Money(8400, "eur"),
        "parts": [(_("Stoneware vase, tall"), Money(4800, "eur")), (_("Two mugs"), Money(3600, "eur"))],
    }
    return HttpResponse(mailbox.with_nonce(render_to_string("gallery/letter.html", context), str(get_nonce(request))))


@require_safe
def error_page(request: HttpRequest, name: str) -> HttpResponse:
    """One of the error pages, to look at."""
    if name not in ERROR_PAGES:
        raise Http404
    return ERROR_PAGES[name](request)
