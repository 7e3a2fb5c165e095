"""Find the image files of a folder by their content, and say which files were left out. Not about pixels."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

# Files that end so are taken for images without a look inside, so a damaged one is an error and not left out.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
# Formats that need another program or only have a stub in Pillow.
_NOT_DECODED = frozenset({"EPS", "WMF", "HDF5", "GRIB", "BUFR", "MPEG"})
_TGA_SUFFIXES = (".tga", ".vda", ".icb", ".vst")  # this format has no mark at its beginning, so other files pass for it
_COPIES = frozenset({"@eadir", "@recycle", "#recycle", "#snapshot", "__macosx", "$recycle.bin", "lost+found"})
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".directory"})  # of systems; never an image
_SPLIT = re.compile(
    r"(train|training|val|valid|validation|test|testing|dev|eval|evaluation|holdout|held[ _-]?out)"
    r"([ _-]?(set|data|images|imgs|split|\d+))?",
    re.IGNORECASE,
)


class ImageFolderWarning(UserWarning):
    """Some files of an image folder were left out; the message says which."""


def class_folders(root: Path) -> list[Path]:
    """Return the subfolders that are classes, sorted by name.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there are fewer than two, or if they are the splits of a data set.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"Expected a folder with one subfolder a class. There is no folder {str(root)!r}.")
    classes = visible_folders(root)
    splits = [folder for folder in classes if _SPLIT.fullmatch(folder.name)]
    if len(splits) > 1:
        first = next((folder for folder in splits if folder.name.lower().startswith("train")), splits[0])
        raise ValueError(
            f"The subfolders of {str(root)!r} are the splits of a data set, not classes: {[folder.name for folder in splits]}. "
            f"Load one split at a time, such as load_image_folder({str(first)!r}). Received: path={str(root)!r}."
        )
    if len(classes) < 2:
        raise ValueError(
            f"Expected at least two subfolders, one a class, such as {root.name}/cats and {root.name}/dogs. "
            f"Found: {[folder.name for folder in classes]}. Received: path={str(root)!r}."
        )
    return classes


def visible_folders(root: Path) -> list[Path]:
    """Return the subfolders that are not hidden, sorted by name."""
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and not _is_hidden(folder.name))


def images_of_classes(classes: Sequence[Path]) -> list[list[Path]]:
    """Return the image files of each class, sorted; images in subfolders count.

    Files are recognised by their content. Hidden files and folders are left out at every depth: they hold copies, such as
    `.ipynb_checkpoints` and `@eaDir`. A warning counts and names what was left out.

    Raises:
        ValueError: If a class holds no image.
    """
    hidden: list[Path] = []
    others: list[Path] = []
    found = []
    for folder in classes:
        images = sorted(_images_in(folder, hidden, others))
        if not images:
            left = [file for file in (*others, *hidden) if folder in file.parents]
            raise ValueError(
                f"Class {folder.name!r} holds no image that can be read. {_named(left, folder)}{_heic(left)} "
                f"Received: path={str(folder.parent)!r}."
            )
        found.append(images)
    root = classes[0].parent
    if hidden:
        _warn(f"Left out {len(hidden)} files that are hidden or in hidden folders, which hold copies. {_named(hidden, root)}")
    if others:
        _warn(f"Left out {len(others)} files that are no images Pillow can read. {_named(others, root)}{_heic(others)}")
    return found


def is_image(file: Path) -> bool:
    """Tell whether Pillow can decode a file, by its first bytes and whatever its name."""
    from PIL import Image

    try:
        with Image.open(file, formats=formats()) as image:
            return image.format != "TGA" or file.suffix.lower() in _TGA_SUFFIXES
    except Exception:  # each reader has errors of its own for files that are none of its kind
        return False


@cache
def formats() -> tuple[str, ...]:
    """Return the formats that are tried, those of further readers included that were registered with Pillow."""
    from PIL import Image

    Image.init()
    return tuple(name for name in Image.ID if name not in _NOT_DECODED)


def _images_in(folder: Path, hidden: list[Path], others: list[Path]) -> Iterator[Path]:
    """Yield the images of a folder, and add the files that are left out to the two lists."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        inside_hidden = any(_is_hidden(part) for part in Path(place).relative_to(folder).parts)
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if name.lower() in _LITTER:
                continue
            if inside_hidden or name.startswith("."):
                hidden.append(file)
            elif file.suffix.lower() in SUFFIXES or is_image(file):
                yield file
            else:
                others.append(file)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _COPIES


def _named(files: Sequence[Path], root: Path) -> str:
    if not files:
        return "It holds no files."
    shown = ", ".join(file.relative_to(root).as_posix() for file in files[:10])
    return f"Files: {shown}{f', and {len(files) - 10} more' if len(files) > 10 else ''}."


def _heic(files: Sequence[Path]) -> str:
    if not any(file.suffix.lower() in (".heic", ".heif") for file in files):
        return ""
    return (
        " To read HEIC, run pip install pillow-heif, then pillow_heif.register_heif_opener() before loading, or save the images as "
        "JPEG."
    )


def _raise(error: OSError) -> NoReturn:
    raise error


def _warn(text: str) -> None:
    warnings.warn(text, ImageFolderWarning, stacklevel=4)
