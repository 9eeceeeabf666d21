"""``df.sfbulk``: the operations of an Org, on the frame at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import pandas as pd

from sfbulk_pandas.org import Org, current_org

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.options import LoadKeywords
    from sfbulk_pandas.jobs.results import LoadResult


@pd.api.extensions.register_dataframe_accessor("sfbulk")
class SfBulkAccessor:
    """Load the frame into the org last connected, or into ``org=``.

    Each method has the parameters, result, errors and costs of the method of the same name on
    :class:`Org`, and leaves the frame as it is.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def insert(self, sobject: str, *, org: Org | None = None, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Insert each row as a new record.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        org : Org, optional
            Instead of the one last connected.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``; see :meth:`Org.insert`.
        """
        return current_org(org).insert(self._frame, sobject, **options)

    def update(self, sobject: str, *, org: Org | None = None, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Update existing records, found by the ``Id`` column.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        org : Org, optional
            Instead of the one last connected.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``; see :meth:`Org.update`.
        """
        return current_org(org).update(self._frame, sobject, **options)

    def upsert(
        self, sobject: str, *, external_id_field: str, org: Org | None = None, **options: Unpack[LoadKeywords]
    ) -> LoadResult:
        """Update the records whose external id is known, insert the others.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        external_id_field : str
            A field marked as external id, or ``Id``.
        org : Org, optional
            Instead of the one last connected.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``; see :meth:`Org.upsert`.
        """
        return current_org(org).upsert(self._frame, sobject, external_id_field=external_id_field, **options)

    def delete(self, sobject: str, *, org: Org | None = None, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Delete the records of the ``Id`` column into the recycle bin.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        org : Org, optional
            Instead of the one last connected.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``; see :meth:`Org.delete`.
        """
        return current_org(org).delete(self._frame, sobject, **options)

    def hard_delete(self, sobject: str, *, org: Org | None = None, **options: Unpack[LoadKeywords]) -> LoadResult:
        """Delete the records of the ``Id`` column for good.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        org : Org, optional
            Instead of the one last connected.
        **options
            See :class:`LoadOptions`.

        Returns
        -------
        LoadResult
            Every row is in one of ``successful``, ``failed``, ``unprocessed`` and ``unknown``;
            see :meth:`Org.hard_delete`.
        """
        return current_org(org).hard_delete(self._frame, sobject, **options)

    def check(
        self,
        sobject: str,
        operation: str,
        *,
        external_id_field: str | None = None,
        org: Org | None = None,
        **options: Unpack[LoadKeywords],
    ) -> pd.DataFrame:
        """Say what is wrong with the frame, and what loading it would cost and do; nothing is sent.

        Parameters
        ----------
        sobject : str
            API name of the object, such as ``"Contact"``.
        operation : {"insert", "update", "upsert", "delete", "hardDelete"}
        external_id_field : str, optional
            For an upsert.
        org : Org, optional
            Instead of the one last connected.
        **options
            Those that the load will have; see :class:`LoadOptions`.

        Returns
        -------
        DataFrame, a row a finding
            See :meth:`Org.check`.
        """
        return current_org(org).check(self._frame, sobject, operation, external_id_field=external_id_field, **options)
