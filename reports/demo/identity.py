"""Names, numbers and chassis numbers that look real and belong to nobody."""

from __future__ import annotations

import functools
import random

from faker.providers.person.zh_CN import Provider as Person

from dealership.core.text import pinyin_of
from reports.demo.words import PHONE_RANGES, VIN_PREFIX

_VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_DIGITS = (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10))
_VIN_VALUES = dict(zip(_VIN_LETTERS, _VIN_DIGITS, strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


# By frequency in the country.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱"
)
NUMBERS_PER_STORE = 400_000


@functools.cache
def _given_names() -> tuple[list[str], list[str]]:
    """Given names of women and men from Faker's lists."""
    return list(dict.fromkeys(Person.first_names_female)), list(dict.fromkeys(Person.first_names_male))


def person_name(rng: random.Random) -> tuple[str, str]:
    """A Chinese name and the form of address (`male`/`female`); common surnames are common."""
    women, men = _given_names()
    female = rng.random() < 0.38
    surname = rng.choices(SURNAMES, weights=range(len(SURNAMES) + 20, 20, -1))[0]
    return surname + rng.choice(women if female else men), "female" if female else "male"


@functools.lru_cache(maxsize=200_000)
def pinyin(name: str) -> str:
    """Search column of a name."""
    return pinyin_of(name)


def phone_number(store: int, index: int) -> str:
    """The n-th number of a store: different for every pair, dialled by nobody."""
    place = store * NUMBERS_PER_STORE + index
    scrambled = (place * 7_368_787 + 1_234_567) % 100_000_000
    return f"+86{PHONE_RANGES[place // 100_000_000]}{scrambled:08d}"


def vin_of(store: int, index: int) -> str:
    """The n-th VIN of a store, with a valid check digit."""
    body = f"{VIN_PREFIX}A{store:03d}B0TN{index:06d}"
    total = sum(_VIN_VALUES[char] * weight for char, weight in zip(body, _VIN_WEIGHTS, strict=True))
    check = "0123456789X"[total % 11]
    return f"{body[:8]}{check}{body[9:]}"


def id_number(rng: random.Random) -> str:
    """An identity number of a district code that does not exist (369999), with a valid check digit."""
    born = f"{rng.randrange(1965, 2003)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    body = f"369999{born}{rng.randrange(1000):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]
