"""What the room of evidence refuses; every message is a sentence for whoever asked."""


class EvidenceError(Exception):
    """Base of what this room raises besides FileRefused."""


class NotOpen(EvidenceError):
    """The pack cannot be changed or sent any more, or not now."""


class NotAllowed(EvidenceError):
    """Something is lacking: words, a second look, an agreement."""


class Changed(EvidenceError):
    """It is not what was shown any more: look at it again."""
