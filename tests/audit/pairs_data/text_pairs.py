"""Programs with texts whose tokens do not fit the model, each beside the same program in which they do."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

NICE, NASTY = ("bright", "warm", "moving", "funny"), ("dull", "slow", "flat", "clumsy")
OTHERS = ("the", "film", "plot", "cast", "ending", "and", "was", "very", "rather", "a", "story", "music")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *OTHERS, *NICE, *NASTY]
SIZE = len(WORDS)


def reviews(count=160, capitals=False):
    """Sentences of 4 to 9 words and whether they are kind; shuffled, no two alike."""
    rng = np.random.default_rng(0)
    texts, moods = [], []
    while len(texts) < count:
        mood = int(rng.integers(2))
        words = [*rng.choice(OTHERS, rng.integers(2, 7)), *rng.choice((NASTY, NICE)[mood], 2)]
        text = " ".join(rng.permutation(words))
        if text not in texts:
            texts.append(text)
            moods.append(mood)
    return [" ".join(w.capitalize() for w in text.split()) if capitals else text for text in texts], np.array(moods)


def tokens(texts, length=12, words=WORDS):
    """BERT's three arrays."""
    ids = np.zeros((len(texts), length), "int32")
    for row, text in enumerate(texts):
        found = [2, *(words.index(word) for word in text.split()), 3]
        ids[row, : len(found)] = found[:length]
    return {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": (ids != 0).astype("int32")}


def bert(vocabulary=SIZE, places=32):
    hub = pytest.importorskip("keras_hub", reason="the extra `text` is not installed")
    return hub.models.BertBackbone(
        vocabulary_size=vocabulary, num_layers=1, num_heads=2, hidden_dim=16, intermediate_dim=32, max_sequence_length=places
    )


def on_bert(backbone):
    """A classifier on the first token's state."""
    logits = layers.Dense(2)(backbone.output["pooled_output"])
    model = keras.Model(backbone.input, logits)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# 1. num_words of the tokenizer and input_dim of the Embedding were changed apart; the rare words stand in few texts.
def table_too_small(rows=SIZE - 1):
    texts, moods = reviews()
    ids = tokens(texts)["token_ids"]
    ids[ids == len(WORDS) - 1] = WORDS.index("dull")
    ids[77, 1] = len(WORDS) - 1
    model = keras.Sequential([keras.Input((12,)), layers.Embedding(rows, 8), layers.GlobalAveragePooling1D()])
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy")
    return {"model": model, "train": (ids, moods)}


def table_large_enough():
    return table_too_small(rows=SIZE)


# 2. The tokenizer is of another preset than the model: its vocabulary is larger.
def tokenizer_of_another_model(vocabulary=SIZE - 6):
    texts, moods = reviews()
    return {"model": on_bert(bert(vocabulary)), "train": (tokens(texts), moods)}


def tokenizer_of_this_model():
    return tokenizer_of_another_model(len(WORDS))


# 3. More tokens than the pretrained model has places.
def longer_than_pretraining(places=10):
    texts, moods = reviews()
    return {"model": on_bert(bert(places=places)), "train": (tokens(texts), moods)}


def as_long_as_pretraining():
    return longer_than_pretraining(places=12)


# 4. Places of one's own, counted for an earlier length.
def own_places(rows=10):
    class Places(layers.Layer):
        def __init__(self):
            super().__init__()
            self.words, self.places = layers.Embedding(len(WORDS), 8), layers.Embedding(rows, 8)

        def call(self, ids):
            return self.words(ids) + self.places(ops.arange(ops.shape(ids)[-1]))

    texts, moods = reviews()
    model = keras.Sequential([Places(), layers.GlobalMaxPooling1D(), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return {"model": model, "train": (tokens(texts)["token_ids"], moods)}


def own_places_enough():
    return own_places(rows=12)


# 5. The mask of a library in which 1 means "leave out".
def mask_upside_down(mask=lambda ids: ids == 0):
    texts, moods = reviews()
    inputs = tokens(texts)
    inputs["padding_mask"] = mask(inputs["token_ids"]).astype("int32")
    return {"model": on_bert(bert()), "train": (inputs, moods)}


def mask_upright():
    return mask_upside_down(lambda ids: ids != 0)


# 6. "The mask is all ones, it works without".
def mask_of_ones():
    return mask_upside_down(np.ones_like)


# 7. Word vectors in lower case, texts as they were typed.
def vectors_in_lower_case(standardize=None):
    texts, moods = reviews(capitals=True)
    vectorize = layers.TextVectorization(standardize=standardize, vocabulary=WORDS[5:], output_sequence_length=12)
    model = keras.Sequential([keras.Input((), dtype="string"), vectorize, layers.Embedding(len(WORDS), 8)])
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy")
    return {"model": model, "train": (np.array(texts), moods)}


def vectors_and_texts_in_lower_case():
    return vectors_in_lower_case("lower")


# 8. KerasHub's classifier with the vocabulary of an uncased model and a tokenizer that keeps capitals.
def cased_tokenizer(lowercase=False):
    models = pytest.importorskip("keras_hub", reason="the extra `text` is not installed").models
    texts, moods = reviews(capitals=True)
    tokenizer = models.BertTokenizer(vocabulary=WORDS, lowercase=lowercase)
    preprocessor = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=12)
    model = models.BertTextClassifier(bert(), num_classes=2, preprocessor=preprocessor)
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": (np.array(texts), moods)}


def uncased_tokenizer():
    return cased_tokenizer(lowercase=True)


# 9. The same, with the tokens made beforehand.
def cased_tokens(lowercase=False):
    given = cased_tokenizer(lowercase)
    texts, moods = given["train"]
    inputs = {name: np.asarray(values) for name, values in given["model"].preprocessor(texts.tolist()).items()}
    return {"model": given["model"], "train": (inputs, moods)}


def uncased_tokens():
    return cased_tokens(lowercase=True)


PAIRS = [
    ("token-range", table_too_small, table_large_enough),
    ("token-range", tokenizer_of_another_model, tokenizer_of_this_model),
    ("text-length", longer_than_pretraining, as_long_as_pretraining),
    ("text-length", own_places, own_places_enough),
    ("padding-mask", mask_upside_down, mask_upright),
    ("padding-mask", mask_of_ones, mask_upright),
    ("unknown-words", vectors_in_lower_case, vectors_and_texts_in_lower_case),
    ("unknown-words", cased_tokenizer, uncased_tokenizer),
    ("unknown-words", cased_tokens, uncased_tokens),
]
