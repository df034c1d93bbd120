"""Personal data on screens, in the API and in exports: masked unless a logged reveal says otherwise (R-PIPL)."""

from __future__ import annotations


def mask_phone(number: str) -> str:
    """`+8613812345678` → `138****5678`; shorter or foreign numbers keep three and two digits."""
    local = number.removeprefix("+86").removeprefix("+")
    if len(local) == 11:
        return f"{local[:3]}****{local[-4:]}"
    return f"{local[:3]}****{local[-2:]}" if len(local) > 5 else "****"


def mask_id(number: str) -> str:
    """First six and last four of an identity or company number, the rest hidden."""
    if not number:
        return ""
    return f"{number[:6]}****{number[-4:]}" if len(number) > 10 else "****"
