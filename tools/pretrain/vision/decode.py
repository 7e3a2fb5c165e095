"""Decode the pictures of Tiny ImageNet once, into arrays that the other steps map into memory.

    TLCOURSE_MIRROR_DATA=FOLDER python decode.py --work FOLDER

Reads `tiny_imagenet/{train,val}.zip` (`train/n02124075/n02124075_0.webp`, 64 x 64) and `tiny_imagenet/classes.tsv` from the mirror.
Writes `{train,val}_x.npy` (pictures, 64, 64, 3), uint8, and `{train,val}_y.npy`, line numbers in `classes.tsv`.
"""

import argparse
import io
import os
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

CHUNK = 1000


def mirror():
    """Return the folder of the data, named by the environment variable `TLCOURSE_MIRROR_DATA`."""
    folder = os.environ.get("TLCOURSE_MIRROR_DATA", "")
    if not folder or not Path(folder).is_dir():
        sys.exit(
            f"Set TLCOURSE_MIRROR_DATA to a folder with tiny_imagenet/, flower_photos/, cats_and_dogs_filtered/ and keras/models/; "
            f"got TLCOURSE_MIRROR_DATA={folder!r}."
        )
    return Path(folder)


def decode(job):
    """Return the pictures `names` of an archive: (pictures, 64, 64, 3), uint8."""
    path, names = job
    with zipfile.ZipFile(path) as archive:
        return np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, help="folder for the arrays, 0.9 GB")
    work = Path(parser.parse_args().work)
    work.mkdir(parents=True, exist_ok=True)
    source = mirror() / "tiny_imagenet"
    classes = [line.split("\t")[0] for line in (source / "classes.tsv").read_text().splitlines() if line.strip()]
    for split in ("train", "val"):
        path = source / f"{split}.zip"
        names = sorted(name for name in zipfile.ZipFile(path).namelist() if name.endswith(".webp"))
        with ProcessPoolExecutor() as pool:
            parts = list(pool.map(decode, [(path, names[i : i + CHUNK]) for i in range(0, len(names), CHUNK)]))
        np.save(work / f"{split}_x.npy", np.concatenate(parts))
        np.save(work / f"{split}_y.npy", np.array([classes.index(name.split("/")[1]) for name in names]))
        print(f"{split}: {len(names)} pictures of {len(classes)} classes")


if __name__ == "__main__":
    main()
