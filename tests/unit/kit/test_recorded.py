"""Sentences that rows keep."""

from django.template import Context, Template
from django.utils import translation

from kit.recorded import for_the_reader, for_the_record

SENTENCE = "The seller says it was shipped."
GERMAN = "Der Verkäufer sagt, dass es versandt wurde."


def test_what_somebody_does_in_german_is_recorded_in_the_marketplaces_language() -> None:
    with translation.override("de"):
        assert for_the_record(GERMAN) == SENTENCE
        assert for_the_record(SENTENCE) == SENTENCE
        assert for_the_record("Der Hund hat es gefressen.") == "Der Hund hat es gefressen."


def test_each_reads_the_record_in_their_own_language() -> None:
    assert for_the_reader(SENTENCE) == SENTENCE
    assert for_the_reader("") == ""
    with translation.override("de"):
        assert for_the_reader(SENTENCE) == GERMAN
        assert Template("{% load ui %}{{ s|recorded }}").render(Context({"s": SENTENCE})) == GERMAN
