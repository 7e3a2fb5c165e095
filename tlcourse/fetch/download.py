"""Download a data set from a mirror or its owners; it gets its name only when it is verified and unpacked."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from tlcourse.config import data_home
from tlcourse.fetch.table import Download, Part, find_download
from tlcourse.fetch.unpack import unpack
from tlcourse.files import replacing, write_whole

_TIMEOUT = 30.0


class FetchError(OSError):
    """A data set is not here and could not be downloaded; the message says what to do."""


def fetch(name: str) -> Path:
    """Return the folder of a data set, downloading it first where it is missing.

    Looks in this order: what an earlier call left; `TLCOURSE_MIRROR`, a folder or http address that holds the archives, or the
    unpacked folders; the owners' address. A file is verified before it is unpacked, and the folder gets its name only when it is
    complete: an interruption leaves nothing half-written. Two processes may ask at once.

    Args:
        name: Name in `list_downloads()`.

    Raises:
        ValueError: If the table has no such data set.
        FetchError: If there is no network, a file is missing, truncated or wrong, or the disk is full.
    """
    row = find_download(name)
    mirror = os.environ.get("TLCOURSE_MIRROR", "").rstrip("/")
    if mirror and "://" not in mirror and (Path(mirror).expanduser() / row.name).is_dir():
        return Path(mirror).expanduser() / row.name
    home = data_home() / "datasets"
    target = home / row.name
    if target.is_dir():
        return target
    from filelock import FileLock

    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f".{row.name}.lock"):
            if not target.is_dir():  # another process may have been faster
                _bring(row, home, target, mirror)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(_explain(row, error, home)) from error
    return target


def _bring(row: Download, home: Path, target: Path, mirror: str) -> None:
    free, needed = shutil.disk_usage(home).free, round(row.size * 2.2)
    if free < needed:
        raise OSError(
            errno.ENOSPC, f"{needed / 1e6:,.0f} MB are needed for the archive and its contents, {free / 1e6:,.0f} MB are free"
        )
    with tempfile.TemporaryDirectory(prefix=f".{row.name}-", dir=home) as scratch:
        unpacked = Path(scratch) / row.name
        unpacked.mkdir()
        for part in row.parts:
            file = _download(part, home, mirror)
            if part.unpack:
                unpack(file, unpacked)
            else:
                shutil.copyfile(file, unpacked / part.file)
        inner = list(unpacked.iterdir())
        whole = inner[0] if len(inner) == 1 and inner[0].is_dir() else unpacked  # archives with one folder at the top
        os.replace(whole, target)


def _download(part: Part, home: Path, mirror: str) -> Path:
    """Return the verified file of a part in `downloads`, where a mirror for others can be served from."""
    import pooch

    folder = home / "downloads"
    folder.mkdir(exist_ok=True)
    file, pin = folder / part.file, folder / f"{part.file}.sha256"
    known = part.hash or (f"sha256:{pin.read_text().strip()}" if pin.exists() else None)
    if mirror and "://" not in mirror:
        local = Path(mirror).expanduser() / part.file
        if not local.is_file():
            raise FileNotFoundError(f"the mirror {mirror} holds neither the unpacked folder nor {part.file}")
        url = local.resolve().as_uri()
    else:
        if os.environ.get("TLCOURSE_OFFLINE", "0") not in ("", "0") and not mirror:
            raise ConnectionError("TLCOURSE_OFFLINE is set")
        url = f"{mirror}/{part.file}" if mirror else part.url
    if url.startswith("file:"):
        if not file.exists():
            with replacing(file) as draft:
                with open(Path(mirror).expanduser() / part.file, "rb") as original:
                    shutil.copyfileobj(original, draft)
                draft.flush()
                _verify(Path(draft.name), part, known)
    else:
        timeout = float(os.environ.get("TLCOURSE_TIMEOUT", _TIMEOUT))
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=timeout)
        try:
            pooch.retrieve(url, known_hash=known, fname=part.file, path=folder, downloader=downloader)
        except ValueError as error:  # pooch: hash differs; it has deleted what came
            raise OSError(f"what came is not the file that is expected ({error})") from error
        try:
            _verify(file, part, known)
        except OSError:
            file.unlink(missing_ok=True)
            raise
    if part.hash is None and not pin.exists():
        write_whole(pin, pooch.file_hash(str(file)) + "\n")
    return file


def _verify(file: Path, part: Part, known: str | None) -> None:
    import pooch

    size = file.stat().st_size
    if part.size and size != part.size:
        raise OSError(f"expected {part.size:,} bytes of {part.file}, received {size:,}: truncated, or another version")
    if known:
        kind, expected = known.split(":")
        received = pooch.file_hash(str(file), alg=kind)
        if received != expected:
            raise OSError(f"expected {kind} {expected} of {part.file}, received {received}. Deleted what came")


def _explain(row: Download, error: OSError, home: Path) -> str:
    with suppress(OSError):
        home.rmdir()  # leaves nothing behind where nothing was before
    if error.errno == errno.ENOSPC:
        return f"The disk is full: {row.name!r} could not be stored in {home} ({error.strerror}). Free some space, or set TLCOURSE_HOME."
    addresses = ", ".join(part.url for part in row.parts)
    return (
        f"The data set {row.name!r} is not here and could not be downloaded: {type(error).__name__}: {error}\n"
        f"  owners' address: {addresses}\n"
        f"  without internet: set TLCOURSE_MIRROR to a folder or server that holds {', '.join(part.file for part in row.parts)}\n"
        f'  the embedded profile needs no network: TLCOURSE_PROFILE=embedded, or tlcourse.use_profile("embedded")'
    )
