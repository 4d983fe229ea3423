"""Every piece of the design on one page, and the error pages. Only routed while DEBUG is on."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kit.clock import now
from kit.icons import PATHS
from kit.money import Money
from marketplace.views import errors
from payments import words
from payments.consequences import Effect, Note, Plan
from payments.stories import Step

COLOURS = (
    "paper surface sunken line control ink ink-soft accent accent-strong accent-quiet "
    "ok ok-quiet warn warn-quiet bad bad-quiet info info-quiet"
).split()
ERROR_PAGES = {
    400: errors.bad_request,
    403: errors.forbidden,
    404: errors.not_found,
    429: errors.too_many,
    500: errors.server_error,
    503: errors.unavailable,
}


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
    """The component gallery."""
    messages.info(request, _("A message that tells something."))
    messages.success(request, _("A message that says it worked."))
    messages.error(request, _("A message that says what went wrong and what to do."))
    context = {
        "colours": COLOURS,
        "icons": sorted(PATHS),
        "form": SampleForm(auto_id="fresh_%s"),
        "form_with_errors": SampleForm({"title": "", "delivery": "by post"}, auto_id="refused_%s"),
        "bar": [
            ("held", _("Held until delivery"), Money(1860, "eur")),
            ("on-its-way", _("On its way"), Money(2400, "eur")),
            ("paid", _("Paid out"), Money(4200, "eur")),
            ("refunded", _("Refunded"), Money(700, "eur")),
            ("fees", _("Fees"), Money(840, "eur")),
        ],
        "card": sample_card(),
        "story": sample_story(),
        "titles": [
            "Stoneware vase, tall",
            "A linen apron with deep pockets and a long name",
            "Two mugs",
            "Walnut board",
        ],
        "moments": [now() - timedelta(seconds=sooner) for sooner in (5, 240, 86_400, 4 * 86_400, 90 * 86_400)]
        + [now() + timedelta(days=2)],
    }
    return render(request, "gallery/index.html", context)


@require_safe
def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """One of the error pages, to look at."""
    if status not in ERROR_PAGES:
        raise Http404
    return ERROR_PAGES[status](request)
