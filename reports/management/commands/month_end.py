"""`manage.py month_end YYYY-MM`: open the close of an ended month by hand (after a long downtime)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dealership.core.errors import DomainError
from dealership.core.periods import Period
from dealership.org.models import Store
from reports.services.close import month_snapshot


class Command(BaseCommand):
    """Freezes openings and runs the checks for all active stores; harmless when done before."""

    help = "Freeze openings, roll up and open the close of an ended month for all active stores."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The month that ended."""
        parser.add_argument("month", help="YYYY-MM")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line per store."""
        try:
            month = Period.parse(options["month"])
        except ValueError as error:
            raise CommandError(f"not a month: {options['month']}") from error
        for store in Store.objects.filter(is_active=True):
            try:
                close = month_snapshot(store_id=store.pk, month=month.start)
            except DomainError as error:
                raise CommandError(error.message) from error
            self.stdout.write(f"{store.code} {month.code} {close.state}")
