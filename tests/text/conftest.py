"""A tiny BERT at random values with a vocabulary of its own, in KerasHub's form on disk."""

from __future__ import annotations

import pytest

WORDS = "the old dog ran to anna in rome a red house who where is it not good bad film".split()
PIECES = [*(chr(c) for c in range(97, 123)), *(f"##{chr(c)}" for c in range(97, 123)), ".", ",", "?", "!", "'", "##s", "##ing"]


@pytest.fixture(scope="session")
def preset(tmp_path_factory):
    keras_hub = pytest.importorskip("keras_hub", reason="the extra `text` is not installed")
    folder = tmp_path_factory.mktemp("preset")
    vocabulary = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *PIECES]))
    (folder / "words.txt").write_text("\n".join(vocabulary) + "\n")
    keras_hub.models.BertBackbone(
        vocabulary_size=len(vocabulary),
        num_layers=2,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=48,
        name="toy_bert",
    ).save_to_preset(str(folder))
    keras_hub.models.BertTokenizer(vocabulary=str(folder / "words.txt"), lowercase=True).save_to_preset(str(folder))
    return folder


@pytest.fixture
def encoder(preset):
    from tlcourse.text import load_text_encoder

    return load_text_encoder(str(preset))
