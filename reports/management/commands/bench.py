"""`manage.py bench --size S|M|L`: measure the product beside references taken in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reports.bench import run


class Command(BaseCommand):
    """Prepares a database of its own, then runs itself inside it; prints one JSON line and a table."""

    help = "Load a named size, drive the production server over loopback, print the figures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=sorted(run.SIZES), default="S")
        parser.add_argument("--only", nargs="*", default=[], help="parts of figures' names; nothing means all")
        parser.add_argument("--inside", action="store_true", help="measure only; used by the command itself")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("The bench loads demo data, which these settings refuse (DEMO_ALLOWED is off).")
        if options["inside"]:
            result = run.measure_all(options["size"], options["only"])
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            self.stdout.write(run.table(result))
            return
        environment = run.prepare(options["size"])
        command = [sys.executable, "manage.py", "bench", "--inside", "--size", options["size"]]
        command += ["--only", *options["only"]]
        ended = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=False)  # noqa: S603  our own
        if ended.returncode:
            raise CommandError("The bench ended with an error, see above.")
