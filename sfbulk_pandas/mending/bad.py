"""The cells of one column that are refused, as the makers of fixes look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from sfbulk_pandas.mending.code import has_texts, headed, label_code, mend_code, texts_of
from sfbulk_pandas.mending.fix import Fix
from sfbulk_pandas.preflight.blanks import required_names

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from sfbulk_pandas.mending.terms import Terms
    from sfbulk_pandas.salesforce.columns import Column
    from sfbulk_pandas.salesforce.sobject import FieldDescribe, FieldType


@dataclass(frozen=True)
class BadCells:
    """The refused cells of one column.

    Attributes
    ----------
    series : pandas.Series
        The whole column, of all rows at hand.
    bad : array of bool
        Which of its cells are refused, or noted as what may be.
    columns : pandas.Index
        The frame's columns.
    column : Column
    field : FieldDescribe
        The field that is set.
    terms : Terms
    """

    series: pd.Series[Any]
    bad: NDArray[np.bool_]
    columns: pd.Index[Any]
    column: Column
    field: FieldDescribe
    terms: Terms

    @property
    def label(self) -> Hashable:
        """The frame's label."""
        return self.column.label

    @property
    def is_path(self) -> bool:
        """Whether the cells are keys of parents."""
        return "." in self.column.header

    @property
    def kind(self) -> FieldType:
        """The type that the cells have to be of."""
        return (self.column.field or self.field).type

    @cached_property
    def name(self) -> str:
        """The label as code."""
        return label_code(self.label, self.columns)

    @cached_property
    def raw(self) -> pd.Series[Any]:
        """The distinct texts of the refused cells, the most frequent first."""
        if not has_texts(self.series):
            return pd.Series([], dtype=object)
        texts = texts_of(self.series[self.bad]).dropna()
        return pd.Series(texts.value_counts().index.to_numpy(object), dtype=object)

    @cached_property
    def texts(self) -> pd.Series[Any]:
        """The same without blanks at their ends, none of them empty."""
        stripped = self.raw.str.strip() if len(self.raw) else self.raw
        return stripped[stripped.ne("")].drop_duplicates()

    @property
    def may_be_blank(self) -> bool:
        """Whether a record may do without a value, and a row without a cell."""
        key = (self.terms.call.key or "").lower()
        if self.field.name.lower() == key or self.field.name == "Id":
            return False
        if self.terms.call.clears(self.label):
            return self.field.nillable
        inserts = self.terms.call.operation.value in {"insert", "upsert"}
        return not (inserts and self.field.name in required_names(self.terms.describe))

    @property
    def blank_means(self) -> str:
        """What becomes of the field where the cell is left blank, by the load's null policy."""
        if self.terms.call.clears(self.label):
            return 'the field is emptied, as nulls="clear" says'
        return "the field keeps what it holds, and a new record gets its default"

    def mend(self, fix: str, what: str, lines: Iterable[str], *, certain: bool = True) -> Fix:
        """Return a fix that does something to ``cells``, of which ``texts`` are the stripped texts."""
        return self.fix(fix, what, mend_code(self.series, self.name, lines), certain=certain)

    def fix(self, fix: str, what: str, code: str, *, certain: bool) -> Fix:
        """Return a fix of this column."""
        return Fix(self.label, self.column.header, fix, what, certain, headed(self.name, what, code))
