"""A drawn signature as checked points: what a browser or a script sends is numbers in, path out, never markup."""

from __future__ import annotations

import json
from typing import Any

from dealership.core.errors import DomainError

WIDTH, HEIGHT = 600, 300
MAX_STROKES, MAX_POINTS, MAX_TEXT = 60, 3000, 60_000
MIN_POINTS, MIN_SPAN = 8, 40


def signature_path(strokes: Any) -> str:
    """Strokes `[[[x, y], …], …]` of whole numbers within 600 × 300 → an SVG path (`M10 20L30 40`).

    Refuses anything else, too many points, and a dot or dash that is no signature.
    """
    points = [_point(point) for stroke in _strokes(strokes) for point in stroke]
    if len(points) > MAX_POINTS:
        raise _refusal("签名笔画过多，请清除后重新签写。")
    if len(points) < MIN_POINTS or _span(points) < MIN_SPAN:
        raise _refusal("签名太短，请客户在签名框内写完整姓名。")
    return "".join(_stroke_path([_point(point) for point in stroke]) for stroke in strokes)


def strokes_of(text: str) -> Any:
    """The strokes a page sent as JSON text; refuses over-long and broken text."""
    if not text:
        raise _refusal("请客户在签名框内签名，再点确认。")
    if len(text) > MAX_TEXT:
        raise _refusal("签名笔画过多，请清除后重新签写。")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _refusal("签名没有正确传送，请清除后重新签写。") from None


def _strokes(strokes: Any) -> list[list[Any]]:
    if not isinstance(strokes, list) or not all(isinstance(stroke, list) and stroke for stroke in strokes):
        raise _refusal("签名没有正确传送，请清除后重新签写。")
    if len(strokes) > MAX_STROKES or sum(map(len, strokes)) > MAX_POINTS:
        raise _refusal("签名笔画过多，请清除后重新签写。")
    return strokes


def _point(point: Any) -> tuple[int, int]:
    if not (isinstance(point, list) and len(point) == 2 and all(type(number) is int for number in point)):
        raise _refusal("签名没有正确传送，请清除后重新签写。")
    x, y = point
    if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
        raise _refusal("签名超出了签名框，请清除后在框内重新签写。")
    return x, y


def _span(points: list[tuple[int, int]]) -> int:
    xs, ys = zip(*points, strict=True)
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _stroke_path(points: list[tuple[int, int]]) -> str:
    (x, y), *rest = points
    return f"M{x} {y}" + "".join(f"L{x} {y}" for x, y in rest)


def _refusal(text: str) -> DomainError:
    return DomainError("bad_signature", text, {"signature": [text]})
