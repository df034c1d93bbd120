"""`manage.py facts_verify`: recompute stored figures from the rows; exit 1 when one differs."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dealership.core import periods
from dealership.core.periods import Period
from dealership.org.models import Store
from reports.services.verify import OBSERVED, facts_differences

SHOWN = 20


class Command(BaseCommand):
    """Compares facts with live figures for stores and months."""

    help = "Recompute the stored figures of stores and months from their rows; exits 1 on any difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which stores and months; by default all active stores, this month and the last."""
        parser.add_argument("--store", help="store code (default: all active stores)")
        parser.add_argument("--month", help="YYYY-MM (default: the running month and the one before)")
        parser.add_argument("--today", action="store_true", help="include today, which moves between two roll-ups")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each difference."""
        stores = Store.objects.filter(is_active=True)
        if options["store"]:
            stores = stores.filter(code=options["store"])
            if not stores:
                raise CommandError(f"no store with code {options['store']}")
        wrong = 0
        for store in stores:
            for month in self._months(options["month"]):
                found = facts_differences(store_id=store.pk, month=month, include_today=options["today"])
                wrong += len(found)
                for row in found[:SHOWN]:
                    self.stdout.write(f"{store.code} {month:%Y-%m} {row}")
        self.stdout.write(f"{wrong} differences")
        self.stdout.write(f"not compared (states seen at their moment): {', '.join(OBSERVED)}")
        if wrong:
            sys.exit(1)

    @staticmethod
    def _months(text: str | None) -> list[dt.date]:
        if text is None:
            month = Period.containing("month", periods.today())
            return [month.previous().start, month.start]
        try:
            return [Period.parse(f"{text}").start]
        except ValueError as error:
            raise CommandError(f"not a month: {text}") from error
