from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.finetune.toy_networks import make_backbone, make_flat, make_nested, make_sequential


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def backbone():
    return make_backbone()


@pytest.fixture(params=[make_nested, make_flat, make_sequential], ids=["nested", "flat", "sequential"])
def model(request, backbone):
    return request.param(backbone)


@pytest.fixture(scope="session")
def batch():
    random = np.random.default_rng(0)
    return random.normal(2.0, 3.0, (16, 8, 8, 3)).astype("float32"), random.integers(0, 3, 16)


@pytest.fixture
def fit(batch):
    """Train for one step."""
    return lambda model: model.fit(*batch, batch_size=16, epochs=1, verbose=0)
