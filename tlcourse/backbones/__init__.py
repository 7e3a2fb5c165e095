"""Pretrained networks with their input contract: raw pixels go in, the right preprocessing is inside."""

from tlcourse.backbones.contract import InputContract
from tlcourse.backbones.loading import blocks_of, contract_of, load_backbone
from tlcourse.backbones.registry import BACKBONES, DEFAULT, DEFAULT_SIZE, Backbone, find_backbone, list_backbones
from tlcourse.backbones.small_cnn import small_cnn
from tlcourse.backbones.stems import widen_stem

__all__ = [
    "BACKBONES",
    "DEFAULT",
    "DEFAULT_SIZE",
    "Backbone",
    "InputContract",
    "blocks_of",
    "contract_of",
    "find_backbone",
    "list_backbones",
    "load_backbone",
    "small_cnn",
    "widen_stem",
]
