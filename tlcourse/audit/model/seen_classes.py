"""Find target classes that the backbone was pretrained on, by their names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

# ImageNet-1k has many breeds or sorts of these kinds under their own names, and not the plain name of the kind.
# Kind -> names of source classes that belong to it.
_KINDS: dict[str, tuple[str, ...]] = {
    "dog": ("retriever", "terrier", "spaniel", "shepherd", "hound", "poodle", "collie", "husky", "beagle", "dalmatian"),
    "cat": ("tabby", "siamese cat", "persian cat", "egyptian cat", "tiger cat"),
    "car": ("sports car", "convertible", "limousine", "minivan", "racer", "cab"),
    "bird": ("robin", "jay", "magpie", "goldfinch", "junco", "bulbul"),
    "airplane": ("airliner", "warplane"),
    "aeroplane": ("airliner", "warplane"),
    "plane": ("airliner",),
    "ship": ("container ship", "liner", "pirate"),
    "truck": ("pickup", "tow truck", "trailer truck", "garbage truck", "fire engine"),
    "frog": ("tree frog", "tailed frog", "bullfrog"),
    "deer": ("hartebeest", "impala", "gazelle"),
    "horse": ("sorrel",),
    "bear": ("brown bear", "american black bear", "ice bear"),
    "monkey": ("capuchin", "macaque", "spider monkey"),
    "snake": ("king snake", "garter snake", "rock python"),
    "spider": ("tarantula", "black widow", "garden spider"),
}
# Words with two meanings: "crane" is a bird and a machine.
_AMBIGUOUS = frozenset(
    "crane jay drake kite ruffle mouse bat seal coach turnstile monitor maillot cardigan sorrel boxer".split()
)
_IRREGULAR = {"mice": "mouse", "geese": "goose", "wolves": "wolf", "leaves": "leaf", "knives": "knife", "loaves": "loaf"}


def seen_in_pretraining(class_names: Sequence[str], source_names: Iterable[str]) -> dict[str, str]:
    """Match target classes with source classes by their names.

    A target class matches a source class whose name has the same words, singular or plural, with any spaces, hyphens and capitals.
    For some kinds ("dog", "car") it also matches a sort of that kind. A part of a name is not enough: "tulip bulb" is not "bulb". A
    single word with two meanings ("crane") never matches.

    Args:
        class_names: Names of the target classes.
        source_names: Names of the source classes; a name with commas lists synonyms.

    Returns:
        Target name -> source name, for those that match.
    """
    by_words: dict[str, str] = {}
    for source in source_names:
        for synonym in source.split(","):
            by_words.setdefault(_normal(synonym), synonym.strip().replace("_", " "))
    matches: dict[str, str] = {}
    for name in class_names:
        words = _normal(str(name))
        if not words or words in _AMBIGUOUS:
            continue
        if words in by_words:
            matches[str(name)] = by_words[words]
            continue
        sorts = [sort for sort in _KINDS.get(words, ()) for known in by_words if known == sort or known.endswith(f" {sort}")]
        if len(set(sorts)) >= min(2, len(_KINDS.get(words, ()))) and sorts:
            matches[str(name)] = f"{sorts[0]} and others"
    return matches


def imagenet_names() -> list[str] | None:
    """Return the names of the 1,000 classes of ImageNet from the cache of Keras; None if they are not on this machine."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    file = home / "models" / "imagenet_class_index.json"
    try:
        index = json.loads(file.read_text(encoding="utf-8"))
        return [str(entry[1]) for entry in index.values()]
    except (OSError, ValueError, LookupError, AttributeError):
        return None


def _normal(name: str) -> str:
    """Bring a name to one form: `"Golden-Retrievers"` and `"golden_retriever"` become "golden retriever", without numbers and codes."""
    name = re.sub(r"^n\d{8}[-_ ]", "", name.strip())
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in re.split(r"[^A-Za-z]+", name.lower()) if word]
    if words:
        words[-1] = _singular(words[-1])
    return " ".join(words)


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
