"""From a handle to a folder with a SavedModel: local paths, TensorFlow Hub and other web addresses, Kaggle handles."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from tlcourse.config import data_home
from tlcourse.fetch import unpack
from tlcourse.files import write_whole

_KAGGLE = re.compile(r"^(https://www\.kaggle\.com/models/)?[\w-]+/[\w-]+/(tensorflow\w*)/[\w.-]+(/\d+)?$", re.IGNORECASE)


class HubError(OSError):
    """A module is not here and could not be downloaded; the message says what to do."""


def is_saved_model(folder: Path) -> bool:
    """Tell whether a folder holds a SavedModel."""
    return (folder / "saved_model.pb").is_file() or (folder / "saved_model.pbtxt").is_file()


def resolve(handle: str | os.PathLike[str]) -> Path:
    """Return the local folder of a module, downloading it first where it is missing.

    Args:
        handle: A folder; an http(s) address of a packed module, tfhub.dev included; or a Kaggle handle such as
            "google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2".

    Raises:
        FileNotFoundError: If a local handle is no SavedModel.
        HubError: If a module cannot be downloaded.
    """
    text = os.fspath(handle)
    if Path(text).expanduser().is_dir() or not ("://" in text or _KAGGLE.match(text)):
        folder = Path(text).expanduser()
        if not is_saved_model(folder):
            raise FileNotFoundError(
                f"Expected a folder with saved_model.pb, a web address, or a Kaggle handle "
                f"(owner/model/tensorFlow2/variation/version). Received: handle={text!r}."
            )
        return folder
    if _KAGGLE.match(text):
        return _from_kaggle(text.removeprefix("https://www.kaggle.com/models/"))
    return _from_web(text)


def _from_web(url: str) -> Path:
    """Download a packed module once; its folder is named after its address."""
    home = data_home() / "hub"
    target = home / hashlib.sha256(url.encode()).hexdigest()[:20]
    if is_saved_model(target):
        return target
    if _offline():
        raise HubError(_not_here(url, "TLCOURSE_OFFLINE is set"))
    import pooch
    from filelock import FileLock

    packed = f"{url}?tf-hub-format=compressed" if "tfhub.dev" in url and "?" not in url else url
    timeout = float(os.environ.get("TLCOURSE_TIMEOUT", 30))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f".{target.name}.lock"), tempfile.TemporaryDirectory(prefix=".new-", dir=home) as scratch:
            if is_saved_model(target):  # another process was faster
                return target
            downloader = pooch.HTTPDownloader(progressbar=True, timeout=timeout)
            file = Path(pooch.retrieve(packed, known_hash=None, fname="module", path=scratch, downloader=downloader))
            unpacked = Path(scratch) / "unpacked"
            unpacked.mkdir()
            unpack(file, unpacked)
            inner = next((p.parent for p in sorted(unpacked.rglob("saved_model.pb*"))), None)
            if inner is None:
                raise OSError("the archive holds no saved_model.pb")
            os.replace(inner, target)
    except OSError as error:
        raise HubError(_not_here(url, f"{type(error).__name__}: {error}")) from error
    return target


def _from_kaggle(handle: str) -> Path:
    """Download a module through kagglehub once; a note of its folder finds it without a network afterwards."""
    note = data_home() / "hub" / f"{hashlib.sha256(handle.encode()).hexdigest()[:20]}.path"
    if note.is_file() and is_saved_model(folder := Path(note.read_text(encoding="utf-8"))):
        return folder
    if _offline():
        raise HubError(_not_here(handle, "TLCOURSE_OFFLINE is set"))
    try:
        import kagglehub
    except ImportError as error:
        raise HubError(
            f"The Kaggle handle {handle!r} needs the package kagglehub: pip install 'tlcourse[hub]'. Or download the module by "
            "hand and pass its folder."
        ) from error
    try:
        folder = Path(kagglehub.model_download(handle))
    except Exception as error:  # kagglehub has errors of its own for each cause; all mean that the module is not here
        raise HubError(_not_here(handle, f"{type(error).__name__}: {error}")) from error
    if not is_saved_model(folder):
        raise HubError(f"Kaggle's {handle!r} is no SavedModel: {folder} has no saved_model.pb. Choose a tensorFlow2 variation.")
    write_whole(note, str(folder))
    return folder


def _offline() -> bool:
    return os.environ.get("TLCOURSE_OFFLINE", "0") not in ("", "0")


def _not_here(handle: str, reason: str) -> str:
    return (
        f"The module {handle!r} is not cached and could not be downloaded: {reason}. With a network, run this once; without one, "
        "unpack the module on another machine and pass its folder to HubLayer."
    )
