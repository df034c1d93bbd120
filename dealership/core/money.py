"""The one home of money and ratios: CNY, `Decimal(14,2)`, half-up; a zero denominator is None."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
MAX_MONEY = Decimal("999999999999.99")


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """CNY with two decimals; never negative unless `signed=True` (reversals, adjustments)."""

    def __init__(self, *args: Any, signed: bool = False, **kwargs: Any) -> None:
        self.signed = signed
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        if not signed:
            kwargs.setdefault("validators", [MinValueValidator(ZERO)])
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        if self.signed:
            kwargs["signed"] = True
        return name, path, args, kwargs


def quantize(amount: Decimal | int | str) -> Decimal:
    """To the cent, half-up (10016 / 3 → 3338.67)."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def whole(amount: Decimal | int | str) -> Decimal:
    """To the yuan, half-up (3338.67 → 3339, the figure of the source documents, K34)."""
    return Decimal(amount).quantize(Decimal(1), rounding=ROUND_HALF_UP)


def ratio(numerator: Decimal | int | None, denominator: Decimal | int | None, places: int = 6) -> Decimal | None:
    """Numerator ÷ denominator half-up to `places`; None when there is nothing to divide by."""
    if numerator is None or not denominator:
        return None
    return (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def parse_money(text: str) -> Decimal:
    """Read what people type (`168,000`, `16.8万`, `￥168000.00`); ValueError for anything else."""
    raw = text.strip().replace(",", "").replace("，", "").lstrip("¥￥").strip()
    factor = Decimal(1)
    if raw.endswith("万"):
        raw, factor = raw[:-1], Decimal(10000)
    try:
        amount = Decimal(raw) * factor
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not amount.is_finite() or abs(amount) > MAX_MONEY or amount != quantize(amount):
        raise ValueError(text)
    return quantize(amount)


def show_money(amount: Decimal | int | None) -> str:
    """`168,000.00`; an unknown amount is an em dash."""
    if amount is None:
        return "—"
    if not isinstance(amount, (Decimal, int)):
        raise TypeError(f"money must be Decimal, not {type(amount).__name__}")
    return f"{quantize(amount):,.2f}"


def show_wan(amount: Decimal | int | None) -> str:
    """`16.80万`; an unknown amount is an em dash."""
    if amount is None:
        return "—"
    return f"{quantize(Decimal(amount) / 10000):,.2f}万"


def show_ratio(value: Decimal | None, places: int = 1) -> str:
    """0.824 → `82.4%`; None → `—`."""
    if value is None:
        return "—"
    shown = (value * 100).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{shown}%"
