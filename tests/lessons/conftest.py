"""What the tests of several lessons share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(params=range(3))
def rng(request):
    return np.random.default_rng(request.param)
