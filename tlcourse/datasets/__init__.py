"""Labelled images, tables and texts by name: drawn where the profile is embedded, real where it is full."""

from tlcourse.datasets.alphabets import OneShotRun, load_alphabets, load_one_shot_runs
from tlcourse.datasets.camvid import CAMVID_SEQUENCES, load_camvid
from tlcourse.datasets.corpora import Corpus, load_corpus, load_opinions
from tlcourse.datasets.dataset import Dataset
from tlcourse.datasets.far import load_far_world
from tlcourse.datasets.folders import ImageFolder, load_image_folder, open_image_folder
from tlcourse.datasets.image_files import ImageFolderWarning
from tlcourse.datasets.loaders import load_cats_and_dogs, load_flowers, load_glyphs, load_mnist, load_placed_flowers, load_scans
from tlcourse.datasets.masked import MaskedImages
from tlcourse.datasets.multiband import MultibandTiles, load_crops, load_eurosat, read_tile_folder
from tlcourse.datasets.payments import load_payments
from tlcourse.datasets.people import load_adult, load_applicants
from tlcourse.datasets.ratings import Ratings, divide_ratings, load_ratings
from tlcourse.datasets.roads import load_roads, load_signs
from tlcourse.datasets.table import Table
from tlcourse.datasets.text_loaders import load_entities, load_questions, load_reviews
from tlcourse.datasets.texts import Questions, TaggedSentences, TextDataset

__all__ = [
    "CAMVID_SEQUENCES",
    "Corpus",
    "Dataset",
    "ImageFolder",
    "ImageFolderWarning",
    "MaskedImages",
    "MultibandTiles",
    "OneShotRun",
    "Questions",
    "Ratings",
    "Table",
    "TaggedSentences",
    "TextDataset",
    "divide_ratings",
    "load_adult",
    "load_alphabets",
    "load_applicants",
    "load_camvid",
    "load_cats_and_dogs",
    "load_corpus",
    "load_crops",
    "load_entities",
    "load_eurosat",
    "load_far_world",
    "load_flowers",
    "load_glyphs",
    "load_image_folder",
    "load_mnist",
    "load_one_shot_runs",
    "load_opinions",
    "load_payments",
    "load_placed_flowers",
    "load_questions",
    "load_ratings",
    "load_reviews",
    "load_roads",
    "load_scans",
    "load_signs",
    "open_image_folder",
    "read_tile_folder",
]
