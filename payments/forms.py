"""The checkout page's form."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import NOT_AN_EMAIL
from accounts.models import LONGEST_EMAIL
from customers import address_words
from customers.forms import AddressForm
from customers.models import Address, Customer
from customers.profiles import save_address

NEW = "new"


def seen_name(currency: str) -> str:
    """The field that carries what was shown in one currency."""
    return f"seen_{currency}"


class CheckoutForm(forms.Form):
    """Which currency's part of the basket is paid, where to send it (one of the buyer's addresses or a new one), and
    what the buyer saw when deciding to pay.

    `seen` names what is shown in each currency; `shipped` are the currencies in which something is shipped; `accepts`
    names the terms that are shown.
    """

    currency = forms.ChoiceField(
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose what to pay first."), "required": _("Choose what to pay first.")},
    )
    # Which versions of the terms and the refund policy are shown; ordering accepts those.
    accepts = forms.CharField(widget=forms.HiddenInput, required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=LONGEST_EMAIL,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("We send a link to your order there. You need no account."),
        error_messages={"required": _("Enter your e-mail address."), "invalid": NOT_AN_EMAIL},
    )
    address = forms.ChoiceField(label=_("Send it to"), widget=forms.RadioSelect)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        customer: Customer | None,
        seen: Mapping[str, str],
        shipped: Collection[str],
        accepts: str = "",
        guest: bool = False,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        self.customer = customer
        self.guest = guest
        self.needs_address = bool(shipped)
        self.typed = typed
        book = list(customer.addresses.all()) if shipped and customer else []
        # A guest has no book to choose from; what they typed last is there to be changed.
        self.saved: Sequence[Address] = [] if guest else book
        self.last = book[0] if guest and book else None
        first = str(self.saved[0].pk) if self.saved else NEW
        marks = {seen_name(currency): digest for currency, digest in seen.items()}
        before = {"email": customer.user.email} if guest and customer else {}
        given = {name: typed[name] for name in ("email", "address") if typed and name in typed}
        initial = {"address": first, **before, **given, "accepts": accepts, **marks}
        super().__init__(data, initial=initial)
        if not guest:
            del self.fields["email"]
        self.fields["currency"].choices = [(currency, currency.upper()) for currency in seen]  # type: ignore[attr-defined]
        for currency in seen:
            self.fields[seen_name(currency)] = forms.CharField(widget=forms.HiddenInput)
        if shipped and self.saved:
            choices = [(str(address.pk), address_words.one_line(address)) for address in self.saved]
            self.fields["address"].choices = [*choices, (NEW, _("A new address"))]  # type: ignore[attr-defined]
        else:
            del self.fields["address"]
        # Where digital things go is not asked: only the part that is paid now counts.
        self.ships_now = bool(data) and (data or {}).get("currency") in shipped
        if data and not self.ships_now and "address" in self.fields:
            self.fields["address"].required = False
        self.new_address = AddressForm(
            data if self.ships_now and self._asks_for_new(data) else None, initial=self._address_before(), prefix="new"
        )

    @property
    def new_name(self) -> str:
        """Who the new address is of; "" when nothing is shipped. Call after is_valid."""
        return self.new_address.cleaned_data["name"] if self.wants_new else ""

    def _address_before(self) -> dict[str, Any]:
        """What the new address begins with: what was typed before the session ended, or what a guest gave last."""
        if self.typed is not None:
            return {name.removeprefix("new-"): value for name, value in self.typed.items() if name.startswith("new-")}
        return {field: getattr(self.last, field) for field in AddressForm.base_fields} if self.last else {}

    def is_valid(self) -> bool:
        """Whether everything that applies is filled in: the new address only counts if it was chosen."""
        own = super().is_valid()
        return own and (not self.wants_new or self.new_address.is_valid())

    @property
    def wants_new(self) -> bool:
        """Whether a new address is to be saved and used."""
        return self.ships_now and self._asks_for_new(self.data)

    def chosen_address(self) -> Address | None:
        """The address to send to, saved if it is new; None when nothing is shipped. Call after is_valid."""
        if not self.ships_now:
            return None
        if self.wants_new:
            if self.customer is None:
                raise ValueError("A guest's address is saved once the guest is known.")
            return save_address(self.customer, self.new_address.save(commit=False))
        return next(address for address in self.saved if str(address.pk) == self.cleaned_data["address"])

    @property
    def seen(self) -> str:
        """What the buyer was shown of what they pay now. Call after is_valid."""
        digest: str = self.cleaned_data[seen_name(self.cleaned_data["currency"])]
        return digest

    def _asks_for_new(self, data: Mapping[str, Any] | None) -> bool:
        return bool(data) and (not self.saved or (data or {}).get("address") == NEW)
