"""The table of backbones: one row each, data only."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tlcourse.backbones import embedded
from tlcourse.backbones.contract import InputContract
from tlcourse.tables import RowTable

_IMAGENET = "ImageNet-1k"


@dataclass(frozen=True)
class Backbone:
    """One row: where the architecture is built, its contract, and how its layers are grouped into blocks.

    Args:
        name: In the registry.
        builder: Name in `keras.applications`; "" for the embedded network.
        module: Module of `keras.applications` whose `preprocess_input` the contract follows.
        contract: What goes in.
        parameters: Millions, without the classifier.
        blocks: `(block name, regular expression that a layer's name begins with)`, early to late; the first that fits counts.
        options: Further arguments of the builder, as pairs.
        licence: Of the weights, as Keras' page on applications or the authors' own repository states it.
    """

    name: str
    builder: str
    module: str
    contract: InputContract
    parameters: float
    blocks: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, Any], ...] = ()
    licence: str = "Apache-2.0; ImageNet terms"

    @property
    def profile(self) -> str:
        """The profile in which the pretrained values are at hand: "embedded" ships them, "full" downloads them."""
        return "full" if self.builder else "embedded"


def _stages(pattern: str, names: range, stem: str, last: str = "") -> tuple[tuple[str, str], ...]:
    rows = [("stem", stem), *((f"stage{i}", pattern.format(n)) for i, n in enumerate(names, start=1))]
    return tuple([*rows, ("last", last)] if last else rows)


def _mobilenet(width: float, parameters: float) -> Backbone:
    blocks = (
        ("stem", r"Conv1|bn_Conv1|expanded_conv"),
        ("stage1", r"block_[12]_"),
        ("stage2", r"block_[345]_"),
        ("stage3", r"block_([6-9]|10|11|12)_"),
        ("stage4", r"block_(13|14|15|16)_"),
        ("last", r"Conv_1"),
    )
    name = f"mobilenet_v2_{round(width * 100):03d}"
    contract = InputContract(224, 32, "tf", _IMAGENET)
    return Backbone(name, "MobileNetV2", "mobilenet_v2", contract, parameters, blocks, (("alpha", width),))


def _mobilenet_v3(size: str, parameters: float, groups: tuple[str, ...]) -> Backbone:
    stages = [(f"stage{i}", rf"expanded_conv_({ids})_") for i, ids in enumerate(groups, start=1)]
    blocks = (("stem", r"conv($|_bn)|conv$|expanded_conv_(depthwise|project|squeeze|expand)"), *stages, ("last", r"conv_1"))
    contract = InputContract(224, 32, "none", _IMAGENET)
    return Backbone(f"mobilenet_v3_{size.lower()}", f"MobileNetV3{size}", "mobilenet_v3", contract, parameters, blocks)


_ROWS = (
    Backbone(
        embedded.NAME,
        "",
        "mobilenet_v2",
        InputContract(64, embedded.SMALLEST_SIDE, "tf", "192 classes of Tiny ImageNet"),
        2.9,
        tuple((block, rf"{block}_") for block in embedded.BLOCKS),
        licence="see the model card; trained on ImageNet images: research",
    ),
    Backbone(
        "vgg16",
        "VGG16",
        "vgg16",
        InputContract(224, 32, "caffe", _IMAGENET),
        14.7,
        tuple((f"block{i}", rf"block{i}_") for i in range(1, 6)),
        licence="CC BY; ImageNet terms",
    ),
    Backbone(
        "resnet50",
        "ResNet50",
        "resnet",
        InputContract(224, 32, "caffe", _IMAGENET),
        23.6,
        _stages(r"conv{}_", range(2, 6), r"conv1_"),
        licence="MIT; ImageNet terms",
    ),
    Backbone(
        "resnet50_v2",
        "ResNet50V2",
        "resnet_v2",
        InputContract(224, 32, "tf", _IMAGENET),
        23.6,
        _stages(r"conv{}_", range(2, 6), r"conv1_", r"post_"),
        licence="not stated by Keras; ImageNet terms",
    ),
    *(_mobilenet(w, p) for w, p in ((0.35, 0.4), (0.5, 0.7), (0.75, 1.4), (1.0, 2.3), (1.3, 3.8), (1.4, 4.4))),
    _mobilenet_v3("Small", 0.9, ("1|2", "3|4|5|6|7", "8|9|10")),
    _mobilenet_v3("Large", 3.0, ("1|2", "3|4|5", "6|7|8|9|10|11", "12|13|14")),
    Backbone(
        "efficientnet_b0",
        "EfficientNetB0",
        "efficientnet",
        InputContract(224, 32, "none", _IMAGENET),
        4.0,
        _stages(r"block{}[a-z]_", range(1, 8), r"stem_|normalization|rescaling", r"top_"),
    ),
    Backbone(
        "efficientnet_v2_b0",
        "EfficientNetV2B0",
        "efficientnet_v2",
        InputContract(224, 32, "none", _IMAGENET),
        5.9,
        _stages(r"block{}[a-z]_", range(1, 7), r"stem_|normalization|rescaling", r"top_"),
    ),
    Backbone(
        "densenet121",
        "DenseNet121",
        "densenet",
        InputContract(224, 32, "torch", _IMAGENET),
        7.0,
        (
            ("stem", r"conv1"),
            ("stage1", r"conv2_|pool2_"),
            ("stage2", r"conv3_|pool3_"),
            ("stage3", r"conv4_|pool4_"),
            ("stage4", r"conv5_"),
            ("last", r"bn$"),
        ),
        licence="BSD-3-Clause; ImageNet terms",
    ),
    Backbone(
        "convnext_tiny",
        "ConvNeXtTiny",
        "convnext",
        InputContract(224, 32, "none", _IMAGENET),
        27.8,
        (
            ("stem", r"convnext_tiny_(prestem|stem)"),
            ("stage1", r"convnext_tiny_stage_0"),
            ("stage2", r"convnext_tiny_(downsampling_block_0|stage_1)"),
            ("stage3", r"convnext_tiny_(downsampling_block_1|stage_2)"),
            ("stage4", r"convnext_tiny_(downsampling_block_2|stage_3)"),
            ("last", r"layer_normalization|convnext_tiny_head"),
        ),
        licence="MIT; ImageNet terms",
    ),
)
BACKBONES = MappingProxyType({row.name: row for row in _ROWS})
DEFAULT = MappingProxyType({"embedded": embedded.NAME, "full": "mobilenet_v2_035"})
DEFAULT_SIZE = MappingProxyType({"embedded": embedded.INPUT_SHAPE[0], "full": 128})


def find_backbone(name: str) -> Backbone:
    """Return the row of a backbone.

    Args:
        name: Name in the registry.

    Raises:
        ValueError: If there is none of that name; the message lists those that exist.
    """
    if name not in BACKBONES:
        raise ValueError(f"There is no such backbone. The registry has: {', '.join(BACKBONES)}. Received: name={name!r}.")
    return BACKBONES[name]


class BackboneTable(RowTable[Backbone]):
    """Rows of the registry; prints as a table."""

    title = "Pretrained networks that load_backbone(name) knows"
    header = (
        "name",
        "million weights",
        "trained at",
        "preprocessing inside",
        "trained on",
        "profile",
        "licence of the weights",
    )
    right = (1, 2)

    def cells(self) -> list[tuple[str, ...]]:
        """Return the texts of each row."""
        return [
            (
                *(r.name, f"{r.parameters:.1f}", f"{r.contract.size} px"),
                *(r.contract.mode, r.contract.source_classes, r.profile, r.licence),
            )
            for r in self
        ]


def list_backbones() -> BackboneTable:
    """Return the table of backbones, early rows first.

    Example:
        >>> table = tlcourse.list_backbones()
        >>> "tiny_resnet" in str(table), "resnet50" in str(table)
        (True, True)
    """
    return BackboneTable(BACKBONES.values())
