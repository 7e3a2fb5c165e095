"""The table of text encoders: one row each, data only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tlcourse.tables import RowTable


@dataclass(frozen=True)
class TextContract:
    """What an encoder expects.

    Args:
        lower_case: Whether its words are in lower case; the tokenizer changes them.
        vocabulary: Number of tokens; ids go from 0 to one less.
        longest: Most tokens of one text, special ones included.
        features: Numbers a token.
        source: The texts it was trained on.
    """

    lower_case: bool
    vocabulary: int
    longest: int
    features: int
    source: str

    def __str__(self) -> str:
        case = "lower case" if self.lower_case else "capitals kept"
        return f"{case}, ids 0 to {self.vocabulary - 1}, up to {self.longest} tokens, {self.features} features; trained on {self.source}"


@dataclass(frozen=True)
class TextRow:
    """One row: `preset` is KerasHub's name, or the folder of the preset that travels with the package."""

    name: str
    preset: str
    contract: TextContract
    parameters: float  # millions
    licence: str


def _bert(size: str, parameters: float, features: int) -> TextRow:
    contract = TextContract(True, 30_522, 512, features, "English Wikipedia and BookCorpus")
    return TextRow(f"bert_{size}", f"bert_{size}_en_uncased", contract, parameters, "Apache-2.0")


_TINY_BERT = TextRow(
    "tiny_bert",
    str(Path(__file__).parent / "weights" / "tiny_bert"),
    TextContract(True, 13_000, 256, 256, "a six-layer MiniLM's states on SST-2, IMDB, XQuAD and WNUT-17 (training parts)"),
    5.8,
    "Apache-2.0; terms of its texts, see its model card",
)
_ROWS = (
    _TINY_BERT,
    _bert("tiny", 4.4, 128),
    _bert("small", 28.8, 512),
    _bert("medium", 41.4, 512),
    _bert("base", 109.5, 768),
)
TEXT_ENCODERS = MappingProxyType({row.name: row for row in _ROWS})
DEFAULT_TEXT_ENCODER = _TINY_BERT.name


class TextTable(RowTable[TextRow]):
    """The rows; prints as a table."""

    title = "Text encoders that load_text_encoder(name) builds"
    header = ("name", "millions", "expects", "licence")
    right = (1,)

    def cells(self) -> list[tuple[str, ...]]:
        """Return the texts of each row."""
        return [(r.name, f"{r.parameters:.1f}", str(r.contract), r.licence) for r in self]


def list_text_encoders() -> TextTable:
    """Return the table of text encoders."""
    return TextTable(TEXT_ENCODERS.values())


def find_text_encoder(name: str) -> TextRow:
    """Return the row of an encoder.

    Args:
        name: Name in the table.

    Raises:
        ValueError: If there is none of that name; the message lists those that exist.
    """
    if name not in TEXT_ENCODERS:
        raise ValueError(f"There is no such text encoder. The table has: {', '.join(TEXT_ENCODERS)}. Received: name={name!r}.")
    return TEXT_ENCODERS[name]
