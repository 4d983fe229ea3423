"""Answers Django has no class for."""

from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """303: whatever was asked, go and GET that."""

    status_code = 303
