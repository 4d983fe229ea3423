"""Photos in a case: drawn anew before anybody sees them, few enough to be looked at, kept where nobody can guess."""

import uuid
from collections.abc import Iterable, Sequence

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.errors import CaseError
from cases.models import Case, CaseMessage, CasePhoto, Party
from catalog.photos import Encoded, PhotoRefused, encode

AT_ONCE = 6
OF_ONE_SIDE = 24


def draw(files: Sequence[UploadedFile[bytes]]) -> list[Encoded]:
    """Each upload as two pictures without metadata. Slow, so before any lock. Raises CaseError naming what is wrong."""
    if len(files) > AT_ONCE:
        raise CaseError(_("Add at most %(count)d photos at once.") % {"count": AT_ONCE}, field="photos")
    found = []
    for file in files:
        try:
            found.append(encode(file))
        except PhotoRefused as refusal:
            words = pgettext("file name: what is wrong with it", "%(file)s: %(sentence)s")
            raise CaseError(words % {"file": file.name, "sentence": refusal}, field="photos") from refusal
    return found


def need_room(case: Case, party: Party, count: int) -> None:
    """Raises CaseError when a side has shown as much as a case takes. Under the share's lock."""
    if not count:
        return
    shown = CasePhoto.objects.filter(message__case=case, message__party=party).count()
    if shown + count > OF_ONE_SIDE:
        sentence = _("A case has room for %(count)d photos of each side, and you have added %(shown)d.")
        raise CaseError(sentence % {"count": OF_ONE_SIDE, "shown": shown}, field="photos")


def keep(message: CaseMessage, pictures: Iterable[Encoded]) -> None:
    """Store the pictures with the message they belong to."""
    for picture in pictures:
        name = uuid.uuid4().hex
        photo = CasePhoto(message=message, width=picture.width, height=picture.height)
        photo.small.save(f"{name}-small.webp", ContentFile(picture.small), save=False)
        photo.image.save(f"{name}.webp", ContentFile(picture.large), save=True)
