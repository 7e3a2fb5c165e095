"""Real data sets: a table of downloads, and `fetch`, which brings one here, verified and unpacked."""

from tlcourse.fetch.download import FetchError, fetch
from tlcourse.fetch.table import DOWNLOADS, Download, DownloadTable, Part, find_download, list_downloads
from tlcourse.fetch.unpack import UnsafeArchiveError, unpack

__all__ = [
    "DOWNLOADS",
    "Download",
    "DownloadTable",
    "FetchError",
    "Part",
    "UnsafeArchiveError",
    "fetch",
    "find_download",
    "list_downloads",
    "unpack",
]
