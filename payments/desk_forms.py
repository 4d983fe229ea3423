"""The forms of money decisions: what is asked for, checked field by field. They decide nothing."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kit.money import parse_amount, to_decimal
from payments import holds, refunds, shares
from payments.consequences import ENDED_BY_STAFF
from payments.models import Hold, MoneyAction, Refund, Share
from payments.policies import BY_REASON, POLICIES

Kind = MoneyAction.Kind
# Nobody here chooses what only the Dashboard does.
REASONS = [choice for choice in Refund.Reason.choices if choice[0] != Refund.Reason.OUTSIDE]


class DecisionForm(forms.Form):
    """Why, in words; every decision has one. Subclasses add what they are about."""

    reason = forms.CharField(
        label=_("Why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stays with the order, for staff to read."),
        error_messages={"required": _("Write down why. It stays with the order.")},
    )

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        self.share = share
        super().__init__(*args, **kwargs)

    def request(self) -> dict[str, Any]:
        """What is asked for, as `decisions` wants it."""
        return {}

    def amount_of(self, name: str) -> int | None:
        """An amount field in minor units of the share's currency, None if it is empty. Adds an error if it is none."""
        text = self.cleaned_data.get(name, "")
        if not text:
            return None
        try:
            return parse_amount(text, self.share.currency)
        except ValueError as error:
            self.add_error(name, str(error))
            return None


class RefundForm(DecisionForm):
    """How much goes back, and who bears it: an amount, or amounts by line."""

    amount = forms.CharField(label=_("Amount"), required=False, help_text=_("All that is left, unless you change it."))
    why = forms.ChoiceField(label=_("What happened"), choices=REASONS)
    policy = forms.ChoiceField(
        label=_("Who bears it"),
        required=False,
        choices=[("", _("As usual for what happened")), *((policy.name, policy.label) for policy in POLICIES.values())],
    )
    field_order = ("amount", "why", "policy", "reason")

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, share=share, **kwargs)
        self.initial.setdefault("amount", str(to_decimal(share.refundable, share.currency)))
        self.lines = list(share.order.lines.order_by("pk"))
        if len(self.lines) > 1:
            self.fields["amount"].help_text = _("Empty when you fill in amounts by line.")
            for line in self.lines:
                label = _("Of “%(title)s” (%(money)s)") % {"title": line.name, "money": line.money}
                self.fields[f"line_{line.pk}"] = forms.CharField(label=label, required=False)
            self.order_fields(["amount", *(f"line_{line.pk}" for line in self.lines), "why", "policy", "reason"])

    def clean(self) -> dict[str, Any]:
        """An amount or amounts by line, not both."""
        cleaned = super().clean() or self.cleaned_data
        self.wanted = self.amount_of("amount")
        by_line = {str(line.pk): self.amount_of(f"line_{line.pk}") for line in self.lines if len(self.lines) > 1}
        self.amounts = {line: wanted for line, wanted in by_line.items() if wanted}
        if self.amounts and self.wanted not in (None, sum(self.amounts.values())):
            self.add_error("amount", _("Empty this to refund the amounts by line, or empty those."))
        return cleaned

    def request(self) -> dict[str, Any]:
        """The amounts in minor units, the reason and the policy."""
        reason = self.cleaned_data["why"]
        asked: dict[str, Any] = {
            "reason": reason,
            "policy": self.cleaned_data["policy"] or BY_REASON[reason].name,
            "note": self.cleaned_data["reason"],
        }
        return asked | ({"amounts": self.amounts} if self.amounts else {"amount": self.wanted or 0})


class CancelForm(DecisionForm):
    """Why an order is called off decides who bears it."""

    why = forms.ChoiceField(label=_("What happened"), choices=REASONS, initial=Refund.Reason.SELLER_CANCELLED)
    field_order = ("why", "reason")

    def request(self) -> dict[str, Any]:
        """The reason and its usual policy."""
        reason = self.cleaned_data["why"]
        return {"reason": reason, "policy": BY_REASON[reason].name, "note": self.cleaned_data["reason"]}


class AmountForm(DecisionForm):
    """An amount; all that is possible when it is empty."""

    amount = forms.CharField(label=_("Amount"), required=False, help_text=_("Empty for all of it."))
    field_order = ("amount", "reason")

    def clean(self) -> dict[str, Any]:
        """The amount in minor units."""
        cleaned = super().clean() or self.cleaned_data
        self.wanted = self.amount_of("amount")
        return cleaned

    def request(self) -> dict[str, Any]:
        """The amount in minor units; None for all of it."""
        return {"amount": self.wanted}


class ReverseForm(AmountForm):
    """How much is fetched back."""

    def request(self) -> dict[str, Any]:
        """The amount in minor units: all that was released and not fetched back yet, if none is given."""
        possible = sum(sent.left for sent in shares.sent(self.share))
        return {"amount": min(self.share.released, possible) if self.wanted is None else self.wanted}


class HoldForm(DecisionForm):
    """Until when, or until somebody ends it."""

    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: until somebody ends it."),
    )
    field_order = ("until", "reason")

    def request(self) -> dict[str, Any]:
        """The end of that day, as ISO text, or None."""
        day = self.cleaned_data["until"]
        if day is None:
            return {"until": None}
        end = timezone.make_aware(datetime.combine(day, time.max))
        return {"until": end.isoformat()}


class EndHoldForm(DecisionForm):
    """Which of the holds staff opened."""

    hold = forms.ModelChoiceField(label=_("Which hold"), queryset=Hold.objects.none(), empty_label=None)
    field_order = ("hold", "reason")

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, share=share, **kwargs)
        ours = share.holds.filter(ended_at=None, kind__in=ENDED_BY_STAFF).exclude(ref__startswith=holds.REQUEST)
        self.fields["hold"].queryset = ours  # type: ignore[attr-defined]

    def request(self) -> dict[str, Any]:
        """The hold's id."""
        return {"hold": self.cleaned_data["hold"].pk}


class DecideForm(DecisionForm):
    """Who bears a refund that was made outside."""

    refund = forms.ModelChoiceField(label=_("Which refund"), queryset=Refund.objects.none(), empty_label=None)
    policy = forms.ChoiceField(
        label=_("Who bears it"), choices=[(policy.name, policy.label) for policy in POLICIES.values()]
    )
    field_order = ("refund", "policy", "reason")

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, share=share, **kwargs)
        self.fields["refund"].queryset = share.refunds.filter(undecided=True)  # type: ignore[attr-defined]

    def request(self) -> dict[str, Any]:
        """The refund's id and the policy's name."""
        return {"refund": self.cleaned_data["refund"].pk, "policy": self.cleaned_data["policy"]}


class RetryForm(DecisionForm):
    """Which refund that came back is paid again."""

    refund = forms.ModelChoiceField(label=_("Which refund"), queryset=Refund.objects.none(), empty_label=None)
    field_order = ("refund", "reason")

    def __init__(self, *args: Any, share: Share, **kwargs: Any) -> None:
        super().__init__(*args, share=share, **kwargs)
        self.fields["refund"].queryset = refunds.unpaid(share)  # type: ignore[attr-defined]

    def request(self) -> dict[str, Any]:
        """The refund's id."""
        return {"refund": self.cleaned_data["refund"].pk}


FORMS: dict[str, type[DecisionForm]] = {
    Kind.REFUND: RefundForm,
    Kind.RELEASE: AmountForm,
    Kind.REVERSE: ReverseForm,
    Kind.HOLD: HoldForm,
    Kind.END_HOLD: EndHoldForm,
    Kind.CANCEL: CancelForm,
    Kind.DECIDE: DecideForm,
    Kind.RETRY: RetryForm,
}
