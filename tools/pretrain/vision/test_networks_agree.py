"""The trained (PyTorch) and the shipped (Keras) network compute the same features, at even and odd sizes."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from export import arrays_of, load_embedded  # noqa: E402
from network import TinyResNet  # noqa: E402
from train import to_input  # noqa: E402


@pytest.fixture(scope="module")
def trained():
    """A network whose BatchNorm statistics and parameters are far from their initial values."""
    torch.manual_seed(0)
    model = TinyResNet(192).eval()
    for norm in (m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        for tensor, low, high in (
            (norm.running_mean, -0.3, 0.3),
            (norm.running_var, 0.1, 1.5),
            (norm.weight, 0.5, 1.5),
            (norm.bias, -0.5, 0.5),
        ):
            torch.nn.init.uniform_(tensor, low, high)
    return model


@pytest.mark.parametrize("shape", [(64, 64), (63, 63), (48, 80), (33, 62)])
def test_the_two_networks_give_the_same_features(trained, shape, tmp_path):
    np.savez(tmp_path / "weights.npz", **arrays_of(trained))
    embedded = load_embedded()
    model = embedded.build_tiny_resnet(weights=None, input_shape=(*shape, 3), pooling="avg")
    embedded.load_pretrained(model, tmp_path / "weights.npz")
    images = np.random.default_rng(0).integers(0, 256, (4, *shape, 3), dtype=np.uint8)
    with torch.no_grad():
        expected = trained.features(to_input(images)).numpy()
    np.testing.assert_allclose(
        model.predict(images.astype("float32"), verbose=0), expected, rtol=1e-3, atol=1e-3 * expected.max()
    )


def test_a_wrong_padding_would_be_noticed(trained):
    images = to_input(np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8))
    with torch.no_grad():
        right = trained.features(images)
        shifted = trained.features(images.roll((1, 1), (2, 3)))
    assert (right - shifted).abs().max() > 1e-2 * right.max()
