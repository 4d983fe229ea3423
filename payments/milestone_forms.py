"""The forms of milestones: what the seller proposes, and why the buyer says no. They decide nothing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.money import parse_amount
from payments.milestone_parts import WHOLE, by_percent
from payments.milestones import MOST, Part
from payments.models import Share

AMOUNTS, PERCENT = "amounts", "percent"


class WhyForm(forms.Form):
    """Why not, in a few words the other side reads."""

    reason = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write a few words: this is empty.")},
    )


class RowForm(forms.Form):
    """One milestone: its name and how much of the seller's share it is."""

    name = forms.CharField(label=gettext_lazy("Milestone"), max_length=120, required=False)
    amount = forms.CharField(
        label=gettext_lazy("How much"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, share: Share, counted_in: str, **kwargs: Any) -> None:
        self.share, self.counted_in = share, counted_in
        super().__init__(*args, **kwargs)

    def clean_amount(self) -> int:
        """Minor units, or hundredths of a percent; 0 when empty. The error stands at the field."""
        text = self.cleaned_data["amount"].strip()
        if not text:
            return 0
        try:
            return _percent(text) if self.counted_in == PERCENT else parse_amount(text, self.share.currency)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """A row is empty, or has both a name and an amount."""
        found = super().clean() or {}
        name, amount = found.get("name", ""), found.get("amount")
        if name and amount == 0:
            self.add_error("amount", _("Say how much this milestone is."))
        if amount and not name:
            self.add_error("name", _("Give this milestone a name."))
        return found


class RowsFormSet(forms.BaseFormSet[RowForm]):
    """The milestones together: their sum is the seller's share, or a hundred percent."""

    share: Share
    counted_in: str

    def clean(self) -> None:
        """They add up exactly."""
        if any(self.errors):
            return
        weights = [weight for _name, weight in self._rows()]
        if not weights:
            raise forms.ValidationError(_("Name at least one milestone."))
        if self.counted_in == PERCENT and sum(weights) != WHOLE:
            shown = f"{Decimal(sum(weights)) / 100:.2f}"
            raise forms.ValidationError(
                _("The milestones add up to %(sum)s percent. Make it 100.") % {"sum": shown.removesuffix(".00")}
            )

    @property
    def parts(self) -> list[Part]:
        """What is proposed, in minor units. Call after is_valid."""
        rows = self._rows()
        weights = [weight for _name, weight in rows]
        amounts = (
            by_percent(self.share.left, weights, currency=self.share.currency)
            if self.counted_in == PERCENT
            else weights
        )
        return [Part(name, amount) for (name, _weight), amount in zip(rows, amounts, strict=True)]

    def _rows(self) -> list[tuple[str, int]]:
        found = [form.cleaned_data for form in self.forms]
        return [(row["name"], row["amount"]) for row in found if row.get("name") and row.get("amount")]


class ChoiceForm(forms.Form):
    """Whether the rows are amounts or percents."""

    counted_in = forms.ChoiceField(
        label=gettext_lazy("Count in"),
        choices=[(AMOUNTS, gettext_lazy("amounts")), (PERCENT, gettext_lazy("percent"))],
        widget=forms.RadioSelect,
        initial=AMOUNTS,
    )


def rows_for(share: Share, data: Any = None, *, counted_in: str = AMOUNTS) -> RowsFormSet:
    """Empty rows, or what was filled in."""
    made = forms.formset_factory(
        RowForm, formset=RowsFormSet, extra=MOST, max_num=MOST, absolute_max=MOST, validate_max=True
    )
    formset = made(data, prefix="part", form_kwargs={"share": share, "counted_in": counted_in})
    assert isinstance(formset, RowsFormSet)  # noqa: S101 - for the type checker
    formset.share, formset.counted_in = share, counted_in
    return formset


def _percent(text: str) -> int:
    """Hundredths of a percent. Raises ValueError with a sentence."""
    try:
        value = Decimal(text.rstrip("% ").replace(",", "."))
    except InvalidOperation:
        raise ValueError(_("Enter a percentage like 33.33.")) from None
    if not value.is_finite() or not 0 < value <= 100 or value * 100 != (value * 100).to_integral_value():
        raise ValueError(_("Enter a percentage above 0 and up to 100, with at most two decimals."))
    return int(value * 100)
