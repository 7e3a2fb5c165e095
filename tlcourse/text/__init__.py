"""Text encoders: what they expect, how words become their tokens, and heads for texts, words and spans. Needs the extra `text`."""

from tlcourse.text.encoder import TextEncoder, load_text_encoder
from tlcourse.text.features import extract_text_features
from tlcourse.text.heads import IGNORED, align_tags, best_span, build_classifier, build_span_finder, build_tagger, tags_of_words
from tlcourse.text.registry import TextContract, list_text_encoders
from tlcourse.text.tokens import Tokens

__all__ = [
    "IGNORED",
    "TextContract",
    "TextEncoder",
    "Tokens",
    "align_tags",
    "best_span",
    "build_classifier",
    "build_span_finder",
    "build_tagger",
    "extract_text_features",
    "list_text_encoders",
    "load_text_encoder",
    "tags_of_words",
]
