"""The checkout page's form."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.forms import AddressForm
from customers.models import Address, Customer
from customers.profiles import save_address

NEW = "new"


class CheckoutForm(forms.Form):
    """Where to send it: one of the buyer's addresses or a new one; and what the buyer saw when deciding to pay."""

    seen = forms.CharField(widget=forms.HiddenInput)
    address = forms.ChoiceField(label=_("Send it to"), widget=forms.RadioSelect)

    def __init__(self, data: Mapping[str, Any] | None, *, customer: Customer, needs_address: bool, seen: str) -> None:
        self.customer = customer
        self.needs_address = needs_address
        self.saved: Sequence[Address] = list(customer.addresses.all()) if needs_address else []
        first = str(self.saved[0].pk) if self.saved else NEW
        super().__init__(data, initial={"seen": seen, "address": first})
        if needs_address and self.saved:
            choices = [(str(address.pk), str(address)) for address in self.saved]
            self.fields["address"].choices = [*choices, (NEW, _("A new address"))]  # type: ignore[attr-defined]
        else:
            del self.fields["address"]
        self.new_address = AddressForm(data if self._asks_for_new(data) else None, prefix="new")

    def is_valid(self) -> bool:
        """Whether everything that applies is filled in: the new address only counts if it was chosen."""
        own = super().is_valid()
        return own and (not self.wants_new or self.new_address.is_valid())

    @property
    def wants_new(self) -> bool:
        """Whether a new address is to be saved and used."""
        return self.needs_address and self._asks_for_new(self.data)

    def chosen_address(self) -> Address | None:
        """The address to send to, saved if it is new; None when nothing is shipped. Call after is_valid."""
        if not self.needs_address:
            return None
        if self.wants_new:
            return save_address(self.customer, self.new_address.save(commit=False))
        return next(address for address in self.saved if str(address.pk) == self.cleaned_data["address"])

    def _asks_for_new(self, data: Mapping[str, Any] | None) -> bool:
        return bool(data) and (not self.saved or (data or {}).get("address") == NEW)
