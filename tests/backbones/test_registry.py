"""Every backbone of the registry keeps its contract: what it does to raw pixels, its blocks, saving and loading."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tlcourse.backbones import BACKBONES, DEFAULT, blocks_of, contract_of, list_backbones, load_backbone

# The wide MobileNets differ from the narrow one in a number; one of them stands for all where building is slow.
NAMES = [name for name in BACKBONES if name not in {f"mobilenet_v2_{w}" for w in ("050", "075", "130", "140")}]
APPLICATIONS = [name for name in BACKBONES if BACKBONES[name].builder]
SHAPE = (64, 64, 3)


@pytest.fixture(autouse=True)
def _clear():
    yield
    keras.backend.clear_session()


def first_weighted_input(model):
    """Build a model that gives what the first layer with weights receives (padding and normalising layers passed by)."""
    normalising = (keras.layers.Normalization,)
    layer = next(x for x in model.layers if x.weights and not isinstance(x, normalising) and "prestem" not in x.name)
    tensor = layer.input
    while tensor._keras_history.operation.__class__.__name__ == "ZeroPadding2D":
        tensor = tensor._keras_history.operation.input
    return keras.Model(model.input, tensor)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_what_reaches_the_first_weights_is_what_preprocess_input_gives(name):
    row = BACKBONES[name]
    constant = np.broadcast_to(np.array([10, 100, 200], "uint8"), (1, *SHAPE))
    noise = np.random.default_rng(0).integers(0, 256, (1, *SHAPE), dtype="uint8")
    pixels = np.concatenate([constant, noise])
    preprocess = importlib.import_module(f"keras.applications.{row.module}").preprocess_input
    model = load_backbone(name, weights=None, input_shape=SHAPE)
    if row.contract.rescales_itself:
        raw = pixels.astype("float32")
        np.testing.assert_array_equal(preprocess(raw.copy()), raw)
        assert not any(layer.name == "preprocessing" for layer in model.layers)
    else:
        reached = first_weighted_input(model).predict(pixels, verbose=0)
        np.testing.assert_allclose(reached, preprocess(pixels.astype("float32")), atol=1e-4)


def test_the_embedded_network_maps_raw_pixels_to_minus_one_to_one():
    pixels = np.array([0, 255], "uint8").reshape(2, 1, 1, 1) * np.ones((1, *SHAPE), "uint8")
    reached = first_weighted_input(load_backbone("tiny_resnet", weights=None)).predict(pixels, verbose=0)
    np.testing.assert_allclose(reached[:, 0, 0, 0], [-1, 1], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_with_weights_stands_in_exactly_one_block_from_early_to_late(name):
    model = load_backbone(name, weights=None, input_shape=SHAPE)
    blocks = blocks_of(model)
    listed = [layer.name for layers in blocks.values() for layer in layers]
    weighted = [layer.name for layer in model.layers if layer.weights]
    assert len(listed) == len(set(listed))
    assert set(weighted) <= set(listed)
    assert all(any(layer.weights for layer in layers) for layers in blocks.values())
    order = {layer.name: i for i, layer in enumerate(model.layers)}
    middles = [np.mean([order[layer.name] for layer in layers]) for layers in blocks.values()]
    assert middles == sorted(middles)
    parameters = sum(w.shape.num_elements() if hasattr(w.shape, "num_elements") else np.prod(w.shape) for w in model.weights)
    assert parameters / 1e6 == pytest.approx(BACKBONES[name].parameters, abs=0.06)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_backbone_loads_and_gives_the_same_features(name, tmp_path):
    model = load_backbone(name, weights=None, input_shape=SHAPE, pooling="avg")
    pixels = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype="uint8")
    expected = model.predict(pixels, verbose=0)
    assert expected.ndim == 2
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(pixels, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert list(blocks_of(again)) == list(blocks_of(model))


def test_the_contract_names_images_that_were_scaled_before():
    contract = contract_of("mobilenet_v2_035")
    pixels = np.random.default_rng(0).integers(0, 256, (2, *SHAPE))
    contract.check(pixels)
    for scaled in (pixels / 255, pixels / 127.5 - 1):
        with pytest.raises(ValueError, match="scaled already"):
            contract.check(scaled)
    with pytest.raises(ValueError, match="raw pixels from 0 to 255"):
        contract.check(keras.applications.vgg16.preprocess_input(pixels.astype("float32")))
    with pytest.raises(ValueError, match="RGB images"):
        contract.check(pixels[..., :1])


def test_a_model_built_around_a_backbone_still_has_its_contract_and_blocks():
    backbone = load_backbone("tiny_resnet", weights=None, pooling="avg")
    model = keras.Sequential([backbone, keras.layers.Dense(3)])
    assert contract_of(model) == contract_of("tiny_resnet")
    assert list(blocks_of(model)) == ["stem", "block1", "block2", "block3", "block4", "block5"]
    with pytest.raises(ValueError, match="knows neither"):
        contract_of(keras.Sequential([keras.layers.Dense(3)]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "resnet51"}, "The registry has: tiny_resnet"),
        ({"name": "vgg16", "weights": None, "pooling": "max"}, "`pooling` must be"),
        ({"name": "vgg16", "weights": None, "input_shape": (16, 16, 3)}, "at least 32"),
        ({"name": "vgg16", "weights": None, "input_shape": (64, 64, 1)}, r"\(height, width, 3\)"),
    ],
)
def test_wrong_arguments_are_answered_with_what_is_possible(arguments, words):
    with pytest.raises(ValueError, match=words):
        load_backbone(**arguments)


def test_a_file_that_is_missing_or_belongs_elsewhere_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='weights="pretrained"'):
        load_backbone("vgg16", weights="imagenet")
    other = tmp_path / "other.weights.h5"
    load_backbone("mobilenet_v2_050", weights=None, input_shape=SHAPE).save_weights(other)
    with pytest.raises(ValueError, match=r"other\.weights\.h5.*mobilenet_v2_035"):
        load_backbone("mobilenet_v2_035", weights=other, input_shape=SHAPE)
    (tmp_path / "broken.h5").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="damaged"):
        load_backbone("mobilenet_v2_035", weights=tmp_path / "broken.h5", input_shape=SHAPE)


@pytest.mark.parametrize("name", ["tiny_resnet", "mobilenet_v2_035"])
def test_a_file_of_another_kind_is_answered_with_what_is_needed(name, tmp_path):
    wanted = "tiny_resnet come as an .npz file" if name == "tiny_resnet" else "whose name ends in .weights.h5"
    (tmp_path / "notes.txt").write_text("weights are elsewhere")
    (tmp_path / "empty.txt").touch()
    np.save(tmp_path / "one.npy", np.zeros(3))
    for file in ("notes.txt", "empty.txt", "one.npy"):
        with pytest.raises(ValueError, match=rf"{wanted}.*Received: .*{file}"):
            load_backbone(name, weights=tmp_path / file, input_shape=SHAPE)
    with pytest.raises(ValueError, match="a folder"):
        load_backbone(name, weights=tmp_path, input_shape=SHAPE)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        load_backbone(name, weights=tmp_path / "missing.h5", input_shape=SHAPE)


def test_weights_that_keras_saved_and_damaged_ones_are_told_apart_for_the_embedded_network(tmp_path):
    model = load_backbone("tiny_resnet", weights=None, input_shape=SHAPE)
    model.save_weights(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match=r"model\.load_weights\(path\).*saved \(HDF5\)") as caught:
        load_backbone("tiny_resnet", weights=tmp_path / "x.weights.h5", input_shape=SHAPE)
    assert "pickle" not in str(caught.value)
    arrays = {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}
    np.savez(tmp_path / "mine.npz", **arrays)
    load_backbone("tiny_resnet", weights=tmp_path / "mine.npz", input_shape=SHAPE)
    content = (tmp_path / "mine.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="or damaged"):
        load_backbone("tiny_resnet", weights=tmp_path / "cut.npz", input_shape=SHAPE)
    np.savez(tmp_path / "other.npz", kernel=np.zeros(3))
    with pytest.raises(ValueError, match="another network"):
        load_backbone("tiny_resnet", weights=tmp_path / "other.npz", input_shape=SHAPE)


@pytest.mark.parametrize("width", ["050", "075", "130", "140"])
def test_the_other_widths_have_the_same_blocks_and_the_parameters_of_the_table(width):
    model = load_backbone(f"mobilenet_v2_{width}", weights=None, input_shape=(32, 32, 3))
    listed = [layer.name for layers in blocks_of(model).values() for layer in layers]
    assert {layer.name for layer in model.layers if layer.weights} <= set(listed)
    assert len(listed) == len(set(listed))
    assert model.count_params() / 1e6 == pytest.approx(BACKBONES[model.name].parameters, abs=0.06)


def test_sizes_without_a_file_of_their_own_load_without_a_warning(monkeypatch, recwarn):
    asked = []
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda name, *args, **kwargs: asked.append(name) or name)
    monkeypatch.setattr(keras.Model, "load_weights", lambda *args, **kwargs: None)
    load_backbone("mobilenet_v2_035", input_shape=(160, 96, 3))
    load_backbone("mobilenet_v3_small", input_shape=SHAPE)
    assert len(asked) == 2
    assert "_224_no_top" in asked[0]
    assert not any("input_shape" in str(warning.message) for warning in recwarn)


def test_weights_that_cannot_be_downloaded_name_folder_and_way_out(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("URL fetch failure on https://some.where/deep/mobilenet_224_no_top.h5: no network")

    monkeypatch.setattr(keras.applications, "MobileNetV2", refuse)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(OSError, match="KERAS_HOME") as caught:
        load_backbone("mobilenet_v2_035")
    assert f"put the file mobilenet_224_no_top.h5 into {tmp_path / 'models'}" in str(caught.value)
    assert "embedded" in str(caught.value)
    assert "some.where" not in str(caught.value)


def test_the_defaults_of_the_profiles_are_in_the_table_that_prints():
    text = str(list_backbones())
    assert all(name in text for name in DEFAULT.values())
    assert list_backbones()._repr_html_().count("<tr>") == len(BACKBONES) + 1


@pytest.mark.mirror
def test_real_imagenet_weights_give_the_features_of_keras_applications():
    root = os.environ.get("TLCOURSE_MIRROR_DATA")
    if not root:
        pytest.skip("TLCOURSE_MIRROR_DATA names no folder with real data")
    file = next((Path(root) / "keras/models").glob("mobilenet_v2*0.35_224_no_top.h5"))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), dtype="uint8")
    ours = load_backbone("mobilenet_v2_035", weights=file, input_shape=(96, 96, 3), pooling="avg")
    theirs = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False, weights=None, pooling="avg")
    theirs.load_weights(file)
    expected = theirs.predict(keras.applications.mobilenet_v2.preprocess_input(pixels.astype("float32")), verbose=0)
    np.testing.assert_allclose(ours.predict(pixels, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert expected.std() > 0.1


@pytest.mark.mirror
def test_real_imagenet_weights_load_from_keras_home_without_a_network(tmp_path):
    root = os.environ.get("TLCOURSE_MIRROR_DATA")
    if not root:
        pytest.skip("TLCOURSE_MIRROR_DATA names no folder with real data")
    shutil.copytree(Path(root) / "keras/models", tmp_path / "models")
    file = next((tmp_path / "models").glob("mobilenet_v2*0.35_224_no_top.h5"))
    program = (
        "import sys, numpy as np; from tlcourse.backbones import load_backbone\n"
        "shape = dict(input_shape=(128, 128, 3), pooling='avg')\n"
        "x = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype='uint8')\n"
        "a, b = (load_backbone('mobilenet_v2_035', weights=w, **shape).predict(x, verbose=0) for w in ('pretrained', sys.argv[1]))\n"
        "assert a.std() > 0.1 and np.array_equal(a, b)"
    )
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program, str(file)], env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]


def test_a_damaged_copy_of_the_shipped_weights_is_refused(tmp_path, monkeypatch):
    from tlcourse.backbones import embedded

    content = bytearray(embedded.WEIGHTS_PATH.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "shipped.npz").write_bytes(content)
    monkeypatch.setattr(embedded, "WEIGHTS_PATH", tmp_path / "shipped.npz")
    with pytest.raises(ValueError, match="damaged or of another version"):
        load_backbone("tiny_resnet", input_shape=SHAPE)
