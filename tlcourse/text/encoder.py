"""A pretrained text encoder with its tokenizer: plain strings go in, the tokenizer's rules are inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.files import lines_of
from tlcourse.text.registry import DEFAULT_TEXT_ENCODER, TextContract, find_text_encoder
from tlcourse.text.tokens import Tokens, tokens_of


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """An encoder and the tokenizer that belongs to it; the two are never mixed up.

    Args:
        name: Of the registry.
        backbone: KerasHub's BERT, from tokens to `sequence_output` `(batch, length, features)`.
        tokenizer: Of the tokenizers library. It handles case, subwords, and accents, which encoders of lower case never saw in training
            (KerasHub's own tokenizer leaves them in place, and such words become unknown).
        contract: What the backbone expects.
    """

    name: str
    backbone: Any
    tokenizer: Any
    contract: TextContract

    def states(self) -> Any:
        """Return the model from `Tokens.inputs` to token states, `(batch, length, features)`.

        Its layers are those of `backbone`, without the one for a pooled output. No head here uses that one, and an optimizer would
        warn of weights that never get a gradient.
        """
        import keras

        return keras.Model(self.backbone.input, self.backbone.output["sequence_output"], name=self.name)

    def encode(
        self, texts: Sequence[str] | Sequence[Sequence[str]], seconds: Sequence[str] | None = None, *, length: int = 64
    ) -> Tokens:
        """Turn texts into tokens.

        Args:
            texts: `n` strings; or `n` lists of words, whose tokens then say which word they belong to.
            seconds: The second string of each pair, such as a passage after its question. Where a pair is too long, the second one is
                cut.
            length: Tokens of each row, special ones included; longer texts are cut, shorter ones padded.

        Raises:
            TypeError: If there is one string instead of several.
            ValueError: If `length` is out of range, there are no texts, or the numbers of texts differ.
        """
        if isinstance(texts, str) or isinstance(seconds, str):
            raise TypeError(f"Expected several texts, so pass [text]. Received: texts={texts!r}, seconds={seconds!r}.")
        require_whole("length", length, 3, self.contract.longest)
        if not len(texts):
            raise ValueError("Expected one text or more. Received: len(texts)=0.")
        if seconds is not None and len(seconds) != len(texts):
            raise ValueError(f"Expected a second text for each of {len(texts)}. Received: len(seconds)={len(seconds)}.")
        in_words = not isinstance(texts[0], str)
        self.tokenizer.enable_truncation(length, strategy="longest_first" if seconds is None else "only_second")
        inputs: Any = [list(text) for text in texts] if in_words else list(texts)
        if seconds is not None:
            inputs = list(zip(inputs, seconds, strict=True))
        return tokens_of(self.tokenizer.encode_batch(inputs, is_pretokenized=in_words), length)


def load_text_encoder(name: str = DEFAULT_TEXT_ENCODER, *, weights: str | None = "pretrained") -> TextEncoder:
    """Load a pretrained text encoder with its tokenizer.

    Args:
        name: Of `list_text_encoders()`, or the folder of a KerasHub preset of a BERT.
        weights: "pretrained", or None for the same network at random values.

    Raises:
        ImportError: If KerasHub is not installed; the message says how to install it.
        ValueError: If name or weights are unknown.
        OSError: If the values are not here and cannot be downloaded.
    """
    require_one_of("weights", weights, ("pretrained", None))
    folder = Path(name)
    is_folder = (folder / "config.json").is_file()
    row = None if is_folder else find_text_encoder(name)
    models = _keras_hub().models
    preset = str(folder) if row is None else row.preset
    try:
        backbone = models.BertBackbone.from_preset(preset, load_weights=weights == "pretrained")
        vocabulary = _vocabulary(models, preset)
    except (OSError, ImportError) as error:
        raise OSError(
            f"The text encoder {name!r} could not be loaded ({type(error).__name__}: {error}). KerasHub brings {preset!r} from the "
            "network, once; a folder with a preset needs none."
        ) from error
    _require_size(vocabulary, backbone, name)
    contract = row.contract if row is not None else _contract_of(backbone, folder)
    return TextEncoder(folder.name if row is None else name, backbone, _tokenizer(vocabulary, contract.lower_case), contract)


def _keras_hub() -> Any:
    try:
        import keras_hub
    except ImportError as error:
        raise ImportError(
            f"Text encoders need KerasHub, which is not installed ({error}). Install the extra: pip install 'tlcourse[text]'"
        ) from error
    return keras_hub


def _vocabulary(models: Any, preset: str) -> list[str]:
    file = Path(preset) / "assets" / "tokenizer" / "vocabulary.txt"
    if file.is_file():
        return lines_of(file)
    return models.BertTokenizer.from_preset(preset).get_vocabulary()


def _require_size(vocabulary: list[str], backbone: Any, name: str) -> None:
    """Raise unless there is one token for each row of the embedding: a token too few or too many shifts all that follow."""
    declared = backbone.get_config()["vocabulary_size"]
    if len(vocabulary) != declared:
        raise ValueError(
            f"The vocabulary of {name!r} does not belong to its network, which has {declared} tokens. Restore vocabulary.txt, one "
            f"token a line. Received: len(vocabulary)={len(vocabulary)}."
        )


def _tokenizer(vocabulary: list[str], lower_case: bool) -> Any:
    from tokenizers import BertWordPieceTokenizer

    return BertWordPieceTokenizer({token: place for place, token in enumerate(vocabulary)}, lowercase=lower_case)._tokenizer


def _contract_of(backbone: Any, folder: Path) -> TextContract:
    settings = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("config", {})
    config = backbone.get_config()
    return TextContract(
        bool(settings.get("lowercase", True)),
        config["vocabulary_size"],
        config["max_sequence_length"],
        config["hidden_dim"],
        "texts that its maker names",
    )
