"""A month without a database: rows as the selectors hand them over, for tests of the file itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from reports.workbook.columns import Row
from reports.workbook.content import Definition, MonthContent

SERIES = ("朗途", "山海 PLUS", "星河 EV", "远致")


def vehicle_row(number: int, **changes: object) -> Row:
    price = Decimal(150_000 + number * 137) + Decimal("0.37")
    return {
        "no": number,
        "number": f"A-202610-{number:04d}",
        "series": SERIES[number % 4],
        "configuration": "2026款 1.5T 豪华型",
        "vin": f"LSVAA4187E2{number:06d}",
        "colour": "珠光白",
        "customer": "欧阳建国",
        "phone": "138****5678",
        "consultant": "张伟",
        "mode": "按揭" if number % 2 else "全款",
        "invoiced_on": dt.date(2026, 10, 1 + number % 30),
        "delivered_on": dt.date(2026, 10, 1 + number % 30),
        "invoiced": 1,
        "delivered": 1,
        "arrived_on": dt.date(2026, 9, 1),
        "stock_days": number % 120,
        "msrp": price + 18_000,
        "deal_price": price,
        "invoice_price": price,
        "loan": Decimal("90000.00") if number % 2 else None,
        "accessories": Decimal("1600.00"),
        "insurance": None,
        "registration": Decimal("300.00"),
        "finance": None,
        "warranty": None,
        "gift_cost": Decimal("650.00"),
        "cost": price + 3_500,
        "rebate": Decimal("6200.00"),
        "margin_tax": Decimal("310.55"),
        "gross_profit": Decimal("2389.45"),
    } | changes


def receipt_row(number: int, **changes: object) -> Row:
    own = Decimal(5000 * (number % 7 + 1)) + Decimal("0.01")
    return {
        "no": number,
        "cleared_on": dt.date(2026, 10, 1 + number % 30),
        "receipt_no": f"SJ-202610-{number:05d}",
        "number": f"A-202610-{number:04d}",
        "customer": "李娜",
        "payer": "李娜",
        "consultant": "王芳",
        "purpose": "尾款",
        "method": ("转账", "微信", "刷卡", "银行放款")[number % 4],
        "own": own,
        "pass_through": None,
        "amount": own,
        "slip_no": "0012345678901234567",
        "cashier": "赵敏",
        "remark": None,
    } | changes


def _series_rows() -> list[Row]:
    return [
        {"key": key, "label": label, "unit": unit, "series": series, "target": None, "store_target": Decimal(target)}
        | {"actual": Decimal(factor * (n + 2)), "previous": Decimal(factor * 3), "last_year": None}
        for key, label, unit, factor, target in (
            ("orders_gross", "订单数", "单", 10, 165),
            ("retail_units", "零售台数", "台", 9, 150),
            ("sales_amount", "销售额", "元", 1_512_345, 25_000_000),
        )
        for n, series in enumerate(SERIES)
    ]


def _store_rows() -> list[Row]:
    made = []
    for key, label, unit, actual, previous in (
        ("traffic_total", "客流总数", "组", "620", "588"),
        ("lead_capture_rate", "留资率", "%", "0.826", "0.801"),
        ("retail_units", "零售台数", "台", "160", "151"),
        ("sales_amount", "销售额", "元", "26880000.37", "25110000.00"),
        ("gp_per_unit", "单车毛利", "元/台", "2301.11", "2555.70"),
    ):
        row = {"key": key, "label": label, "unit": unit, "profit": key == "gp_per_unit"}
        target = Decimal(165) if key == "retail_units" else None
        made.append(
            row | {"target": target, "actual": Decimal(actual), "previous": Decimal(previous), "last_year": None}
        )
    return made


def _people_rows() -> list[Row]:
    names = ("张伟", "王芳", "李娜", "刘洋", "陈静", "未归属")
    return [
        {
            "person": name,
            "team": "一组" if n % 2 else "二组",
            "first_visits": 40 - n,
            "capture_base": 30,
            "captured": 25 - n,
            "new_cards": 78,
            "follow_ups": 310 - n * 7,
            "due": 300,
            "on_time": 290 - n * 20,
            "orders": 15 - n,
            "net_orders": 14 - n,
            "closing_base": 30,
            "delivery_target": Decimal(14) if n < 5 else None,
            "deliveries": 16 - 2 * n,
            "amount_target": Decimal("2300000.00") if n < 5 else None,
            "sales_amount": Decimal("2612345.67") - n * 100_000,
            "receipts": Decimal("2400000.00") - n * 100_000,
            "gp_units": 16 - 2 * n,
            "gross_profit": Decimal("36800.00") - n * 9_000,
        }
        for n, name in enumerate(names)
    ]


def _stock_row(number: int) -> Row:
    days = number * 7 % 230
    bands = ((30, "0–30天"), (60, "31–60天"), (90, "61–90天"), (180, "91–180天"), (10_000, "180天以上"))
    return {
        "no": number,
        "vin": f"LSVAB2180F2{number:06d}",
        "series": SERIES[number % 4],
        "configuration": "2026款 2.0T 旗舰型",
        "colour": "星空蓝",
        "state": "在库",
        "usage": "商品车",
        "arrived_on": dt.date(2026, 10, 31) - dt.timedelta(days=days),
        "days": days,
        "band": next(name for limit, name in bands if days <= limit),
        "certificate": "质押银行",
        "location": "A-12",
        "units": 1,
        "cost": Decimal("171500.00"),
    }


def _receivable_row(number: int) -> Row:
    balance = Decimal("1200.00") * number
    return {
        "no": number,
        "number": f"A-202610-{number:04d}",
        "customer": "周杰",
        "phone": "139****0000",
        "consultant": "张伟",
        "state": "已订",
        "ordered_on": dt.date(2026, 10, 9),
        "delivered_on": None,
        "contract": Decimal("168000.00"),
        "received": Decimal("168000.00") - balance,
        "balance": balance,
        "overdue_days": None,
        "overdue": None,
    }


def _cards() -> list[Row]:
    figures = (("月初潜客", 1100), ("新建卡", 940), ("激活", 4), ("成交", -172), ("战败", -640), ("休眠", -60))
    return [{"label": label, "unit": "人", "actual": figure} for label, figure in figures]


def _funnel() -> list[Row]:
    steps = (("客流总数", "组", 620), ("首次到店", "组", 430), ("建卡", "张", 940), ("订单", "单", 172))
    return [
        {"label": label, "unit": unit, "actual": number, "previous": number - 20, "last_year": None}
        for label, unit, number in steps
    ]


def _loss_row(number: int) -> Row:
    return {
        "decided_on": dt.date(2026, 10, number),
        "customer": "欧阳建国",
        "consultant": "张伟",
        "reason": "买竞品",
        "rival": "哈弗 H6",
        "rival_price": Decimal("128000.00"),
        "asked": Decimal("131500.00"),
        "gap": Decimal("3500.00"),
        "grade": "A级",
        "source": "懂车帝",
        "decided_by": "赵经理",
        "count": 1,
    }


def month_content(size: int = 40, *, profit: bool = True, **changes: object) -> MonthContent:
    """A plausible month of `size` cars; `rows` may be replaced to plant something."""
    tables: dict[str, Callable[[], Iterable[Row]]] = {
        "store": _store_rows,
        "series": _series_rows,
        "people": _people_rows,
        "vehicles": lambda: (vehicle_row(n) for n in range(1, size + 1)),
        "receipts": lambda: (receipt_row(n) for n in range(1, size * 3 + 1)),
        "receivables": lambda: [_receivable_row(n) for n in range(1, 6)],
        "refunds": list,
        "stock": lambda: [_stock_row(n) for n in range(1, 60)],
        "funnel": _funnel,
        "cards": _cards,
        "grades": lambda: [{"label": f"{g}级", "unit": "人", "actual": n} for g, n in (("H", 60), ("A", 140))],
        "losses": lambda: [{"group": "按原因", "label": "价格", "losses": 2, "whole": 2}],
        "loss_detail": lambda: [_loss_row(n) for n in range(1, 3)],
        "sources": lambda: [{"label": "懂车帝", "unit": "", "cards": 210, "orders": 20}],
    }
    content = MonthContent(
        store_name="江城众合店",
        month_label="2026年10月",
        month_code="2026-10",
        status_label="已关账",
        version_label="第 1 版",
        closed_text="2026-11-03 周二 10:20 由 周会计 关账",
        made_by="周会计",
        made_at="2026-11-22 18:05",
        compare_note="环比对比 2026年9月全月，同比对比 2025年10月全月。",
        profit=profit,
        rows=lambda key: tables[key](),
        definitions=(Definition("new_cards", "建卡总数", "张", "本月新建的意向客户卡，一位客户一次购车机会算一张。"),),
        figures={"retail_units": Decimal(size), "sales_amount": sum_of(size)},
        findings=(("有发票未交车", 2),),
    )
    return replace(content, **changes)


def sum_of(size: int) -> Decimal:
    return sum((vehicle_row(n)["invoice_price"] for n in range(1, size + 1)), Decimal(0))


def total_of(sheet: Any, title: str) -> Decimal:
    """The number in the first total row of a column of an opened sheet."""
    head = next(cell.column for cell in sheet[4] if cell.value == title)
    row = next(row for row in sheet.iter_rows(min_row=5) if row[0].value in ("合计", "门店合计"))
    return Decimal(str(row[head - 1].value)).quantize(Decimal("0.01"))
