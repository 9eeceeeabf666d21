"""The side of an org that shows what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfbulk_pandas.jobs.explore.described import Description
from sfbulk_pandas.jobs.explore.profiling import profiled
from sfbulk_pandas.jobs.explore.sobjects import SObjectList
from sfbulk_pandas.org.queries import Queries

if TYPE_CHECKING:
    from sfbulk_pandas.jobs.explore.profile_frame import Profile


class Exploring(Queries):
    """Objects, their fields, and what these hold."""

    def sobjects(self) -> SObjectList:
        """List the objects of the org that this user may see, as they are now.

        Returns
        -------
        SObjectList, a row an object
            A DataFrame, sorted by ``name``: ``label``, ``label_plural``, ``key_prefix``, and as booleans ``custom``,
            ``custom_setting``, ``queryable``, ``searchable``, ``createable``, ``updateable``, ``deletable`` and
            ``undeletable``, which say what this user may do.

        Raises
        ------
        ApiError, TransportError
            Where the list does not come.

        Notes
        -----
        Costs one API call. Source: REST API guide, "Describe Global".

        Examples
        --------
        >>> sobjects = org.sobjects()
        >>> sobjects[sobjects["custom"]]["name"].tolist()
        ['Project__c']
        """
        return SObjectList(self._loading.describes.sobjects())

    def describe(self, sobject: str) -> Description:
        """Tell of an object's fields: types, which are required, which are keys, what they may hold.

        Parameters
        ----------
        sobject : str
            API name, in any case.

        Returns
        -------
        Description, a row a field
            A DataFrame whose index has the API names; ``.described`` has what is known of the object, and
            ``.template()`` gives an empty frame to fill.

        Raises
        ------
        UsageError
            Where the org has no such object, with the nearest name.

        Notes
        -----
        Costs one API call, once. Source: REST API guide, "sObject Describe".

        Examples
        --------
        >>> contact = org.describe("Contact")
        >>> contact.loc["Level__c", "allowed_values"]
        ('Primary', 'Secondary', 'Tertiary')
        >>> contact.index[contact["required"]].tolist()
        ['LastName']
        """
        return Description(self._loading.describes.get(sobject))

    def profile(self, soql: str, /, **keywords: Any) -> Profile:
        """Run a query and say what each of its columns holds, while the rows pass; memory stays bounded.

        Of each column: how many cells are filled, how many different values there are, which come most often; of
        numbers, days and moments the least, the largest, the mean and how they are spread; of texts how long they are.
        Up to 10,000 different values (1 MB of text) are counted exactly. Where there are more, their number is an
        estimate, by HyperLogLog, with a standard error of 0.8%, and so are the counts of frequent values, none of which
        is off by more than the profile says. What is exact, and what not, is in the frame.

        Errors and costs as for :meth:`query`; there is no ``.partial``. With ``spool=`` the same call goes on where it
        was stopped.

        Parameters
        ----------
        soql : str
            With ``{name}`` wherever a value goes, without quotes around it. ``SELECT *`` takes every field.
        **keywords
            Options, see :class:`QueryOptions`, and the values to bind.

        Returns
        -------
        Profile, a row a column

        Notes
        -----
        Memory: that of :meth:`query_batches`, up to 2 MB a column, and the rows of a block, 8 MB or one row.

        Examples
        --------
        >>> profile = org.profile("SELECT Id, LastName FROM Contact", progress=False)
        >>> profile.index[profile["filled"] < profile["rows"]].tolist()
        []
        """
        return profiled(self._extract(soql, keywords))
