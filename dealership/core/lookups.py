"""What is asked of the database beyond Django's own: words of two letters, many ids, names beside a row.

`name__holds="王伟"`: part of a text by its letters, for words too short for trigrams.

A trigram index needs three letters in a row; most Chinese names have two or three, so it is no help for them. The index
behind this lookup (`letters_of`) knows which letters a text has; that they stand together is then asked of few rows.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BigAutoField, CharField, F, Func, Lookup, Model, OuterRef, Subquery, Value
from django.db.models.expressions import Combinable


@CharField.register_lookup
class Holds(Lookup):  # type: ignore[type-arg]  # generic for the stubs only
    """All letters of the word, and next to each other."""

    lookup_name = "holds"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, values = self.process_lhs(compiler, connection)
        pattern = f"%{connection.ops.prep_for_like_query(self.rhs)}%"
        both = f"(string_to_array({column}, NULL) @> string_to_array(%s, NULL) AND {column} LIKE %s)"
        return both, [*values, self.rhs, *values, pattern]


def letters_of(column: str) -> Func:
    """What the index of such a column holds: its letters."""
    return Func(F(column), Value(None), function="string_to_array")


@BigAutoField.register_lookup
class Among(Lookup):  # type: ignore[type-arg]  # generic for the stubs only
    """`id__among=[…]`: what `in` means, with all ids in one parameter, so that hundreds cost no more than one."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, values = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*values, list(self.rhs)]


def beside(model: type[Model], key: str, shown: str | Combinable = "name") -> Subquery:
    """`shown` of the row whose id stands in the column `key`, read with the row.

    For lists: the planner weighs every order of joined tables, which takes longer than to read a page of rows.
    """
    rows = model._default_manager.filter(pk=OuterRef(key))
    return Subquery(rows.order_by().values_list(shown))
