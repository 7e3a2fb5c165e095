"""Which values the first layer of a backbone expects, and what other values mean. Arrays go in, words come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Means and standard deviations of ImageNet, as `keras.applications.imagenet_utils` has them.
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_TORCH_MEAN, _TORCH_STD = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))

_WORDS = {
    "tf": "values from -1 to 1",
    "unit": "values from 0 to 1",
    "raw": "raw pixels from 0 to 255",
    "torch": "values from 0 to 1 minus the ImageNet mean, over its standard deviation (about -2.1 to 2.6)",
    "caffe": "raw pixels in BGR order minus the ImageNet mean (about -124 to 151)",
}
_LAYERS = {
    "tf": "x = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)  # images: 0 to 255, as loaded",
    "unit": "x = images  # 0 to 255, as loaded: this backbone rescales by itself",
    "raw": "x = images  # 0 to 255, as loaded: this backbone rescales by itself",
    "torch": "x = keras.applications.densenet.preprocess_input(images)  # images: float 0 to 255, as loaded",
    "caffe": "x = keras.applications.resnet.preprocess_input(images)  # images: float 0 to 255, as loaded",
}


@dataclass(frozen=True)
class Contract:
    """What the first layer expects.

    Args:
        mode: "tf", "unit", "raw", "torch" or "caffe".
        low: Lowest value of each channel, `(3,)`.
        high: Highest value of each channel, `(3,)`.
    """

    mode: str
    low: np.ndarray
    high: np.ndarray


def contract_for(mode: str, stem: Any) -> Contract:
    """Return the input that `stem` expects. A Normalization layer takes 0..1, that of ConvNeXt takes 0..255."""
    if type(stem).__name__ == "Normalization":
        mode = "raw" if stem.name.endswith("prestem_normalization") else "unit"
    low, high = {"tf": (-1.0, 1.0), "unit": (0.0, 1.0), "raw": (0.0, 255.0)}.get(mode, (0.0, 0.0))
    if mode == "torch":
        return Contract(mode, -_TORCH_MEAN / _TORCH_STD, (1 - _TORCH_MEAN) / _TORCH_STD)
    if mode == "caffe":
        mean = np.array(CAFFE_MEAN_BGR)
        return Contract(mode, -mean, 255 - mean)
    return Contract(mode, np.full(3, low), np.full(3, high))


def describe(contract: Contract) -> str:
    """Describe the contract in words."""
    return _WORDS[contract.mode]


def mismatch(values: np.ndarray, contract: Contract) -> tuple[str, str, str] | None:
    """Compare values with the contract.

    Args:
        values: Pixels `(pixels, channels)` of at least a few images.
        contract: What the layer expects.

    Returns:
        `(severity, title, fix)`, or None if they fit. Augmentation may exceed the range by a tenth.
    """
    if values.shape[1] != 3 or not np.isfinite(values).all():
        return ("serious", "NaN or infinite values reach the backbone", _fix(contract)) if values.shape[1] == 3 else None
    low, high = np.quantile(values, 0.002), np.quantile(values, 0.998)
    span, expected = high - low, float(contract.high.max() - contract.low.min())
    if span == 0:
        return None  # one value everywhere: nothing to compare
    if contract.mode in ("caffe", "raw") and -1.1 <= low and high <= 1.1 and span > 0.1:
        words = "from -1 to 1" if low < -0.05 else "from 0 to 1"
        return "serious", f"Images are scaled to values {words}, but the backbone expects pixels from 0 to 255", _fix(contract)
    if span < 0.02 * expected:
        return "serious", "Images are scaled twice before the backbone", _fix(contract)
    if span > 20 * expected:
        return "serious", "Images reach the backbone unscaled", _fix(contract)
    if contract.mode == "caffe":
        return _caffe(values, low, contract)
    if contract.mode == "raw":
        if low < -0.04 * expected:
            return "serious", "Images are preprocessed twice: the backbone does it by itself", _fix(contract)
        return None
    if contract.mode == "unit":
        if low < -0.2:
            return "serious", "Images are preprocessed twice: the backbone does it by itself", _fix(contract)
        return ("serious", "Images reach the backbone outside its range", _fix(contract)) if high > 1.5 else None
    if contract.mode == "tf":
        if low >= -0.01 and high <= 1.1:
            return "warning", "Images are scaled to 0..1, but the backbone expects -1..1", _fix(contract)
        if low < -1.5 or high > 1.5:
            return "warning", "Images reach the backbone outside its range", _fix(contract)
        return None
    if low >= -0.01 or high > 4 or low < -4:
        return "warning", "Images reach the backbone without its mean and standard deviation", _fix(contract)
    if low > -1.1 and high < 1.1:
        return "warning", "Images are scaled to -1..1, but the backbone expects standardised values", _fix(contract)
    return None


def _caffe(values: np.ndarray, low: float, contract: Contract) -> tuple[str, str, str] | None:
    if low >= -1:
        return "serious", "Images reach the backbone without its preprocessing", _fix(contract)
    # Black pixels show the order: minus the mean of blue (-104) in the first channel of BGR, minus that of red (-124) in RGB.
    lowest, blue, red = values.min(axis=0), contract.low[0], contract.low[2]
    if abs(lowest[0] - red) < 5 and lowest[2] > blue - 5:
        return "warning", "Channels reach the backbone in RGB order, but it expects BGR", _fix(contract)
    return None


def _fix(contract: Contract) -> str:
    return f"Preprocess once, inside the model:\n{_LAYERS[contract.mode]}"
