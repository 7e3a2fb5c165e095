"""The architectures of `keras.applications` and of this package, recognised by the names of their layers. This file holds only data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Family:
    """One family of architectures.

    Args:
        name: Module of `keras.applications`, or "tiny_resnet".
        signature: Names of layers that every network of the family has. No other network has all of them.
        stem: Name of the first layer with weights; "" for the first convolution.
        last: How the names of its last layers begin, to find its end in a flat model.
        mode: Input that the stem was trained on, in the words of `keras.applications`: "tf" (-1..1), "caffe" (BGR minus mean),
            "torch" (0..1, standardised), or "none" if the family has its own Normalization layer before the stem.
        size: Usual side in pixels of the training images of its smallest network.
        source: Classes that its pretrained values were trained on.
    """

    name: str
    signature: tuple[str, ...]
    stem: str
    last: tuple[str, ...]
    mode: str
    size: int = 224
    source: str = "ImageNet-1k"


FAMILIES = (
    Family(
        "tiny_resnet", ("stem_conv", "block1_unit1_a_conv"), "stem_conv", ("block",), "tf", 64, "192 classes of Tiny ImageNet"
    ),
    Family("resnet_v2", ("conv1_conv", "conv2_block1_preact_bn"), "conv1_conv", ("conv", "post_"), "tf"),
    Family("densenet", ("conv1_conv", "conv2_block1_concat"), "conv1_conv", ("conv", "bn", "relu"), "torch"),
    Family("resnet", ("conv1_conv", "conv2_block1_1_conv", "conv2_block1_out"), "conv1_conv", ("conv",), "caffe"),
    Family("xception", ("block1_conv1", "block1_conv1_bn", "block2_sepconv1"), "block1_conv1", ("block",), "tf", 299),
    Family("vgg", ("block1_conv1", "block1_conv2", "block2_conv2"), "block1_conv1", ("block",), "caffe"),
    Family("inception_resnet_v2", ("mixed_5b", "block35_1_mixed"), "", ("conv_7b", "block", "mixed"), "tf", 299),
    Family("inception_v3", ("mixed0", "mixed1"), "", ("mixed",), "tf", 299),
    Family("mobilenet", ("conv1", "conv_dw_1", "conv_pw_1"), "conv1", ("conv_pw", "conv_dw"), "tf"),
    Family("mobilenet_v2", ("Conv1", "bn_Conv1", "expanded_conv_depthwise"), "Conv1", ("block_", "Conv_1", "out_relu"), "tf"),
    Family("mobilenet_v3", ("conv", "conv_bn", "expanded_conv_depthwise"), "conv", ("expanded_conv", "conv_1"), "tf"),
    Family("nasnet", ("stem_conv1", "stem_bn1"), "stem_conv1", ("normal_", "reduction_"), "tf"),
    Family("efficientnet", ("stem_conv", "stem_bn", "block1a_dwconv"), "stem_conv", ("block", "top_"), "none"),
    Family("efficientnet_v2", ("stem_conv", "stem_bn", "block1a_project_conv"), "stem_conv", ("block", "top_"), "tf"),
)


def recognise(units: Sequence[Any]) -> Family | None:
    """Return the family whose layers `units` contain, by their names."""
    names = {unit.name for unit in units}
    for family in FAMILIES:
        if set(family.signature) <= names:
            return family
    if any(name.startswith("convnext_") and "_stage_0_" in name for name in names):
        return Family("convnext", (), "", ("convnext_", "layer_normalization"), "none")
    return None
