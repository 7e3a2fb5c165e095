"""DANN and the aligned models: their losses by hand, what they change, their batches, saving, and bad input."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from tlcourse.adapt import DANN, AlignedModel, PairedBatches, deep_coral_loss, mmd_loss


def numpy_of(tensor):
    return ops.convert_to_numpy(tensor)


def cross_entropy(logits, labels):
    logits = logits - logits.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels])


def binary_cross_entropy(logits, domains):
    return np.mean(np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0) - logits * domains)


def one_batch(two_domains, with_domains):
    source, labels, target = two_domains
    return PairedBatches(source[:32], labels[:32], target[:32], batch_size=32, with_domains=with_domains)[0]


def test_the_loss_of_dann_is_that_by_hand(two_domains, small_parts):
    model = DANN(*small_parts())
    model.compile("sgd", domain_weight=0.7)
    inputs, wanted = one_batch(two_domains, with_domains=True)
    outputs = {name: numpy_of(value) for name, value in model(inputs).items()}
    found = model.test_on_batch(inputs, wanted, return_dict=True)
    source = numpy_of(model.backbone(inputs["source"]))
    both = np.concatenate([source, numpy_of(model.backbone(inputs["target"]))])
    np.testing.assert_allclose(outputs["label"], numpy_of(model.head(source)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(outputs["domain"].T.reshape(-1, 1), numpy_of(model.discriminator(both)), rtol=1e-4, atol=1e-5)
    label, domain = cross_entropy(outputs["label"], wanted["label"]), binary_cross_entropy(outputs["domain"], wanted["domain"])
    assert float(found["label_loss"]) == pytest.approx(label, rel=1e-4)
    assert float(found["domain_loss"]) == pytest.approx(domain, rel=1e-4)
    assert float(found["loss"]) == pytest.approx(label + 0.7 * domain, rel=1e-4)
    assert float(found["domain_accuracy"]) == pytest.approx(np.mean((outputs["domain"] > 0) == wanted["domain"]))


@pytest.mark.parametrize("distance", [deep_coral_loss, mmd_loss])
def test_the_loss_of_an_aligned_model_is_that_by_hand(two_domains, small_parts, distance):
    model = AlignedModel(*small_parts(), distance=distance, weight=3.0)
    model.compile("sgd")
    inputs, labels = one_batch(two_domains, with_domains=False)
    found = model.test_on_batch(inputs, labels, return_dict=True)
    source, target = (model.backbone(inputs[name]) for name in ("source", "target"))
    by_hand = cross_entropy(numpy_of(model.head(source)), labels) + 3.0 * float(numpy_of(distance(source, target)))
    assert float(found["loss"]) == pytest.approx(by_hand, rel=1e-4)


def trained_with(strength, two_domains, small_parts):
    model = DANN(*small_parts(), strength=strength)
    model.compile(keras.optimizers.SGD(0.05))
    model.fit(*two_domains, epochs=2, verbose=0)
    return model


def test_with_lambda_0_the_backbone_learns_as_if_there_were_no_second_domain(two_domains, small_parts):
    source, labels, target = two_domains
    with_zero = trained_with(0.0, two_domains, small_parts)
    alone = AlignedModel(*small_parts(), weight=0.0)
    alone.compile(keras.optimizers.SGD(0.05))
    alone.fit(source, labels, target, epochs=2, verbose=0)
    for ours, theirs in zip(with_zero.backbone.get_weights(), alone.backbone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    with_one = trained_with(1.0, two_domains, small_parts)
    assert not np.allclose(with_one.backbone.get_weights()[0], alone.backbone.get_weights()[0], rtol=1e-3)


def test_one_step_of_dann_moves_the_backbone_by_the_label_gradient_minus_lambda_times_the_domain_gradient(
    two_domains, small_parts
):
    """Equation 13, from three runs of one step: with the domain loss off, on without reversal's effect, and with lambda 2."""
    source, labels, target = (part[:32] for part in two_domains)

    def step(strength, domain_weight):
        model = DANN(*small_parts(), discriminator=layers.Dense(1, kernel_initializer=keras.initializers.Constant(0.3)))
        before = [weight.copy() for weight in model.backbone.get_weights()]
        model.compile(keras.optimizers.SGD(1.0), domain_weight=domain_weight)
        model.reversal.set_strength(strength)
        inputs, wanted = PairedBatches(source, labels, target, batch_size=32, with_domains=True)[0]
        model.train_on_batch(inputs, wanted)
        return [old - new for old, new in zip(before, model.backbone.get_weights(), strict=True)]

    label, once, twice = step(0.0, 1.0), step(1.0, 1.0), step(2.0, 1.0)
    half_weight = step(2.0, 0.5)
    for gradient, with_one, with_two, halved in zip(label, once, twice, half_weight, strict=True):
        assert np.abs(with_one - gradient).max() > 1e-4
        np.testing.assert_allclose(with_two - gradient, 2 * (with_one - gradient), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(halved, with_one, rtol=1e-3, atol=1e-6)


def test_dann_makes_the_features_alike(two_domains, small_parts):
    told = []
    for strength in (0.0, 1.0):
        model = DANN(*small_parts(), strength=strength)
        model.compile(keras.optimizers.SGD(0.05))
        history = model.fit(*two_domains, epochs=80, verbose=0).history
        told.append(np.mean(history["domain_accuracy"][-10:]))
    assert told[0] > 0.7
    assert told[1] < told[0] - 0.1


@pytest.mark.parametrize("distance", [deep_coral_loss, mmd_loss])
def test_alignment_lowers_the_distance_of_the_features(two_domains, small_parts, distance):
    source, _, target = two_domains
    left = []
    for weight in (0.0, 5.0):
        model = AlignedModel(*small_parts(), distance=distance, weight=weight)
        model.compile(keras.optimizers.SGD(0.05))
        model.fit(*two_domains, epochs=10, verbose=0)
        left.append(float(numpy_of(distance(model.backbone(source), model.backbone(target)))))
    assert left[1] < 0.7 * left[0]


@pytest.mark.parametrize("build", [DANN, AlignedModel])
def test_the_classifier_shares_its_weights_and_predict_is_its(two_domains, small_parts, build):
    model = build(*small_parts())
    model.compile("sgd")
    model.fit(*two_domains, verbose=0)
    target = two_domains[2]
    by_hand = numpy_of(model.head(model.backbone(target)))
    np.testing.assert_allclose(model.predict(target, verbose=0), by_hand, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.classifier.predict(target, verbose=0), by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda parts: DANN(*parts, strength=0.5),
        lambda parts: AlignedModel(*parts, weight=2.0),
        lambda parts: AlignedModel(*parts, distance=mmd_loss),
    ],
    ids=["DANN", "Deep CORAL", "MMD"],
)
def test_a_saved_model_predicts_the_same_and_goes_on_training(two_domains, small_parts, tmp_path, build):
    model = build(small_parts())
    model.compile(keras.optimizers.SGD(0.05))
    model.fit(*two_domains, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    target = two_domains[2]
    np.testing.assert_allclose(again.predict(target, verbose=0), model.predict(target, verbose=0), rtol=1e-5, atol=1e-6)
    for each in (model, again):
        each.fit(*two_domains, verbose=0)
    np.testing.assert_allclose(again.predict(target, verbose=0), model.predict(target, verbose=0), rtol=1e-3, atol=1e-4)


def test_pictures_work_as_rows_do(rng):
    pictures = keras.Input((8, 8, 3))
    backbone = keras.Model(pictures, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(pictures))))
    model = DANN(backbone, layers.Dense(2))
    model.compile("sgd")
    source, target = rng.integers(0, 256, (2, 20, 8, 8, 3), dtype=np.uint8)
    history = model.fit(source, np.arange(20) % 2, target, batch_size=7, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.predict(target, verbose=0).shape == (20, 2)


@pytest.mark.parametrize(("sources", "targets"), [(50, 20), (20, 50), (5, 7), (32, 32)])
def test_batches_are_full_labels_stay_with_their_images_and_the_larger_domain_is_seen_whole(sources, targets):
    source, target = np.arange(sources)[:, None].astype(float), 1000 + np.arange(targets)[:, None].astype(float)
    batches = PairedBatches(source, np.arange(sources), target, batch_size=8, with_domains=True)
    assert len(batches) == -(-max(sources, targets) // 8)
    orders = []
    for _ in range(2):
        seen = {"source": [], "target": []}
        for index in range(len(batches)):
            inputs, wanted = batches[index]
            assert inputs["source"].shape == inputs["target"].shape == (8, 1)
            assert np.array_equal(inputs["source"][:, 0], wanted["label"])
            assert wanted["domain"].tolist() == [[1.0, 0.0]] * 8
            for name in seen:
                seen[name] += inputs[name][:, 0].tolist()
        assert set(seen["source"]) == set(source[:, 0])
        assert set(seen["target"]) == set(target[:, 0])
        counts = np.unique(seen["source"] if sources < targets else seen["target"], return_counts=True)[1]
        assert np.ptp(counts) <= 1  # the smaller domain starts over only when it is through
        orders.append(seen)
        batches.on_epoch_end()
    assert orders[0] != orders[1]


@pytest.mark.parametrize("build", [DANN, AlignedModel])
def test_small_data_takes_a_shorter_way_with_the_same_batches(two_domains, small_parts, monkeypatch, build):
    def trained(largest):
        monkeypatch.setattr("tlcourse.adapt.batches._SMALL", largest)
        model = build(*small_parts())
        model.compile("adam")
        return model.fit(*two_domains, batch_size=16, epochs=3, seed=5, verbose=0).history, model.get_weights()

    (short, short_weights), (long, long_weights) = trained(2**20), trained(0)
    assert short.keys() == long.keys()
    for name in short:
        np.testing.assert_allclose(short[name], long[name], rtol=1e-4)
    for ours, theirs in zip(short_weights, long_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow asks Python for each batch")
def test_only_small_data_is_copied(two_domains, monkeypatch):
    batches = PairedBatches(*two_domains)
    size = sum(part.nbytes for part in (two_domains[0], two_domains[2]))
    monkeypatch.setattr("tlcourse.adapt.batches._SMALL", size)
    assert type(batches.for_fit()).__module__.startswith("tensorflow")
    monkeypatch.setattr("tlcourse.adapt.batches._SMALL", size - 1)
    assert batches.for_fit() is batches


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, y, t: (s, y[:5], t), r"`source_images` and `source_labels` must be equally long"),
        (lambda s, y, t: (s, np.eye(3)[y], t), "one-hot"),
        (
            lambda s, y, t: (s, y, t[:, :4]),
            r"same shape. Received: source_images.shape=\(120, 6\), target_images.shape=\(90, 4\)",
        ),
        (lambda s, y, t: (s, y, t[:0]), "`target_images` must hold at least one"),
    ],
)
def test_what_does_not_fit_is_named(two_domains, small_parts, change, message):
    model = DANN(*small_parts())
    model.compile("sgd")
    with pytest.raises(ValueError, match=message):
        model.fit(*change(*two_domains), verbose=0)


def test_a_backbone_must_end_in_features():
    pictures = keras.Input((8, 8, 3))
    with pytest.raises(ValueError, match=r"pooling layer or Flatten. Received: backbone.output_shape=\(None, 6, 6, 4\)"):
        DANN(keras.Model(pictures, layers.Conv2D(4, 3)(pictures)), layers.Dense(2))


@pytest.mark.parametrize("build", [lambda parts: DANN(*parts, strength=-1), lambda parts: AlignedModel(*parts, weight=-1)])
def test_a_negative_weight_is_refused(small_parts, build):
    with pytest.raises(ValueError, match="must be 0 or more"):
        build(small_parts())
