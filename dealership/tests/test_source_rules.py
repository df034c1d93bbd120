"""Rules of the source that no ready-made linter knows. A broken one names file and line."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealership.tests.launcher_checkout import ROOT

BUSINESS = ("leads", "sales", "reviews", "reports")
MANAGERS = {"objects", "_default_manager", "_base_manager"}
TOPS = ("dealership", *BUSINESS)
TIMINGS = (
    "dealership/launcher/",
    "dealership/celery.py",
    "reports/bench/",
)  # seconds and milliseconds, no business facts
FILE_LINES, FUNCTION_LINES = 400, 40


def sources(*, tests: bool = True) -> Iterator[Path]:
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if "migrations" not in parts and (tests or "tests" not in parts):
                yield path


def where(path: Path, line: int = 0) -> str:
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def test_imports_follow_the_layers():
    """The same contracts that pre-commit and lint check, so that a test run alone finds a wrong arrow too."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_layers_have_no_exceptions():
    assert "ignore_imports" not in (ROOT / ".importlinter").read_text()


def test_every_app_is_in_the_layers():
    text = (ROOT / ".importlinter").read_text()
    apps = text.partition("contract:apps]")[2].partition("\n\n")[0].split()
    found = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for top in TOPS
        for path in (ROOT / top).rglob("apps.py")
    }
    assert found == {word for word in apps if word.partition(".")[0] in TOPS}


def test_no_floats():
    """Money, ratios and hours are Decimal or whole numbers; a float rounds where nobody looks."""
    found = [
        where(path, node.lineno)
        for path in sources(tests=False)
        if not path.relative_to(ROOT).as_posix().startswith(TIMINGS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert found == []


def zone_days(tree: ast.AST) -> list[int]:
    """Lines that take the day of a stored moment, or of now, in UTC: another day than the showroom's until 08:00."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    days = (call for call in calls if call.func.attr == "date" and not call.args)
    return [call.lineno for call in days if re.search(r"(_at|\bnow\(\))\.date\(\)$", ast.unparse(call))]


def test_the_day_of_a_moment_is_the_showrooms():
    """Tests too: one that asks UTC is red for a third of every day (T01, T02)."""
    mended = "day = periods.local_date(deal.ordered_at)\nlater = periods.local_time(now).date()"
    assert zone_days(ast.parse(f"{mended}\nday = deal.ordered_at.date()\nday = timezone.now().date()")) == [3, 4]
    found = [where(path, line) for path in sources() for line in zone_days(ast.parse(path.read_text()))]
    assert found == []


def unscoped(tree: ast.AST) -> list[int]:
    """Lines where a manager is used for anything but `visible_to` (or `none`, the empty start of a form field)."""
    scoped = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"visible_to", "none"}
    }
    managers = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in MANAGERS)
    return [node.lineno for node in managers if id(node) not in scoped]


def test_pages_forms_and_api_never_ask_without_the_readers_reach():
    """What is not a selector or service may only start from `visible_to`."""
    layers = re.compile(r"/(views|api|forms|filters)(/|\.py$)")
    found = [
        where(path, line)
        for path in sources(tests=False)
        if path.relative_to(ROOT).parts[0] in BUSINESS and layers.search(f"/{path.relative_to(ROOT).as_posix()}")
        for line in unscoped(ast.parse(path.read_text()))
    ]
    assert found == []


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of what the function does: neither its facts by name nor its explanation make it long."""
    first = node.body[1 if len(node.body) > 1 and ast.get_docstring(node) is not None else 0]
    return (node.end_lineno or 0) - first.lineno + 1


def test_files_and_functions_fit_on_a_screen_or_two():
    found = []
    for path in sources():
        text = path.read_text()
        if text.count("\n") > FILE_LINES:
            found.append(f"{where(path)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = body_lines(node)
                if lines > FUNCTION_LINES and "tests" not in path.parts:
                    found.append(f"{where(path, node.lineno)}: {node.name} has {lines} lines")
    assert found == []


TEMPLATE_RULES = {
    "inline style": re.compile(r"\sstyle\s*="),
    "inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']"),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>"),
    "unescaped text": re.compile(r"\|\s*safe\b|autoescape off"),
    "foreign address": re.compile(r"(src|href)=[\"'](https?:)?//"),
}


@pytest.mark.parametrize("rule", TEMPLATE_RULES)
def test_templates_keep_the_content_policy(rule: str):
    found = [
        where(path, number)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if TEMPLATE_RULES[rule].search(line)
    ]
    assert found == []


def test_nothing_is_put_off():
    """No skipped test, no note to self, no silenced check without a code."""
    words = re.compile(r"\b(TODO|FIXME|XXX)\b|pytest\.mark\.skip|pytest\.skip\(|# noqa\s*$|# type: ignore\s*$")
    mine = Path(__file__).resolve()
    found = [
        where(path, number)
        for path in sources()
        if path.resolve() != mine
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ]
    assert found == []
