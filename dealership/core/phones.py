"""Phone numbers: typed any way, stored as E.164 (R-DQ)."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dealership.core.errors import DomainError

PHONE_HELP = _("请输入 11 位手机号，例如 138 0013 8000；座机请带区号，例如 0791-8888 6666。")


_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_CAPTURED = re.compile(r"\+861[3-9]\d{9}", re.ASCII)


def normalise_phone(typed: str) -> str:
    """E.164 of a Chinese mobile or landline, or of an international number written with +.

    Raises `DomainError("bad_phone")` with a sentence that says how to mend it.
    """
    text = unicodedata.normalize("NFKC", typed or "").strip()
    if _MOBILE.fullmatch(text):  # nearly all of them; the library takes a hundred times as long
        return f"+86{text}"
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number) or not _plausible(number):
        refusal = gettext("电话号码不正确。%s") % PHONE_HELP
        raise DomainError("bad_phone", refusal, {"phone": [refusal]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mobile_number(typed: str) -> str:
    """E.164 of a number that may count as captured: a Chinese mobile (R-DQ)."""
    number = normalise_phone(typed)
    if not _CAPTURED.fullmatch(number):
        raise DomainError("not_mobile", gettext("留资请填写 11 位手机号；座机可在客户资料里另外添加。"))
    return number


def _plausible(number: phonenumbers.PhoneNumber) -> bool:
    """Accept what can exist: any 1[3-9] mobile (ranges open faster than tables), else what the library knows."""
    national = str(number.national_number)
    if number.country_code == 86 and len(national) == 11 and national[0] == "1":
        return national[1] in "3456789"
    return phonenumbers.is_valid_number(number)
