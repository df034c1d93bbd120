"""A signature is numbers in and a path out, whatever is sent."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealership.core.errors import DomainError
from leads.signature import HEIGHT, MAX_TEXT, WIDTH, signature_path, strokes_of
from leads.tests.builders import SIGNATURE

PATH = re.compile(r"(M\d{1,3} \d{1,3}(L\d{1,3} \d{1,3})*)+")
LONG = [[[n % 600, n % 300] for n in range(3001)]]


def test_a_drawn_name_becomes_a_path():
    assert signature_path([[[0, 0], [600, 300], *[[n, n] for n in range(8)]]]).startswith("M0 0L600 300L0 0L1 1")
    assert PATH.fullmatch(signature_path(SIGNATURE))


@pytest.mark.parametrize(
    "bad",
    [
        None, 7, "", "M0 0", {}, [], [[]], [[[]]], [[[1]]], [[[1, 2, 3]]], [["<script>"]], [[["<script>", 1]]],
        [[[1.5, 2]] * 20], [[[True, False]] * 20], [[[-1, 5]] * 20], [[[601, 5]] * 20], [[[5, 301]] * 20],
        [[[10**400, 5]]], [[[None, 5]] * 20], LONG, [[[1, 1]]] * 61, [[[5, 5]] * 30], [[[1, 1], [300, 100]]],
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_chinese(bad):
    with pytest.raises(DomainError) as refusal:
        signature_path(bad)
    assert (refusal.value.code, list(refusal.value.fields)) == ("bad_signature", ["signature"])
    assert re.search(r"签名", refusal.value.message)


@pytest.mark.parametrize(
    "text", ["", "x", "[[[1,2]", "<svg onload=alert(1)>", "[" * 50_000, "1" * 5000, "9" * (MAX_TEXT + 1)]
)
def test_broken_text_is_refused(text):
    with pytest.raises(DomainError, match="签名"):
        signature_path(strokes_of(text))


numbers = st.one_of(st.integers(-5, 700), st.floats(), st.booleans(), st.none(), st.text(max_size=5))
points = st.one_of(st.lists(numbers, max_size=3), numbers)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(st.one_of(st.lists(points, max_size=12), points), max_size=8), numbers))
def test_whatever_is_sent_the_answer_is_a_path_or_a_refusal(strokes):
    try:
        path = signature_path(strokes_of(json.dumps(strokes)))
    except DomainError:
        return
    assert PATH.fullmatch(path)
    found = [tuple(map(int, pair.split())) for pair in re.split("[ML]", path)[1:]]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)
