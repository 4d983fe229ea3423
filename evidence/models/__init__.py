"""What a bank is told about a dispute: the pack of texts and files, where they come from, and what was sent."""

from evidence.models.fields import FILE_FIELDS, TEXT_FIELDS, Field
from evidence.models.files import BankFile, EvidenceFile, PackFile
from evidence.models.pack import Pack, PackEntry, PackMove, PackText
from evidence.models.seller import Reading, SellerLetter, SellerWords
from evidence.models.submission import Submission, SubmissionMove

__all__ = [
    "FILE_FIELDS",
    "TEXT_FIELDS",
    "BankFile",
    "EvidenceFile",
    "Field",
    "Pack",
    "PackEntry",
    "PackFile",
    "PackMove",
    "PackText",
    "Reading",
    "SellerLetter",
    "SellerWords",
    "Submission",
    "SubmissionMove",
]
