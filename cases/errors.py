"""What cases tell their callers. Each message is a sentence for the person who asked."""

from cases.models import Case


class CaseError(Exception):
    """This cannot be done. `field` is the form's field it is about, if it is about one."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(sentence)


class OpenAlready(CaseError):
    """The order has a case that is open; it is in `case`."""

    def __init__(self, case: Case, sentence: str) -> None:
        self.case = case
        super().__init__(sentence)


class OfferGone(CaseError):
    """What was to be accepted or withdrawn does not stand any more."""


class NotDue(CaseError):
    """Somebody answered, or another worker acted, before the sweep came to it."""
