"""Move data between pandas and Salesforce with Bulk API 2.0, every row accounted for.

>>> import sfbulk_pandas as sfbulk
>>> org = sfbulk.connect(sfbulk.JwtBearer(...))                                 # doctest: +SKIP
>>> result = df.sfbulk.upsert("Contact", external_id_field="Contact_Key__c")    # doctest: +SKIP
>>> result.errors                                                               # doctest: +SKIP
>>> result = result.retry(fixed)                                                # doctest: +SKIP
>>> frame = sfbulk.query("SELECT Id, Email, Account.Name FROM Contact")         # doctest: +SKIP
"""

from __future__ import annotations

from sfbulk_pandas import accessor as _accessor  # noqa: F401 - registers df.sfbulk
from sfbulk_pandas.auth.access_token import AccessToken
from sfbulk_pandas.auth.client_credentials import ClientCredentials
from sfbulk_pandas.auth.jwt_bearer import JwtBearer
from sfbulk_pandas.auth.refresh_token import RefreshToken
from sfbulk_pandas.auth.secret import FromEnvironment
from sfbulk_pandas.auth.sf_cli import SalesforceCli
from sfbulk_pandas.errors import (
    AlreadyLoaded,
    ApiError,
    ApiVersionMismatch,
    AuthError,
    CliLoginMissing,
    ConnectionFailed,
    DataError,
    DecodeError,
    EncodeError,
    ImpossibleTransition,
    IncompleteResult,
    InvalidQuery,
    JobAborted,
    JobError,
    JobFailed,
    JournalBusy,
    JournalError,
    JournalMismatch,
    MissingExtra,
    NotFound,
    OverBudget,
    PreflightFailed,
    QueryRefused,
    ReadTimedOut,
    ReconcileError,
    RequestLimitExceeded,
    RetriesExhausted,
    SalesforceBroken,
    SessionExpired,
    SfBulkError,
    StillRunning,
    TokenRefused,
    TransportError,
    UsageError,
)
from sfbulk_pandas.jobs.budget import Budget
from sfbulk_pandas.jobs.explain import Explanation
from sfbulk_pandas.jobs.explore.described import Description
from sfbulk_pandas.jobs.explore.profile_frame import Profile
from sfbulk_pandas.jobs.explore.sobjects import SObjectList
from sfbulk_pandas.jobs.extract.bad import bad_cells
from sfbulk_pandas.jobs.options import LoadOptions, Polling
from sfbulk_pandas.jobs.query_options import QueryOptions
from sfbulk_pandas.jobs.results import LoadResult
from sfbulk_pandas.jobs.sync.result import SyncResult
from sfbulk_pandas.magic import load_ipython_extension, unload_ipython_extension  # noqa: F401 - IPython calls them
from sfbulk_pandas.org import Org, connect
from sfbulk_pandas.org.front import (
    abort,
    clean_up,
    delete_job,
    describe,
    explain,
    jobs,
    limits,
    loads,
    profile,
    query,
    query_arrow,
    query_batches,
    query_csv,
    query_parquet,
    results,
    resume,
    sobjects,
    sync,
)
from sfbulk_pandas.sinks.folder import ParquetFolder
from sfbulk_pandas.transport.network import Network
from sfbulk_pandas.transport.retry import RetryPolicy

__all__ = [
    "AccessToken",
    "AlreadyLoaded",
    "ApiError",
    "ApiVersionMismatch",
    "AuthError",
    "Budget",
    "CliLoginMissing",
    "ClientCredentials",
    "ConnectionFailed",
    "DataError",
    "DecodeError",
    "Description",
    "EncodeError",
    "Explanation",
    "FromEnvironment",
    "ImpossibleTransition",
    "IncompleteResult",
    "InvalidQuery",
    "JobAborted",
    "JobError",
    "JobFailed",
    "JournalBusy",
    "JournalError",
    "JournalMismatch",
    "JwtBearer",
    "LoadOptions",
    "LoadResult",
    "MissingExtra",
    "Network",
    "NotFound",
    "Org",
    "OverBudget",
    "ParquetFolder",
    "Polling",
    "PreflightFailed",
    "Profile",
    "QueryOptions",
    "QueryRefused",
    "ReadTimedOut",
    "ReconcileError",
    "RefreshToken",
    "RequestLimitExceeded",
    "RetriesExhausted",
    "RetryPolicy",
    "SObjectList",
    "SalesforceBroken",
    "SalesforceCli",
    "SessionExpired",
    "SfBulkError",
    "StillRunning",
    "SyncResult",
    "TokenRefused",
    "TransportError",
    "UsageError",
    "abort",
    "bad_cells",
    "clean_up",
    "connect",
    "delete_job",
    "describe",
    "explain",
    "jobs",
    "limits",
    "loads",
    "profile",
    "query",
    "query_arrow",
    "query_batches",
    "query_csv",
    "query_parquet",
    "results",
    "resume",
    "sobjects",
    "sync",
]
