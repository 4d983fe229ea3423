"""The page where the evidence is put together: every field of the bank's form, and the files that go along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes.admin.desk import Desk
from evidence import assembling, editing, packs
from evidence.checklists import Item
from evidence.errors import EvidenceError
from evidence.files import FIELD_FOR, FileRefused
from evidence.models import FILE_FIELDS, TEXT_FIELDS, EvidenceFile, Field, Pack
from evidence.story import MOST_IN_FIELD

# Fields people write a page in; the others take a line or two.
LONG = frozenset(
    {
        Field.ACCESS_ACTIVITY_LOG,
        Field.CANCELLATION_REBUTTAL,
        Field.PRODUCT_DESCRIPTION,
        Field.REFUND_REFUSAL_EXPLANATION,
        Field.UNCATEGORIZED_TEXT,
    }
)
FILE_CHOICES = [
    ("", gettext_lazy("not sent")),
    *((value, label) for value, label in Field.choices if value in FILE_FIELDS),
]


class Words(forms.CharField):
    """Words for one field. Browsers send line breaks in two characters, which would count twice."""

    def to_python(self, value: Any) -> str:
        """With line breaks as one character."""
        return str(super().to_python(value)).replace("\r\n", "\n")


class AnswerForm(forms.Form):
    """Every field at once, so that no button loses what was typed elsewhere. Each carries what it was when it was
    shown: only what this person changed is written, and what somebody else changed meanwhile is noticed.
    """

    upload = forms.FileField(
        label=gettext_lazy("Add a file"),
        required=False,
        help_text=gettext_lazy("PDF, JPEG or PNG, up to 10 MB. All files together may have 4.5 MB when they are sent."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )
    shows = forms.ChoiceField(label=gettext_lazy("What it shows"), choices=EvidenceFile.Shows.choices, required=False)
    note = forms.CharField(label=gettext_lazy("In words"), max_length=300, required=False)

    def __init__(self, data: Any = None, uploads: Any = None, *, pack: Pack, wanted: Mapping[str, Item]) -> None:
        super().__init__(data, uploads)
        self.rows = {row.field: row for row in pack.texts.all()}
        self.kept = list(pack.files.filter(removed_at=None))
        chosen = {row.file_id: row.field for row in pack.chosen.filter(left_out_by="")}
        order = [*wanted, *(one for one in Field.values if one not in wanted)]
        for field in sorted(TEXT_FIELDS, key=order.index):
            self._add_words(field, str(wanted[field].why) if field in wanted else "")
        for file in self.kept:
            self.fields[f"file-{file.pk}"] = forms.ChoiceField(
                label=_("Goes to the bank as"),
                choices=FILE_CHOICES,
                required=False,
                initial=chosen.get(file.pk, ""),
                show_hidden_initial=True,
            )

    def _add_words(self, field: str, why: str) -> None:
        row = self.rows.get(field)
        self.fields[field] = Words(
            label=Field(field).label,
            required=False,
            help_text=why,
            max_length=MOST_IN_FIELD,
            initial=row.text if row else "",
            show_hidden_initial=True,
            widget=forms.Textarea(attrs={"rows": 6 if field in LONG else 1}),
        )
        if row is not None and row.is_edited and row.assembled:
            self.fields[f"ours-{field}"] = forms.BooleanField(label=_("Take these words again"), required=False)

    def clean(self) -> dict[str, Any]:
        """Words that somebody else changed meanwhile are not written over unseen."""
        cleaned = super().clean() or self.cleaned_data
        for name in self.changed_words():
            row = self.rows.get(name)
            seen = str(self.data.get(f"initial-{name}", "")).replace("\r\n", "\n")
            there = row.text.strip() if row is not None else ""
            if there not in (seen.strip(), str(cleaned.get(name, "")).strip()):
                words = _("Somebody else changed this meanwhile, to: “%(text)s”. Save again to put your words there.")
                self.add_error(name, words % {"text": there})
        return cleaned

    def changed_words(self) -> list[str]:
        """Fields of words this person changed."""
        return [name for name in self.changed_data if name in TEXT_FIELDS]

    def seen_again(self, now: AnswerForm) -> None:
        """What is in the pack now counts as seen: saved once more, what this person changed is written over it. What
        they left alone shows what others made of it.
        """
        changed = set(self.changed_data)
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name in now.fields:
            if name in TEXT_FIELDS or name.startswith("file-"):
                data[f"initial-{name}"] = there = now.fields[name].initial or ""
                if name not in changed:
                    data[name] = there
        self.data = data


@dataclass(frozen=True, slots=True)
class TextShown:
    """One field of words on the page."""

    field: BoundField
    limit: int
    length: int
    edited_by: str
    assembled: str
    is_needed: bool
    reset: BoundField | None


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file on the page."""

    file: EvidenceFile
    field: BoundField
    url: str
    is_removable: bool


class AnswerPage:
    """One request to the page of the evidence."""

    def __init__(self, desk: Desk) -> None:
        desk.need_answer()
        self.desk, self.http = desk, desk.http
        self.pack = desk.need_pack()
        self.wanted = {
            field: item for item in packs.checklist(self.pack) for field in item.fields if field in TEXT_FIELDS
        }

    def answer(self) -> HttpResponse:
        """The page, or what came of it."""
        if self.http.method != "POST":
            self.desk.seen(_("the evidence"))
            return self._show(AnswerForm(pack=self.pack, wanted=self.wanted))
        form = AnswerForm(self.http.POST, self.http.FILES, pack=self.pack, wanted=self.wanted)
        if not form.is_valid():
            form.seen_again(form)
            return self._show(form, status=422)
        try:
            self._write(form)
        except FileRefused as refused:
            form.add_error("upload", str(refused))
            form.seen_again(AnswerForm(pack=self.pack, wanted=self.wanted))
            return self._show(form, status=422)
        except EvidenceError as error:
            return self.desk.refuse(str(error), "admin:disputes_answer")
        return self.desk.back("admin:disputes_answer", done=self._done())

    def _write(self, form: AnswerForm) -> None:
        """The words first, then the files, then a new one; all of it before our records are gathered again."""
        who, pack = self.desk.person, self.pack
        for name in form.changed_words():
            editing.write(pack, name, form.cleaned_data[name], user=who)
        for field in TEXT_FIELDS:
            if form.cleaned_data.get(f"ours-{field}"):
                editing.take_ours(pack, field, user=who)
        for file in form.kept:
            self._choose(form, file)
        if form.cleaned_data["upload"]:
            self._upload(form)
        if self.http.POST.get("act") == "gather":
            assembling.assemble(pack, actor=who.email)

    def _choose(self, form: AnswerForm, file: EvidenceFile) -> None:
        name, who = f"file-{file.pk}", self.desk.person
        if self.http.POST.get("remove") == str(file.pk):
            editing.remove_file(file, user=who)
        elif name in form.changed_data:
            if form.fields[name].initial:
                editing.leave_out(self.pack, file, user=who)
            if form.cleaned_data[name]:
                editing.choose(self.pack, file, user=who, field=form.cleaned_data[name])

    def _upload(self, form: AnswerForm) -> None:
        told, who = form.cleaned_data, self.desk.person
        shows = told["shows"] or EvidenceFile.Shows.OTHER
        file = editing.add_file(
            self.pack,
            told["upload"],
            told["upload"].name,
            party=EvidenceFile.Party.STAFF,
            user=who,
            shows=shows,
            note=told["note"],
        )
        editing.choose(self.pack, file, user=who, field=FIELD_FOR[shows])

    def _done(self) -> str:
        if self.http.POST.get("act") == "gather":
            return _("Saved, and our records are gathered again. Your own words stayed.")
        return _("Removed.") if "remove" in self.http.POST else _("Saved.")

    def _show(self, form: AnswerForm, status: int = 200) -> HttpResponse:
        desk = self.desk
        if not desk.is_ours:
            for field in form.fields.values():
                field.disabled = True
        texts = [self._text(form, name) for name in form.fields if name in TEXT_FIELDS]
        wanted = [one for one in texts if one.field.name in self.wanted]
        others = [one for one in texts if one.field.name not in self.wanted]
        more = {
            "is_inner": True,
            "form": form,
            "has_errors": bool(form.errors),
            "wanted": wanted,
            "others": others,
            "more_errors": any(one.field.errors for one in others),
            "files": [self._file(form, file) for file in form.kept],
            "upload_fields": [form["upload"], form["shows"], form["note"]],
            "trouble": self.pack.trouble,
        }
        return desk.page("answer", _("The evidence"), status=status, **more)

    def _text(self, form: AnswerForm, name: str) -> TextShown:
        row, reset = form.rows.get(name), f"ours-{name}"
        shown = form[name]
        return TextShown(
            field=shown,
            limit=MOST_IN_FIELD,
            length=len(str(shown.value() or "").replace("\r\n", "\n")),
            edited_by=row.edited_by if row else "",
            assembled=row.assembled if row else "",
            is_needed=name in self.wanted and self.wanted[name].required,
            reset=form[reset] if reset in form.fields else None,
        )

    def _file(self, form: AnswerForm, file: EvidenceFile) -> FileShown:
        url = reverse("admin:disputes_file", args=[self.desk.dispute.pk, file.pk])
        return FileShown(file, form[f"file-{file.pk}"], url, file.party != EvidenceFile.Party.SYSTEM)
