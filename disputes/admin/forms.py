"""What staff fill in about a dispute, checked field by field. The forms decide nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from disputes.reminders import today

LONGEST_NOTE = 4000
LONGEST_REASON = 500
NOBODY = "nobody"


def staff() -> QuerySet[User]:
    """Whom something can be given to do."""
    return User.objects.filter(is_staff=True, is_active=True).order_by("email")


class _Words(forms.CharField):
    def __init__(self, label: Any, missing: Any, *, most: int = LONGEST_REASON, rows: int = 2, **more: Any) -> None:
        super().__init__(
            label=label,
            max_length=most,
            widget=forms.Textarea(attrs={"rows": rows}),
            error_messages={"required": missing},
            **more,
        )


class AssignForm(forms.Form):
    """Who sees to it."""

    assignee = forms.ChoiceField(label=gettext_lazy("Assigned to"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(one.pk): one for one in staff()}
        field: Any = self.fields["assignee"]
        field.choices = [(NOBODY, _("nobody")), *((pk, str(one)) for pk, one in self.people.items())]

    def clean_assignee(self) -> User | None:
        """The person, or nobody."""
        return self.people.get(self.cleaned_data["assignee"])


class NoteForm(forms.Form):
    """Words for the other staff."""

    text = _Words(
        gettext_lazy("Note"),
        gettext_lazy("Write the note first."),
        most=LONGEST_NOTE,
        help_text=gettext_lazy("For staff alone. Neither buyer, seller nor bank sees it."),
    )


class RemindForm(forms.Form):
    """Whom to remind of what, and when."""

    for_whom = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Whom"), empty_label=None)
    due_on = forms.DateField(
        label=gettext_lazy("On"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Choose a day."), "invalid": gettext_lazy("Write it as 2026-12-24.")},
    )
    what = forms.CharField(
        label=gettext_lazy("Of what"),
        max_length=300,
        error_messages={"required": gettext_lazy("Write down what there is to do.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["for_whom"]
        field.queryset = staff()

    def clean_due_on(self) -> Any:
        """A day that is not over, and not further away than any dispute."""
        day = self.cleaned_data["due_on"]
        if day < today():
            raise forms.ValidationError(_("That day is over. Choose today or later."))
        if day > today() + timedelta(days=365):
            raise forms.ValidationError(_("That is more than a year away. Choose a nearer day."))
        return day


class ReasonForm(forms.Form):
    """Why, in words that stay."""

    reason = _Words(
        gettext_lazy("Why"),
        gettext_lazy("Write down why. It stays with the dispute."),
        help_text=gettext_lazy("Stays with the dispute, for staff to read."),
    )


class SendForm(ReasonForm):
    """Sending the answer: with a reason, and only exactly what was read."""

    reason = _Words(
        gettext_lazy("Why we answer"),
        gettext_lazy("Write down why. It stays with the dispute."),
        help_text=gettext_lazy("For staff to read. The bank does not see it."),
    )
    read = forms.CharField(widget=forms.HiddenInput)
