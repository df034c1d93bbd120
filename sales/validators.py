"""Numbers that carry their own check: VIN and identity numbers. No queries."""

from __future__ import annotations

import re

from dealership.core.errors import DomainError

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def vin_check_digit(vin: str) -> str:
    """The ninth character that the other sixteen demand (GB 16735 / ISO 3779)."""
    rest = sum(_VIN_VALUES[char] * weight for char, weight in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def clean_vin(text: str) -> str:
    """Upper-case VIN without spaces; refuses wrong length, I/O/Q and a wrong check digit."""
    vin = re.sub(r"[\s-]", "", text).upper()
    if len(vin) != 17:
        raise _vin_error(f"车架号应为17位，现在是{len(vin)}位，请对照合格证重新输入。")
    if not _VIN.fullmatch(vin):
        raise _vin_error("车架号只能是数字和大写字母，且不含字母 I、O、Q，请对照合格证重新输入。")
    if vin_check_digit(vin) != vin[8]:
        raise _vin_error("车架号第9位校验码不符，可能输错了一位，请对照合格证逐位核对。")
    return vin


def _vin_error(text: str) -> DomainError:
    return DomainError("vin_invalid", text, {"vin": [text]})


def clean_identity(text: str) -> str:
    """An 18-digit identity number (checked) or an 18-character company code; empty stays empty."""
    number = re.sub(r"\s", "", text).upper()
    if not number:
        return ""
    if re.fullmatch(r"\d{17}[\dX]", number):
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
        if _ID_CHECKS[total % 11] == number[17]:
            return number
    elif re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", number):
        return number
    problem = "证件号码不正确：请填写18位身份证号或18位统一社会信用代码，并逐位核对。"
    raise DomainError("identity_invalid", problem, {"buyer_id_number": [problem]})
