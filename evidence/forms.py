"""What a seller sends about a dispute: words to each question, and files. The forms decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evidence.asking import Question
from evidence.models import EvidenceFile
from evidence.seller_part import MOST_WORDS

Shows = EvidenceFile.Shows
# In the order in which sellers look for them; our own records and the policies are none of theirs.
OFFERED = (Shows.DELIVERY, Shows.SERVICE, Shows.MESSAGES, Shows.RECEIPT, Shows.OTHER_PAYMENT, Shows.OTHER)
# Questions answered with sentences; the others take a word or a date.
LONG = frozenset({"story", "no_refund", "not_cancelled", "two_orders"})
MOST_SHORT = 200
TYPES = "application/pdf,image/jpeg,image/png"


class WordsForm(forms.Form):
    """A field for each question that takes words; none has to be filled in, for something is better than nothing."""

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in questions:
            if one.shows:
                continue
            is_long = one.key in LONG
            self.fields[one.key] = forms.CharField(
                label=one.label,
                help_text=one.help,
                required=False,
                max_length=MOST_WORDS if is_long else MOST_SHORT,
                widget=forms.Textarea(attrs={"rows": 6 if one.key == "story" else 3}) if is_long else forms.TextInput(),
            )

    def clean(self) -> dict[str, Any]:
        """Something has to be there, now or from before."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.values()) and not any(self.initial.values()):
            raise forms.ValidationError(_("Write something: all fields are empty."))
        return cleaned


class FileForm(forms.Form):
    """One file, what it shows, and a word about it. What is in it is looked at when it is stored (evidence.files)."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, JPEG or PNG, up to 10 MB. We draw pictures anew, so that nothing hidden in them goes along."),
        widget=forms.ClearableFileInput(attrs={"accept": TYPES}),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
    shows = forms.ChoiceField(label=_("What does it show?"), error_messages={"required": _("Choose what it shows.")})
    note = forms.CharField(
        label=_("In a few words"),
        help_text=_("For example: “signed by the neighbour on 3 May”."),
        required=False,
        max_length=300,
    )

    def __init__(self, *args: Any, wanted: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is asked for comes first.
        offered = sorted(OFFERED, key=lambda one: one not in wanted)
        self.fields["shows"].choices = [(one.value, str(one.label).capitalize()) for one in offered]  # type: ignore[attr-defined]
