"""`manage.py prepare`: what `./dev up` needs of the database, in one process: each start of Django costs seconds."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Migrate when something is to be migrated, run the start-up checks, load the demo group when it is not there."""

    help = "Tables, start-up checks and (with --demo) the demo group."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False, stdout=self.stdout)
        call_command("preflight", stdout=self.stdout, stderr=self.stderr)
        if options["demo"]:
            call_command("seed_demo", stdout=self.stdout)
