"""What an org knows of its objects, for those who only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfbulk_pandas.org.org import Org


def is_signed_in(org: Org) -> bool:
    """Whether an org has a token by now, so that asking it something does not sign in."""
    return org._session.known_url is not None  # noqa: SLF001 - the org's own room


def sobject_names(org: Org) -> tuple[str, ...]:
    """Return the API names of all objects of an org; one API call.

    Raises
    ------
    ApiError, TransportError
        Where Salesforce does not say.
    """
    return tuple(each.name for each in org._loading.describes.sobjects())  # noqa: SLF001 - the same
