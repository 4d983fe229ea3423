"""The forms of a case: what is wrong, words with photos, and offers. They decide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from cases.pictures import AT_ONCE
from cases.talking import LONGEST
from catalog.forms import SeveralFilesField
from kit.money import parse_amount, to_decimal
from payments.models import Share
from payments.policies import POLICIES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PHOTO_HELP = format_lazy(
    _("JPEG, PNG, WebP or GIF, up to 10 MB each, {count} at once. Only you, the other side and we see them."),
    count=AT_ONCE,
)


def _text(
    label: StrOrPromise, *, required: bool = True, rows: int = 4, help_text: StrOrPromise = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("Write a few words: this is empty.")},
    )


class NamedForm(forms.Form):
    """One of several forms of a page: `called` keeps their fields' ids apart."""

    called = "case"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{self.called}_%s")
        super().__init__(*args, **kwargs)


class AmountsForm(NamedForm):
    """Reads amounts in the currency of a share, with the error at their field."""

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        self.share = share
        super().__init__(*args, **kwargs)

    def amount_of(self, name: str) -> int | None:
        """Minor units; None when the field is empty or wrong."""
        text = self.cleaned_data.get(name, "")
        if not text:
            return None
        try:
            return parse_amount(text, self.share.currency)
        except ValueError as error:
            self.add_error(name, str(error))
            return None


class OpenForm(AmountsForm):
    """What is wrong, what the buyer wants back, and what shows it."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[choice for choice in Case.Reason.choices if choice[0] != Case.Reason.CANCEL],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong.")},
    )
    text = _text(_("Tell the shop what happened"), rows=5)
    amount = forms.CharField(
        label=_("How much do you want back?"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"required": _("Enter how much you want back.")},
    )
    photos = SeveralFilesField(label=_("Photos"), required=False, help_text=PHOTO_HELP)

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, share=share, **kwargs)
        most = share.money(share.refundable)
        self.initial.setdefault("amount", str(to_decimal(share.refundable, share.currency)))
        self.fields["amount"].help_text = _("At most %(amount)s, what you paid and have not got back.") % {
            "amount": most
        }

    def clean(self) -> dict[str, Any]:
        """The amount in minor units, as `asked`."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["asked"] = self.amount_of("amount")
        return cleaned


class CancelForm(NamedForm):
    """Asks the shop to cancel what it has not sent yet: all of it, and why."""

    text = _text(_("Tell the shop why"), rows=3)

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        self.share = share
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """What `OpenForm` gives: everything that was paid and has not come back."""
        cleaned = super().clean() or self.cleaned_data
        return cleaned | {"reason": Case.Reason.CANCEL, "asked": self.share.refundable, "photos": []}


class MessageForm(NamedForm):
    """Words, and photos if they say more."""

    called = "say"

    text = _text(_("Your message"))
    photos = SeveralFilesField(label=_("Photos"), required=False, help_text=PHOTO_HELP)


class ReopenForm(NamedForm):
    """Why a closed case goes on."""

    called = "again"

    text = _text(_("What has changed?"))
    photos = SeveralFilesField(label=_("Photos"), required=False, help_text=PHOTO_HELP)


class OfferForm(AmountsForm):
    """What goes back: an amount, or a part of what was paid."""

    called = "offer"

    amount = forms.CharField(
        label=_("Amount"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    percent = forms.IntegerField(
        label=_("or percent of what was paid"),
        required=False,
        min_value=1,
        max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Enter a whole number from 1 to 100.")},
    )
    text = _text(_("Why this would be right"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        """One of the two, not both; the amount in minor units, as `wanted`."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["wanted"] = self.amount_of("amount")
        given = bool(cleaned.get("amount")), cleaned.get("percent") is not None
        if all(given):
            self.add_error("percent", _("Fill in the amount or the percent, not both."))
        elif not any(given) and not self.errors:
            self.add_error("amount", _("Enter an amount, or a part in percent."))
        return cleaned


class StaffMessageForm(NamedForm):
    """Staff write to both sides."""

    called = "say"

    text = _text(_("Message to both sides"), rows=3)
    ask = forms.ChoiceField(
        label=_("Who is to answer"),
        required=False,
        choices=[("", _("Nobody: it stays with us")), ("buyer", _("The buyer")), ("seller", _("The seller"))],
    )


class NoteForm(NamedForm):
    """A note neither side ever sees."""

    called = "note"

    text = _text(_("Note for staff"), rows=2, help_text=_("Neither the buyer nor the seller ever sees it."))


class StaffReopenForm(NamedForm):
    """Why staff open a case again; both sides read it."""

    called = "again"

    text = _text(_("Why it is opened again"), rows=2, help_text=_("Both sides read it."))


class DecideForm(AmountsForm):
    """What goes back to the buyer, who bears it, and why; both sides read why."""

    amount = forms.CharField(
        label=_("Goes back to the buyer"),
        max_length=20,
        help_text=_("0 when the seller keeps everything."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"required": _("Enter an amount; 0 when the seller keeps everything.")},
    )
    policy = forms.ChoiceField(
        label=_("Who bears it"),
        required=False,
        choices=[("", _("As usual for what is wrong")), *((policy.name, policy.label) for policy in POLICIES.values())],
    )
    reason = _text(_("Why"), rows=3, help_text=_("The buyer and the seller both read it."))

    def clean(self) -> dict[str, Any]:
        """The amount in minor units, as `wanted`."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["wanted"] = self.amount_of("amount")
        return cleaned
