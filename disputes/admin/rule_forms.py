"""The forms of rules: what one is to say, what a dry run asks, why something is stopped. They decide nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes.models import Rule
from disputes.rules import Change
from kit.money import parse_amount, to_decimal

HOURS_HELP = {
    Rule.Kind.FILE: gettext_lazy("So many hours before the bank’s date it is sent."),
    Rule.Kind.CONCEDE: gettext_lazy("So many hours staff and seller have to stop it, after they were told."),
    Rule.Kind.WARNING: gettext_lazy("So many hours after the warning. The payment is held meanwhile."),
}
LIMIT_HELP = {
    Rule.Kind.CONCEDE: gettext_lazy("Up to this amount an answer is not worth it. Empty: people decide."),
    Rule.Kind.WARNING: gettext_lazy("Up to this amount it acts by itself. Empty: people decide."),
}


class LimitsForm(forms.Form):
    """Hours, and a limit for each currency that is traded in."""

    hours = forms.IntegerField(label=gettext_lazy("Hours"), min_value=1, max_value=240)

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(*args, **kwargs)
        self.fields["hours"].help_text = HOURS_HELP[Rule.Kind(rule.kind)]
        self.initial.setdefault("hours", rule.hours)
        self.currencies = list(settings.MARKETPLACE_CURRENCIES) if rule.kind in LIMIT_HELP else []
        for currency in self.currencies:
            label = _("Limit in %(currency)s") % {"currency": currency.upper()}
            help_text = LIMIT_HELP[Rule.Kind(rule.kind)] if currency == self.currencies[0] else ""
            self.fields[f"limit_{currency}"] = forms.CharField(label=label, required=False, help_text=help_text)
            if currency in rule.limits:
                self.initial.setdefault(f"limit_{currency}", str(to_decimal(rule.limits[currency], currency)))

    def clean(self) -> dict[str, Any]:
        """The limits in minor units."""
        cleaned = super().clean() or self.cleaned_data
        self.limits: dict[str, int] = {}
        for currency in self.currencies:
            text = cleaned.get(f"limit_{currency}", "")
            try:
                if text:
                    self.limits[currency] = parse_amount(text, currency)
            except ValueError as error:
                self.add_error(f"limit_{currency}", str(error))
        return cleaned


class RuleForm(LimitsForm):
    """What a rule is to say from now on, and why."""

    mode = forms.ChoiceField(label=gettext_lazy("The rule is"), choices=Rule.Mode.choices)
    why = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Stays with the rule’s versions."),
        error_messages={"required": gettext_lazy("Write down why. It stays with the rule.")},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        super().__init__(*args, rule=rule, **kwargs)
        self.initial.setdefault("mode", rule.mode)
        self.initial.setdefault("seen", rule.version)
        limits = [f"limit_{currency}" for currency in self.currencies]
        self.order_fields(["mode", "hours", *limits, "why", "seen"])

    def change(self) -> Change:
        """What is asked for."""
        given = self.cleaned_data
        return Change(given["mode"], given["hours"], self.limits, given["why"].strip(), given["seen"])


class DryRunForm(LimitsForm):
    """Over how long, and with which values."""

    days = forms.IntegerField(label=gettext_lazy("Days back"), min_value=1, max_value=1000)

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        super().__init__(*args, rule=rule, **kwargs)
        limits = [f"limit_{currency}" for currency in self.currencies]
        self.order_fields(["days", "hours", *limits])


class StopForm(forms.Form):
    """Why it is not to be done."""

    why = forms.CharField(
        label=gettext_lazy("Why"),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write down why. It stays with the dispute.")},
    )
