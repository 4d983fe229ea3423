"""Parts of templates that come out the same for everybody who sees the same: drawn once by each process."""

from typing import Any

from django import template
from django.conf import settings
from django.core.signals import setting_changed
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# A few kilobytes each at most. Beyond so many all are drawn anew: simpler than remembering which was used last.
MOST_KEPT = 1024

_kept: dict[tuple[object, ...], SafeString] = {}


class KeptNode(template.Node):
    """What stands between the tags, kept by the language and by what the tag names."""

    def __init__(self, nodelist: NodeList, named: list[FilterExpression]) -> None:
        self.nodelist, self.named = nodelist, named

    def render(self, context: Context) -> SafeString:
        """As it was drawn the last time for the same facts."""
        if settings.DEBUG:
            # Whoever works at the template wants to see it change.
            return self.nodelist.render(context)
        facts = (self, get_language(), get_script_prefix(), *(each.resolve(context) for each in self.named))
        drawn = _kept.get(facts)
        if drawn is None:
            drawn = self.nodelist.render(context)
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            _kept[facts] = drawn
        return drawn


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept site_name %}…{% endkept %}`: everything shown in it has to follow from the language and what is named.

    Never a token, a nonce, a time, or anything of the person who looks; and no `{% block %}`, which others fill.
    """
    named = [parser.compile_filter(each) for each in token.split_contents()[1:]]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, named)


def _forget(**_signal: Any) -> None:
    _kept.clear()


# Settings change in tests alone; addresses, names and where static files are follow from them.
setting_changed.connect(_forget, dispatch_uid="kit.templatetags.kept")
