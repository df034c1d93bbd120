"""Cleaning what people type and paste: control characters, width, length, pinyin for search."""

from __future__ import annotations

import re
import unicodedata

from pypinyin import Style, lazy_pinyin

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Surnames that pypinyin reads by their everyday sound.
SURNAMES = {"单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren", "盖": "ge"}
SURNAMES |= {"朴": "piao", "翟": "zhai", "尉": "yu", "乐": "yue", "缪": "miao", "员": "yun", "宓": "fu", "华": "hua"}


def has_control_characters(text: str) -> bool:
    """True when the text holds invisible or broken characters a form should name instead of storing."""
    return bool(_CONTROL.search(text))


def clean_text(text: str) -> str:
    """Drop control and direction characters, normalise line ends, trim the outside."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def fold(text: str) -> str:
    """Width and case folded, for comparing (sign-in names, duplicate texts)."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def pinyin_of(name: str) -> str:
    """`张伟` → `zhangwei zw`: full pinyin and initials, what a search box matches."""
    name = clean_text(name)
    if not name:
        return ""
    parts = [part.lower() for part in lazy_pinyin(name, style=Style.NORMAL)]
    if name[0] in SURNAMES and parts:
        parts[0] = SURNAMES[name[0]]
    return f"{''.join(parts)} {''.join(part[0] for part in parts if part)}"
