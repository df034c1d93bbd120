"""A signed-in client over loopback, and the statistics of what it measured."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

_FILES = re.compile(r'<(?:link rel="(?:stylesheet|icon)"|script|img)[^>]*?(?:href|src)="(/static/[^"]+)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

# Two threads of a worker answer, each over its own connection, and PostgreSQL plans a kept statement five times before
# it keeps the plan (core/named.py).
WARM_UP = 18


@dataclass
class Answer:
    """One response with its time in milliseconds."""

    status: int
    body: str
    ms: float
    statements: int
    sql_ms: float
    cpu_ms: float


class Client:
    """Keeps the connection and the cookies, as a browser does."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._token = ""

    def sign_in(self, username: str, password: str) -> None:
        """By the sign-in form."""
        self.get("/accounts/login/")
        self.post("/accounts/login/", {"login": username, "password": password})
        if self.get("/bench/bare/").status != 200:
            raise RuntimeError(f"{username} cannot sign in")

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, data: dict[str, str]) -> Answer:
        """A form with the page's token and an idempotency key of its own."""
        fields = {"csrfmiddlewaretoken": self._token, "idempotency_key": str(uuid.uuid4()), **data}
        return self._ask("POST", path, urlencode(fields))

    def weigh(self, path: str, **headers: str) -> tuple[int, set[str]]:
        """Bytes of a page as they travel (compressed where the server does), and the files of ours it loads at once."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()), "Accept-Encoding": "br, gzip"}
        self._line.request("GET", path, None, {**sent, **headers})
        answer = self._line.getresponse()
        body = answer.read()
        plain = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        is_page = answer.headers.get_content_type() == "text/html"
        return len(body), set(_FILES.findall(plain.decode())) if is_page else set()

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        text = answer.read().decode()
        spent = (time.perf_counter() - begun) * 1000
        for line in answer.headers.get_all("Set-Cookie") or []:
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        if found := _TOKEN.search(text):
            self._token = found[1]
        statements, sql_ms = answer.headers["X-Statements"], answer.headers["X-Statement-Ms"]
        cpu_ms = float(answer.headers["X-Cpu-Ms"] or 0)
        return Answer(answer.status, text, spent, int(statements or 0), float(sql_ms or 0), cpu_ms)


@dataclass
class Figure:
    """Measured values of one piece of work and its references, in milliseconds.

    `cpu_ms` is the processor's time of the web worker for one answer: what a busy neighbour does not change.
    `shell_sql_ms` is what the page's floor spends in statements: session, user and the shell's own rows.
    """

    name: str
    p50: float
    p95: float
    per_second: float
    statements: int
    sql_ms: float
    cpu_ms: float = 0.0
    shell_sql_ms: float = 0.0
    references: dict[str, float] = field(default_factory=dict)

    @property
    def ratios(self) -> dict[str, float]:
        """How many times each reference; each is compared with its like: statements' time, processor's time."""
        like = {"sql_floor": self.sql_ms, "sql_budget": self.sql_ms}
        like["sql_floor_own"] = self.sql_ms - self.shell_sql_ms
        like |= {name: self.cpu_ms for name in self.references if name.endswith("_cpu")}
        return {k: round(like.get(k, self.p50) / v, 2) for k, v in self.references.items() if v}


def is_wanted(name: str, only: Sequence[str]) -> bool:
    """Nothing chosen means everything; else one of the words stands in the name."""
    return not only or any(word in name for word in only)


def measure(name: str, act: Callable[[], Answer], *, expected: int, times: int) -> Figure:
    """Warm up (both server workers), then call `times` times; any other status is an error."""
    return measure_together({name: act}, expected=expected, times=times)[0]


def measure_together(acts: Mapping[str, Callable[[], Answer]], *, expected: int, times: int) -> list[Figure]:
    """Several acts in turn, so that a moment in which the machine is busy meets all of them."""
    answers: dict[str, list[Answer]] = {name: [] for name in acts}
    for number in range(times + WARM_UP):
        for name, act in acts.items():
            answer = act()
            if answer.status != expected:
                raise RuntimeError(f"{name}: {answer.status} instead of {expected}")
            if number >= WARM_UP:
                answers[name].append(answer)
    return [_figure(name, found) for name, found in answers.items()]


def _figure(name: str, answers: list[Answer]) -> Figure:
    spent = sorted(answer.ms for answer in answers)
    return Figure(
        name,
        p50=statistics.median(spent),
        p95=spent[int(len(spent) * 0.95)],
        per_second=1000 * len(spent) / sum(spent),
        statements=max(answer.statements for answer in answers),
        sql_ms=statistics.median(answer.sql_ms for answer in answers),
        cpu_ms=statistics.median(answer.cpu_ms for answer in answers),
    )


def timed(act: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Median time of a call in milliseconds, after one to warm up."""
    act()
    spent = []
    for _ in range(times):
        begun = clock()
        act()
        spent.append((clock() - begun) * 1000)
    return statistics.median(spent)


def memory_of(pids: Iterator[int]) -> float:
    """Resident memory of the largest of these processes, in MB."""
    page = os.sysconf("SC_PAGE_SIZE")
    sizes = []
    for pid in pids:
        with open(f"/proc/{pid}/statm") as facts:  # noqa: PTH123  a kernel file
            sizes.append(int(facts.read().split()[1]) * page / 1_048_576)
    return max(sizes, default=0.0)
