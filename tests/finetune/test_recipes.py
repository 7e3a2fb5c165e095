"""Two phases, learning rates by depth, linear probe first, L2-SP and gradual unfreezing: properties on toy networks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tests.finetune.toy_networks import compile_sgd, make_backbone, make_flat, make_nested, make_sequential
from tlcourse.finetune import (
    L2SP,
    GradualUnfreezing,
    copy_model,
    discriminative_optimizer,
    fit_linear_probe,
    fit_two_phase,
    freeze,
    l2_sp,
    layerwise_learning_rates,
    lp_ft,
    snapshot,
    unfreeze,
    what_moved,
)

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class TestTwoPhases:
    def run(self, model, backbone, batch, **options):
        options = {"head_epochs": 2, "fine_tune_epochs": 3, "verbose": 0, "loss": LOSS, **options}
        return fit_two_phase(model, batch, batch, backbone=backbone, **options)

    def test_backbone_stands_still_in_the_first_phase_and_moves_in_the_second(self, model, backbone, batch):
        seen = {}
        keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.update({epoch: snapshot(backbone)}))
        start = snapshot(backbone)
        result = self.run(model, backbone, batch, callbacks=[keep])
        assert [what_moved(start, seen[epoch]).bit_identical for epoch in range(5)] == [True, True, False, False, False]
        assert result.boundaries == (2,)
        assert [phase.summary.trainable_names for phase in result.phases] == [("head",), ("early_conv", "late_conv", "head")]

    def test_history_runs_through_both_phases(self, model, backbone, batch):
        result = self.run(model, backbone, batch)
        assert set(result.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
        assert {len(values) for values in result.history.values()} == {5}
        assert result.history["loss"][2:] == result.phases[1].history["loss"]

    def test_each_phase_has_its_learning_rate(self, model, backbone, batch):
        rates = []
        keep = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: rates.append(float(model.optimizer.learning_rate)))
        self.run(model, backbone, batch, callbacks=[keep], head_learning_rate=0.5, fine_tune_learning_rate=0.25)
        assert rates == [0.5, 0.25]

    def test_the_backbone_can_be_named(self, backbone, batch):
        model = make_nested(backbone)
        before = snapshot(model)
        self.run(model, "backbone", batch, from_block="late_conv")
        assert what_moved(before, model).moved_names == ("late_conv", "head")

    def test_a_copy_of_the_backbone_is_refused(self, model, batch):
        with pytest.raises(ValueError, match="not a copy"):
            self.run(model, make_backbone(), batch)

    def test_the_model_itself_an_unknown_name_and_no_epochs_are_refused(self, backbone, batch):
        model = make_nested(backbone)
        for wrong, error in ((model, ValueError), ("resnet", ValueError), (3, TypeError)):
            with pytest.raises(error, match="backbone"):
                self.run(model, wrong, batch)
        with pytest.raises(ValueError, match="head_epochs=0"):
            self.run(model, backbone, batch, head_epochs=0)

    def test_a_tf_data_pipeline_is_accepted(self, backbone, batch):
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices(batch).batch(8)
        result = fit_two_phase(
            make_nested(backbone), data, backbone=backbone, loss=LOSS, head_epochs=1, fine_tune_epochs=1, verbose=0
        )
        assert len(result.history["loss"]) == 2


class TestLearningRatesByDepth:
    def test_rates_fall_by_the_factor_from_the_head_down(self, model):
        unfreeze(model)
        rates = layerwise_learning_rates(model, 0.09, decay=3)
        assert list(rates) == ["early_conv", "late_conv", "head"]
        np.testing.assert_allclose(list(rates.values()), [0.01, 0.03, 0.09])

    def test_frozen_blocks_have_none_and_are_no_step(self, model):
        freeze(model, up_to="early_bn")
        unfreeze(model, from_block="late_conv")
        assert list(layerwise_learning_rates(model, 0.1)) == ["late_conv", "head"]

    def test_first_adam_step_of_every_block_is_its_own_rate(self, model, fit):
        unfreeze(model)
        optimizer = discriminative_optimizer(model, learning_rate=0.01, decay=10, optimizer=keras.optimizers.Adam)
        model.compile(optimizer, LOSS)
        before = {v.path: v.numpy().copy() for v in model.trainable_variables}
        fit(model)
        steps = {v.path.split("/")[-2]: np.abs(v.numpy() - before[v.path]).max() for v in model.trainable_variables}
        for layer, rate in (("early_conv", 1e-4), ("late_conv", 1e-3), ("head", 1e-2)):
            assert steps[layer] == pytest.approx(rate, rel=0.05)

    def test_trap_scaling_gradients_does_nothing_to_adam_but_a_rate_does(self):
        def step(optimizer, scale):
            variable = keras.Variable([1.0])
            optimizer.apply([keras.ops.convert_to_tensor([0.5 * scale])], [variable])
            return 1.0 - float(variable.numpy()[0])

        adam, sgd = keras.optimizers.Adam, keras.optimizers.SGD
        assert step(adam(0.1), 0.01) == pytest.approx(step(adam(0.1), 1.0), rel=1e-3)
        assert step(sgd(0.1), 0.01) == pytest.approx(0.01 * step(sgd(0.1), 1.0), rel=1e-3)

    def test_it_is_saved_with_the_model_and_goes_on_training(self, model, fit, tmp_path):
        unfreeze(model)
        model.compile(discriminative_optimizer(model, learning_rate=0.01, decay=10), LOSS)
        fit(model)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert sorted(float(o.learning_rate) for o in loaded.optimizer.optimizers) == pytest.approx([1e-4, 1e-3, 1e-2])
        fit(model)
        fit(loaded)
        for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)

    def test_wrong_numbers_and_a_frozen_model_are_refused(self, backbone):
        for options in ({"learning_rate": 0.0}, {"learning_rate": 0.1, "decay": 0.5}):
            with pytest.raises(ValueError, match=r"Received"):
                discriminative_optimizer(backbone, **options)
        freeze(backbone)
        with pytest.raises(ValueError, match="unfreeze"):
            discriminative_optimizer(backbone)

    def test_two_layers_of_one_path_are_refused(self):
        def part(name):
            inputs = keras.Input((4,))
            return keras.Model(inputs, layers.Dense(4, name="same")(inputs), name=name)

        inputs = keras.Input((4,))
        model = keras.Model(inputs, part("second")(part("first")(inputs)))
        paths = [v.path for v in model.trainable_variables]
        assert len(set(paths)) < len(paths)
        with pytest.raises(ValueError, match="different names"):
            discriminative_optimizer(model)


class TestL2SP:
    def anchored(self, make=make_nested, **options):
        backbone = make_backbone()
        model = make(backbone)
        return model, backbone, l2_sp(model, backbone=backbone, **{"beta": 0.0, **options})

    @pytest.mark.parametrize("make", [make_nested, make_flat, make_sequential])
    def test_penalty_is_zero_at_the_start_and_positive_after_a_step(self, make, fit):
        _, _, anchored = self.anchored(make, alpha=1.0)
        assert float(anchored.penalty()) == 0.0
        compile_sgd(anchored)
        fit(anchored)
        assert float(anchored.penalty()) > 0.0

    def test_penalty_is_half_alpha_times_the_squared_distance_plus_half_beta_times_the_rest(self):
        model, backbone, anchored = self.anchored(alpha=3.0, beta=0.5)
        bias = backbone.get_layer("late_conv").bias
        bias.assign(bias.numpy() + 2.0)
        head = sum(float(np.sum(v.numpy() ** 2)) for v in model.get_layer("head").weights)
        assert float(anchored.penalty()) == pytest.approx(3.0 / 2 * 4 * 4 + 0.5 / 2 * head, rel=1e-5)

    def test_the_loss_holds_the_penalty(self, batch):
        model, backbone, anchored = self.anchored(alpha=1.0)
        bias = backbone.get_layer("late_conv").bias
        bias.assign(bias.numpy() + 1.0)
        compile_sgd(model)
        compile_sgd(anchored)
        plain = model.evaluate(*batch, verbose=0)
        assert anchored.evaluate(*batch, verbose=0) == pytest.approx(plain + float(anchored.penalty()), rel=1e-4)

    def test_a_stronger_pull_keeps_weights_nearer_to_their_start(self, batch):
        distances = []
        for alpha in (0.0, 1.0, 10.0):
            keras.utils.set_random_seed(1)
            _, backbone, anchored = self.anchored(alpha=alpha)
            before = snapshot(backbone)
            compile_sgd(anchored, 0.05)
            anchored.fit(*batch, epochs=10, batch_size=16, verbose=0)
            distances.append(what_moved(before, backbone)["late_conv"].weight_change)
        assert distances[0] > distances[1] > distances[2] > 0

    def test_without_a_loss_to_follow_weights_return_to_their_anchors(self, batch):
        _, backbone, anchored = self.anchored(alpha=1.0)
        layer = backbone.get_layer("late_conv")
        start = layer.kernel.numpy().copy()
        layer.kernel.assign(start + 1.0)
        anchored.compile(keras.optimizers.SGD(0.5), loss=lambda y, p: keras.ops.zeros_like(p[:, 0]))
        anchored.fit(*batch, epochs=20, batch_size=16, verbose=0)
        np.testing.assert_allclose(layer.kernel.numpy(), start, atol=1e-4)

    def test_anchors_are_not_trained_and_survive_saving(self, fit, tmp_path, batch):
        _, _, anchored = self.anchored(alpha=1.0)
        compile_sgd(anchored)
        fit(anchored)
        anchored.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert isinstance(loaded, L2SP)
        assert float(loaded.penalty()) == pytest.approx(float(anchored.penalty()), rel=1e-6)
        assert float(loaded.penalty()) > 0
        np.testing.assert_array_equal(loaded.predict(batch[0], verbose=0), anchored.predict(batch[0], verbose=0))
        fit(anchored)
        fit(loaded)
        assert float(loaded.penalty()) == pytest.approx(float(anchored.penalty()), rel=1e-4)

    def test_a_frozen_backbone_has_no_penalty_and_its_blocks_can_be_named_through_the_wrapper(self, fit):
        _, backbone, anchored = self.anchored(alpha=1.0)
        freeze(anchored, up_to="backbone")
        compile_sgd(anchored)
        fit(anchored)
        assert float(anchored.penalty()) == 0.0
        unfreeze(anchored, from_block="late_conv")
        assert backbone.get_layer("late_conv").trainable
        assert not backbone.get_layer("early_conv").trainable

    def test_the_plain_model_shares_the_weights(self, fit, batch):
        model, _, anchored = self.anchored()
        compile_sgd(anchored)
        fit(anchored)
        assert anchored.model is model
        np.testing.assert_array_equal(model.predict(batch[0], verbose=0), anchored.predict(batch[0], verbose=0))

    def test_negative_strengths_and_foreign_backbones_are_refused(self, backbone):
        model = make_nested(backbone)
        for options in ({"alpha": -1.0}, {"beta": -0.1}, {"backbone": "resnet"}, {"backbone": make_backbone()}):
            with pytest.raises(ValueError, match=r"Received|contains 0 of"):
                l2_sp(model, **options)


class TestLinearProbeFirst:
    @pytest.fixture
    def separable(self):
        random = np.random.default_rng(0)
        labels = np.repeat(np.arange(3), 12)
        images = random.normal(0, 0.3, (36, 8, 8, 3)).astype("float32")
        images[np.arange(36), :, :, labels] += 3.0
        return images, labels

    @pytest.mark.parametrize("activation", [None, "softmax"])
    def test_the_head_is_the_logistic_regression_on_its_inputs(self, backbone, separable, activation):
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        images, labels = separable
        inputs = keras.Input((8, 8, 3))
        model = keras.Model(inputs, layers.Dense(3, activation=activation)(layers.Dropout(0.3)(backbone(inputs))))
        accuracy = fit_linear_probe(model, images, labels, cache=False)
        features = StandardScaler().fit_transform(backbone.predict(images, verbose=0))
        expected = LogisticRegression(max_iter=2000).fit(features, labels).predict_proba(features)
        outputs = model.predict(images, verbose=0)
        if activation is None:
            outputs = keras.ops.convert_to_numpy(keras.ops.softmax(outputs))
        np.testing.assert_allclose(outputs, expected, atol=1e-3)
        assert accuracy == np.mean(outputs.argmax(axis=1) == labels)

    def test_two_classes_and_a_class_without_images_are_put_in_place(self, backbone, separable):
        images, labels = separable
        model = make_nested(backbone)
        two = labels != 1
        fit_linear_probe(model, images[two], labels[two], cache=False)
        assert np.array_equal(model.predict(images[two], verbose=0).argmax(axis=1), labels[two])

    def test_nothing_but_the_head_moves(self, model, separable):
        before = snapshot(model)
        fit_linear_probe(model, *separable, cache=False)
        assert what_moved(before, model).moved_names == ("head",)

    def test_fine_tuning_starts_from_the_probe(self, model, backbone, separable):
        images, labels = separable
        probed = copy_model(model)
        fit_linear_probe(probed, images, labels, cache=False)
        start = snapshot(probed)
        result = lp_ft(
            model,
            images,
            labels,
            (images, labels),
            backbone=backbone,
            fine_tune_epochs=2,
            fine_tune_learning_rate=1e-6,
            verbose=0,
            cache=False,
        )
        assert [phase.name for phase in result.phases] == ["linear probe", "fine-tune"]
        assert len(result.history["accuracy"]) == 3
        moved = what_moved(start, model)
        assert 0 < moved["head"].weight_change < 1e-3
        assert 0 < moved["early_conv"].weight_change < 1e-3
        assert moved["early_bn"].bit_identical

    @pytest.mark.parametrize(
        ("labels", "match"),
        [
            (np.eye(3)[np.arange(36) % 3], "one-hot"),
            (np.arange(36) % 4, "from 0 to 2"),
            (np.zeros(36, int), "two classes"),
            (np.zeros(36), "whole numbers"),
        ],
    )
    def test_labels_that_do_not_fit_the_head_are_refused(self, model, separable, labels, match):
        with pytest.raises(ValueError, match=match):
            fit_linear_probe(model, separable[0], labels, cache=False)

    def test_a_model_without_a_linear_head_is_refused(self, backbone, separable):
        with pytest.raises(ValueError, match="Dense layer"):
            fit_linear_probe(backbone, *separable, cache=False)


class TestGradualUnfreezing:
    def test_epochs_per_block_spaces_the_steps(self, backbone, batch):
        model = make_nested(backbone)
        compile_sgd(model, 0.01)
        gradual = GradualUnfreezing(backbone, epochs_per_block=2)
        model.fit(*batch, epochs=6, verbose=0, callbacks=[gradual])
        assert gradual.opened == [(2, "late_conv"), (4, "early_conv")]

    def test_trainable_batchnorm_opens_with_its_block(self, backbone, batch):
        model = make_nested(backbone)
        compile_sgd(model, 0.01)
        gradual = GradualUnfreezing("backbone", batchnorm="trainable")
        before = snapshot(backbone)
        model.fit(*batch, epochs=2, verbose=0, callbacks=[gradual])
        assert what_moved(before, backbone).moved_names == ("late_bn",)

    def test_an_optimizer_that_was_built_for_the_head_is_refused_before_anything_trains(self, backbone, fit, batch):
        model = make_nested(backbone)
        freeze(backbone)
        compile_sgd(model)
        fit(model)
        before = snapshot(model)
        with pytest.raises(ValueError, match="new optimizer"):
            model.fit(*batch, verbose=0, callbacks=[GradualUnfreezing(backbone)])
        assert what_moved(before, model).bit_identical

    def test_a_multi_optimizer_is_refused(self, backbone, batch):
        model = make_nested(backbone)
        model.compile(discriminative_optimizer(model), LOSS)
        with pytest.raises(ValueError, match="MultiOptimizer"):
            model.fit(*batch, verbose=0, callbacks=[GradualUnfreezing(backbone)])

    def test_wrong_options_are_refused(self, backbone):
        with pytest.raises(ValueError, match="epochs_per_block=0"):
            GradualUnfreezing(backbone, epochs_per_block=0)
        with pytest.raises(ValueError, match="batchnorm="):
            GradualUnfreezing(backbone, batchnorm="no")
