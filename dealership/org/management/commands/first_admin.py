"""`manage.py first_admin`: the group and its first system administrator, in an empty database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dealership.core.errors import DomainError
from dealership.org.services.people import group_begin


class Command(BaseCommand):
    help = "Make the dealer group and its first system administrator; prints the initial password once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", required=True, help="name of the dealer group, e.g. 华辰汽车集团")
        parser.add_argument("--username", default="admin", help="sign-in name (default: admin)")
        parser.add_argument("--name", default="系统管理员", help="the person's name on the screens")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person, password = group_begin(group=options["group"], username=options["username"], name=options["name"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"用户名：{person.username}\n初始密码：{password}（只显示这一次，首次登录须修改）")
