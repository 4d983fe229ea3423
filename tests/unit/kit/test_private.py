"""Private files have no address, and nobody else on the machine reads them."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from kit.private import storage


def test_a_private_file_is_kept_outside_of_what_is_served_and_has_no_address(settings: Any):
    name = storage().save("evidence/slip.pdf", ContentFile(b"%PDF"))

    path = Path(storage().path(name))
    assert path.is_relative_to(settings.PRIVATE_ROOT)
    assert not path.is_relative_to(settings.MEDIA_ROOT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(ValueError, match="private"):
        storage().url(name)


def test_nothing_leads_out_of_the_folder():
    with pytest.raises(Exception, match=r"traversal|outside"):
        storage().save("../../secret", ContentFile(b"x"))
