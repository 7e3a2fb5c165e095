"""The backbone that ships with the package: a small residual network for 64 x 64 colour photographs.

`build_tiny_resnet()` needs no download. The values were trained from random ones on Tiny ImageNet; `docs/model_cards/tiny_resnet.md`
says how, on what terms, and what they are worth. The choice among this and other backbones is made in the registry, not here.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlcourse.arguments import require_one_of

if TYPE_CHECKING:
    import keras

NAME = "tiny_resnet"
INPUT_SHAPE = (64, 64, 3)
SMALLEST_SIDE = 32
NUM_FEATURES = 1280
BLOCKS = ("stem", "block1", "block2", "block3", "block4", "block5")
"""Prefixes of the layer names, from the input (general) to the output (particular to the source)."""

BATCHNORM_MOMENTUM = 0.9
BATCHNORM_EPSILON = 1e-3

# name, channels, residual units, stride of the first unit
_STAGES = (("block1", 32, 1, 1), ("block2", 64, 2, 2), ("block3", 128, 3, 2), ("block4", 224, 2, 2))

_FOLDER = Path(__file__).parent / "weights"
WEIGHTS_PATH = _FOLDER / "tiny_resnet.npz"
WEIGHTS_SHA256 = "21c5e2f540e192589c3b121c9bad54e9c9ed38459803eaf02895b4c786ad9fca"
SOURCE_CLASSES = _FOLDER / "tiny_resnet_source_classes.txt"
"""The 192 source classes, one a line, `wordnet id<TAB>name`: needed to check that a target is no part of the source."""

_NORMAL = "he_normal"


def build_tiny_resnet(
    *,
    weights: str | None = "pretrained",
    input_shape: tuple[int, int, int] = INPUT_SHAPE,
    pooling: str | None = None,
) -> keras.Model:
    """Build the embedded residual network without a classifier.

    Raw pixels go in: the first layer (`rescaling`) maps 0..255 to -1..1, so images that were divided by 255 before are scaled
    twice and look nearly black to the network. Layer names begin with one of `BLOCKS`: a block can be frozen by its prefix.
    After He et al. 2016, "Deep residual learning for image recognition", section 4.2, and a 1x1 convolution to 1280 channels.

    Args:
        weights: "pretrained" for the values trained on Tiny ImageNet, None for random ones.
        input_shape: `(height, width, 3)`, each side at least 32. The values were trained at 64 x 64 and other sizes work less well.
        pooling: None for the feature map `(batch, height / 16, width / 16, 1280)`, "avg" for its mean over the places,
            `(batch, 1280)`.

    Returns:
        A functional model called "tiny_resnet", about 2.9 million weights, float32 in the default precision.

    Raises:
        ValueError: If an argument is none of the above, or the file of weights is damaged.
        FileNotFoundError: If the file of weights is missing.
    """
    _check(weights, input_shape, pooling)
    from keras import Input, Model, layers

    def conv_bn(x: Any, prefix: str, channels: int, kernel: int, stride: int = 1) -> Any:
        x = layers.Conv2D(channels, kernel, stride, "same", use_bias=False, kernel_initializer=_NORMAL, name=f"{prefix}_conv")(
            x
        )
        return layers.BatchNormalization(momentum=BATCHNORM_MOMENTUM, epsilon=BATCHNORM_EPSILON, name=f"{prefix}_bn")(x)

    def residual(x: Any, prefix: str, channels: int, stride: int) -> Any:
        shortcut = x
        if stride > 1 or x.shape[-1] != channels:
            shortcut = conv_bn(x, f"{prefix}_shortcut", channels, 1, stride)
        y = layers.ReLU(name=f"{prefix}_a_relu")(conv_bn(x, f"{prefix}_a", channels, 3, stride))
        y = conv_bn(y, f"{prefix}_b", channels, 3)
        return layers.ReLU(name=f"{prefix}_relu")(layers.Add(name=f"{prefix}_add")([y, shortcut]))

    images = Input(input_shape, name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(images)
    x = layers.ReLU(name="stem_relu")(conv_bn(x, "stem", 32, 3, 2))  # 64 -> 32
    for name, channels, units, stride in _STAGES:  # 32 -> 32, 16, 8, 4
        for unit in range(units):
            x = residual(x, f"{name}_unit{unit + 1}", channels, stride if unit == 0 else 1)
    x = layers.ReLU(name="block5_relu")(conv_bn(x, "block5", NUM_FEATURES, 1))
    if pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="pool")(x)  # (batch, 4, 4, 1280) -> (batch, 1280)
    model = Model(images, x, name=NAME)
    if weights == "pretrained":
        load_pretrained(model)
    return model


def load_pretrained(model: keras.Model, path: str | Path | None = None, sha256: str | None = None) -> None:
    """Put the stored values (float16 on disk, float32 in the model) into a model of `build_tiny_resnet`.

    Args:
        model: The model to change; every one of its weights is overwritten.
        path: An `.npz` file with one array per weight, `"layer name/weight name"`. Default: the file that ships with the package.
        sha256: Expected digest of the file; checked for the shipped file, and for another one if given.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the digest, a name or a shape is not the expected one; the model is unchanged then.
    """
    if path is None:
        path, sha256 = WEIGHTS_PATH, sha256 or WEIGHTS_SHA256
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"The weights of the embedded backbone are missing: expected the file {path}. Install the package again, or build "
            f"the network with random values: build_tiny_resnet(weights=None)."
        )
    if sha256 is not None and (got := hashlib.sha256(path.read_bytes()).hexdigest()) != sha256:
        raise ValueError(
            f"The weights in {path} are damaged or of another version. Install the package again. Expected: sha256={sha256}. "
            f"Received: sha256={got}."
        )
    stored = _arrays_of(path)
    wanted = {f"{layer.name}/{weight.name}": weight for layer in model.layers for weight in layer.weights}
    if stored.keys() != wanted.keys():
        missing, extra = sorted(wanted.keys() - stored.keys()), sorted(stored.keys() - wanted.keys())
        raise ValueError(
            f"The weights in {path} belong to another network: {len(missing)} are missing, such as {missing[:3]}, and {len(extra)} are "
            f"unknown. Pass a model made by build_tiny_resnet(). Received: unknown={extra[:3]}."
        )
    for key, weight in wanted.items():
        if stored[key].shape != tuple(weight.shape):
            raise ValueError(
                f"Weight {key!r} in {path} must have shape {tuple(weight.shape)}. Received: shape={stored[key].shape}."
            )
    for key, weight in wanted.items():
        weight.assign(stored[key].astype("float32"))


def _arrays_of(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file by name; raise `ValueError` in words for any other file."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        with path.open("rb") as opened:
            is_hdf5 = opened.read(8) == b"\x89HDF\r\n\x1a\n"
        kind = "a file that Keras saved (HDF5)" if is_hdf5 else "another file, or damaged"
        raise ValueError(
            "Weights of tiny_resnet come as an .npz file with one array per weight, written by "
            "`numpy.savez(path, **{f'{layer.name}/{weight.name}': weight.numpy() for layer in model.layers for weight in layer.weights})`. "
            "What `save_weights` wrote is loaded in two steps: build with weights=None, then `model.load_weights(path)`. "
            f"Received: path={str(path)!r}, {kind}."
        ) from error


def _check(weights: Any, input_shape: Any, pooling: Any) -> None:
    if weights not in ("pretrained", None):
        raise ValueError(
            '`weights` must be "pretrained" or None. The values were trained on Tiny ImageNet, so there is no "imagenet" here. For a file '
            f"of your own: load_pretrained(build_tiny_resnet(weights=None), path). Received: weights={weights!r}."
        )
    shape = tuple(input_shape) if isinstance(input_shape, (tuple, list)) else None
    if (
        shape is None
        or len(shape) != 3
        or shape[2] != 3
        or not all(isinstance(n, int) and n >= SMALLEST_SIDE for n in shape[:2])
    ):
        raise ValueError(
            f"`input_shape` must be (height, width, 3) with sides of at least {SMALLEST_SIDE} pixels. Give it without the batch axis, and "
            f"make grey images RGB: keras.ops.repeat(images, 3, axis=-1). Received: input_shape={input_shape!r}."
        )
    require_one_of("pooling", pooling, (None, "avg"))
