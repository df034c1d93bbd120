"""Does a text show a number in plain? Looks for the very numbers the test made, never for digits that look like one.

Keys, tokens and ids of forms hold eleven digits in a row by chance; a number somebody typed or stored does not stand
in a page by chance. Each is found however it is written: with +86, spaces, dots or dashes, full width, as entities.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

from leads.models import CustomerPhone, Lead

_BETWEEN = r"[\s.()\-‐-―·]*"


class KnownNumbers:
    """Numbers to look for: phones by their last eleven digits, identity numbers whole."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.numbers = frozenset(number.removeprefix("+86") for number in numbers if number)
        if not self.numbers:
            raise AssertionError("no number was made: looking for none proves nothing")
        spelled = (_BETWEEN.join(map(re.escape, number)) for number in sorted(self.numbers))
        self._pattern = re.compile("|".join(spelled), re.IGNORECASE)

    def shown_in(self, text: str) -> list[str]:
        """The numbers that stand in the text in plain, as they are written there."""
        return self._pattern.findall(unicodedata.normalize("NFKC", html.unescape(text)))


def known_numbers(*more: str) -> KnownNumbers:
    """All phones of customers and leads in the database, and `more`."""
    phones = CustomerPhone.objects.values_list("number", flat=True)
    leads = Lead.objects.values_list("phone", flat=True)
    return KnownNumbers([*phones, *leads, *more])


def plain_numbers_in(text: str, *more: str) -> list[str]:
    """Which of the numbers made so far the text shows in plain; none is what a page should answer."""
    return known_numbers(*more).shown_in(text)
