"""The look of the workbook: one type size, quiet lines, figures right, text left."""

from __future__ import annotations

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side

FACE = "微软雅黑"
INK, QUIET, BRAND, LINE = "1F2937", "6B7280", "1F4E79", "D5DBE3"
HEAD_FILL, TOTAL_FILL = "E9EEF5", "F4F6F9"
GOOD, BAD = "1B7F4B", "B42318"

_hair = Side(style="thin", color=LINE)
_firm = Side(style="thin", color="8A97A8")

NUMBER_FORMATS = {
    "count": "#,##0;-#,##0;0",
    "money": "#,##0.00;[Red]-#,##0.00;0.00",
    "percent": "0.0%",
    "points": '+0.0"个百分点";[Red]-0.0"个百分点";0.0"个百分点"',
    "decimal": "#,##0.0",
    "change": "+0.0%;[Red]-0.0%;0.0%",
    "date": "yyyy-mm-dd",
}
_ALIGN = {
    "text": Alignment(horizontal="left", vertical="center"),
    "wrap": Alignment(horizontal="left", vertical="center", wrap_text=True),
    "centre": Alignment(horizontal="center", vertical="center"),
    "date": Alignment(horizontal="center", vertical="center"),
}
_RIGHT = Alignment(horizontal="right", vertical="center")


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour)


def _body(kind: str) -> NamedStyle:
    style = NamedStyle(f"正文_{kind}")
    style.font = Font(name=FACE, size=10, color=INK)
    style.border = Border(bottom=_hair)
    style.alignment = _ALIGN.get(kind, _RIGHT)
    style.number_format = NUMBER_FORMATS.get(kind, "@")
    return style


def _total(kind: str) -> NamedStyle:
    style = NamedStyle(f"合计_{kind}")
    style.font = Font(name=FACE, size=10, bold=True, color=INK)
    style.fill = _fill(TOTAL_FILL)
    style.border = Border(top=_firm, bottom=_firm)
    style.alignment = _ALIGN.get(kind, _RIGHT)
    style.number_format = NUMBER_FORMATS.get(kind, "@")
    return style


def _plain(name: str, *, size: int, color: str, bold: bool = False, wrap: bool = False) -> NamedStyle:
    style = NamedStyle(name)
    style.font = Font(name=FACE, size=size, color=color, bold=bold)
    style.alignment = Alignment(horizontal="left", vertical="center", wrap_text=wrap)
    style.number_format = "@"
    return style


def all_styles() -> list[NamedStyle]:
    """Every named style of the workbook; added once, referred to by name."""
    head = NamedStyle("表头")
    head.font = Font(name=FACE, size=10, bold=True, color=BRAND)
    head.fill = _fill(HEAD_FILL)
    head.border = Border(top=_firm, bottom=_firm)
    head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    head.number_format = "@"
    kinds = ("text", "wrap", "centre", "count", "money", "percent", "change", "points", "decimal", "date")
    return [
        head,
        _plain("标题", size=16, color=BRAND, bold=True),
        _plain("小标题", size=11, color=BRAND, bold=True),
        _plain("说明", size=9, color=QUIET),
        _plain("水印", size=9, color=QUIET),
        _plain("链接", size=10, color=BRAND),
        *(_body(kind) for kind in kinds),
        *(_total(kind) for kind in kinds),
    ]
