"""A cluster gives the features of one machine, also if a worker is killed in mid-run."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image

import tlcourse
from tlcourse.features import extract_features

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, while workers end


@pytest.fixture(scope="module")
def backbone():
    return tlcourse.load_backbone("tiny_resnet", pooling="avg")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (101, 64, 64, 3), dtype="uint8")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
def test_arrays_and_folders_give_the_same_bytes_and_a_killed_worker_loses_nothing(client, backbone, images, tmp_path):
    expected = extract_features(backbone, images, batch_size=4, cache=False)
    spread = extract_features(backbone, images, batch_size=4, directory=tmp_path / "cache", cluster=client)
    np.testing.assert_array_equal(spread, expected)

    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number:03}.png")
    folder = tlcourse.features.sources.open_images(tmp_path, 64)
    victim = next(iter(client.run(os.getpid).values()))
    timer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
    timer.start()
    spread = extract_features(backbone, folder, batch_size=2, cache=False, cluster=client)
    timer.join()
    np.testing.assert_array_equal(spread, extract_features(backbone, images, batch_size=2, cache=False))
    deadline = time.monotonic() + 30
    while victim in client.run(os.getpid).values() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert victim not in client.run(os.getpid).values()  # it did die


def test_what_is_no_cluster_or_cannot_be_cut_is_refused(backbone, images):
    with pytest.raises(TypeError, match=r"distributed\.Client. Received: cluster=str"):
        extract_features(backbone, images, cluster="tcp://host")
    import tensorflow as tf

    class Client:
        def submit(self): ...

        def scheduler_info(self): ...

    with pytest.raises(ValueError, match="A stream cannot be cut into shards"):
        extract_features(backbone, tf.data.Dataset.from_tensor_slices(images).batch(4), cluster=Client())
