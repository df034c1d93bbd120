"""What comes out of the printer: the three tables as Chromium prints them, read back from the PDF."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.urls import reverse
from pypdf import PdfReader

from dealership.core import periods
from dealership.org.choices import Role
from dealership.tests.builders import make_person, make_store, make_team
from dealership.tests.e2e.conftest import Person
from leads.models import CustomerPhone, Prospect
from leads.services.register_day import register_day_sign
from leads.tests.builders import make_follow_up, make_prospect, make_visit

pytestmark = pytest.mark.browser
POINTS = 72 / 25.4
SIMPLE = str.maketrans({"戶": "户", "⻋": "车"})
A4_LANDSCAPE = (round(297 * POINTS), round(210 * POINTS))


@dataclass
class Paper:
    """A printed page: the text of each sheet without blanks, and its size in points."""

    sheets: list[str]
    sizes: set[tuple[int, int]]

    def count(self, text: str) -> int:
        """On how many sheets the text stands."""
        return sum(text in sheet for sheet in self.sheets)


def plain(text: str) -> str:
    """Without blanks, and with the everyday form of letters a font stores under another number (⼾ is 户)."""
    return "".join(unicodedata.normalize("NFKC", text).translate(SIMPLE).split())


def printed(person: Person, path: str) -> Paper:
    """Print as the button does: the browser's own paper is A4, the style sheet turns it."""
    content = person.go(path).pdf(format="A4", prefer_css_page_size=True, print_background=True)
    pages = PdfReader(io.BytesIO(content)).pages
    return Paper(
        [plain(page.extract_text()) for page in pages],
        {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in pages},
    )


def test_the_three_tables_on_paper(
    transactional_db: None, sign_in: Callable[..., Person], freeze: Callable[[str], None]
) -> None:
    """A4 landscape, the head on every sheet, every row once, totals and lines to sign; no menu, no plain phone."""
    freeze("2026-11-12 10:00+08:00")
    store = make_store("A")
    seller = make_person(Role.SALES_CONSULTANT, store, team=make_team(store), name="李明")
    desk, manager = make_person(Role.RECEPTIONIST, store, name="小周"), make_person(Role.SHOWROOM_MANAGER, store)
    cards = [make_prospect(seller, store, grade="ABC"[n % 3], name=f"客户{n:02d}号") for n in range(42)]
    make_visit(seller, store, captured=False, party_size=3)
    register_day_sign(by=desk, store=store, day=dt.date(2026, 11, 12), weather="小雨")
    freeze("2026-11-13 10:00+08:00")
    make_follow_up(seller, cards[0], grade="H")
    person = sign_in(manager)

    visits = printed(person, reverse("reports:register", args=["visits"]) + "?day=2026-11-12")
    assert visits.sizes == {A4_LANDSCAPE}
    assert 2 <= len(visits.sheets) <= 4
    assert visits.count("序号") == visits.count("归属顾问") == len(visits.sheets)
    text = "".join(visits.sheets)
    for told in (
        "来店（电）客户登记表",
        "未留资",
        "合计45",
        "小雨·小周10:00签字（43组）·待经理确认",
        "前台签字：",
        "展厅经理签字：",
    ):
        assert plain(told) in text, told
    assert [text.count(f"客户{n:02d}号") for n in range(42)] == [1] * 42

    grades = printed(person, reverse("reports:register", args=["grades"]) + f"?person={seller.pk}&month=2026-11")
    assert grades.sizes == {A4_LANDSCAPE}
    text = "".join(grades.sheets)
    assert "意向客户级别状况表" in text
    assert [text.count(f"客户{n:02d}号") for n in range(42)] == [1] * 42
    assert grades.count("客户建卡来源意向车型") == len(grades.sheets) == 2

    progress = printed(person, reverse("reports:register", args=["progress"]) + "?month=2026-11")
    assert progress.sizes == {A4_LANDSCAPE}
    assert len(progress.sheets) == 1
    assert "意向客户进度管控表" in progress.sheets[0]
    assert "李明" in progress.sheets[0]
    assert "全部相符" in progress.sheets[0]

    numbers = [number.removeprefix("+86") for number in CustomerPhone.objects.values_list("number", flat=True)]
    for paper in (visits, grades, progress):
        text = "".join(paper.sheets)
        assert not [number for number in numbers if number in text]
        assert "退出" not in text
        assert "下载Excel" not in text
    assert Prospect.objects.count() == 42
    assert periods.today() == dt.date(2026, 11, 13)
    assert person.complaints == []
