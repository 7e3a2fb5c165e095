"""Transfer learning with Keras 3: the package under the course.

Names are loaded on first use, so that `import tlcourse` starts neither TensorFlow nor the disk.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Public name -> room that defines it.
_EXPORTS = {
    "profile": "config",
    "use_profile": "config",
    "data_home": "config",
    "start": "runtime",
    "set_seed": "runtime",
    "describe_machine": "runtime",
    "Dataset": "datasets",
    "load_flowers": "datasets",
    "load_cats_and_dogs": "datasets",
    "load_glyphs": "datasets",
    "load_image_folder": "datasets",
    "open_image_folder": "datasets",
    "load_scans": "datasets",
    "load_mnist": "datasets",
    "load_far_world": "datasets",
    "load_reviews": "datasets",
    "load_corpus": "datasets",
    "load_opinions": "datasets",
    "load_entities": "datasets",
    "load_questions": "datasets",
    "load_placed_flowers": "datasets",
    "load_alphabets": "datasets",
    "load_camvid": "datasets",
    "load_roads": "datasets",
    "load_signs": "datasets",
    "load_applicants": "datasets",
    "load_adult": "datasets",
    "load_payments": "datasets",
    "load_crops": "datasets",
    "Table": "datasets",
    "load_backbone": "backbones",
    "contract_of": "backbones",
    "list_backbones": "backbones",
    "blocks_of": "backbones",
    "small_cnn": "backbones",
    "HubLayer": "hub",
    "extract_features": "features",
    "load_spoken_words": "audio",
    "load_sound_folder": "audio",
    "load_speech_commands": "audio",
    "load_audio_encoder": "audio",
    "freeze": "finetune",
    "unfreeze": "finetune",
    "split_model": "finetune",
    "trainable_summary": "finetune",
    "reset_optimizer": "finetune",
    "snapshot": "finetune",
    "what_moved": "finetune",
    "rank_backbones": "select",
    "check": "tasks.session",
    "hint": "tasks.session",
    "progress": "tasks.progress",
}
_ROOMS = frozenset(
    (
        "config runtime fetch datasets worlds backbones hub features text audio finetune evaluate adapt robust explain fewshot "
        "selfsup recommend select plots audit checks tasks authoring course grading cli"
    ).split()
)
__all__ = [*_EXPORTS, "audit", "__version__"]  # `audit` is a room that can be called


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(f"tlcourse.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return importlib.import_module(f"tlcourse.{name}")
    raise AttributeError(f"module 'tlcourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS, *_ROOMS})
