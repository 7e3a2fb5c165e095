"""Traps of plain Keras 3, each beside what tlcourse does about it.

Tests named `test_trap_...` assert that the trap is still there: where one fails, Keras has mended it, and the course
should say so.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from tests.finetune.toy_networks import compile_sgd, make_backbone, make_nested, same, stats_of
from tlcourse.finetune import (
    FixedMode,
    GradualUnfreezing,
    NotRecompiledError,
    copy_model,
    fit_two_phase,
    freeze,
    snapshot,
    trainable_summary,
    unfreeze,
    what_moved,
)

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def around(backbone, **call_options):
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layers.Dense(3, name="head")(backbone(inputs, **call_options)))


class TestTrainingFalseIsOverriddenByFit:
    def test_trap_statistics_move_although_the_call_said_training_false(self, backbone, fit):
        model = around(backbone, training=False)
        backbone.trainable = True
        compile_sgd(model)
        before = stats_of(backbone)
        fit(model)
        assert not same(before, stats_of(backbone))

    @pytest.mark.parametrize("call_options", [{}, {"training": False}])
    def test_unfreeze_keeps_every_statistic_bit_identical(self, backbone, fit, call_options):
        model = around(backbone, **call_options)
        freeze(backbone)
        unfreeze(backbone)
        compile_sgd(model)
        before, weights = stats_of(backbone), snapshot(model)
        fit(model)
        assert same(before, stats_of(backbone))
        assert what_moved(weights, model)["early_conv"].weight_change > 0

    def test_fixed_mode_keeps_statistics_of_a_trainable_backbone(self, backbone, fit):
        model = around(FixedMode(backbone, training=False))
        compile_sgd(model)
        before = stats_of(backbone)
        fit(model)
        assert same(before, stats_of(backbone))


class TestDropoutForMonteCarlo:
    def predictions(self, dropout, batch):
        inputs = keras.Input((8, 8, 3))
        model = keras.Model(inputs, dropout(inputs))
        return [model.predict(batch[0], verbose=0) for _ in range(2)]

    def test_trap_dropout_called_with_training_true_is_inactive_in_predict(self, batch):
        first, second = self.predictions(lambda x: layers.Dropout(0.5)(x, training=True), batch)
        assert np.array_equal(first, second)

    def test_fixed_mode_draws_anew_in_predict(self, batch):
        first, second = self.predictions(FixedMode(layers.Dropout(0.5), training=True), batch)
        assert not np.array_equal(first, second)


class TestFrozenBatchNorm:
    def test_keras_runs_a_frozen_batchnorm_in_inference_mode_even_when_called_for_training(self, backbone, batch):
        backbone.trainable = False
        before = stats_of(backbone)
        backbone(batch[0], training=True)
        assert same(before, stats_of(backbone))

    def test_trap_a_batchnorm_unfrozen_inside_a_frozen_backbone_moves_its_statistics(self, backbone, fit):
        model = make_nested(backbone)
        backbone.trainable = False
        backbone.get_layer("early_bn").trainable = True
        compile_sgd(model)
        before = stats_of(backbone)
        assert backbone.trainable_weights == []
        fit(model)
        assert not same(before, stats_of(backbone))

    def test_summary_shows_it_and_freeze_ends_it(self, backbone, fit):
        model = make_nested(backbone)
        backbone.trainable = False
        backbone.get_layer("early_bn").trainable = True
        rows = {row.name.split()[-1]: row for row in trainable_summary(backbone, by="layer").rows}
        assert rows["early_bn"].batchnorm == "training"
        assert rows["late_bn"].batchnorm == "inference"

        freeze(backbone)
        compile_sgd(model)
        before = stats_of(backbone)
        fit(model)
        assert same(before, stats_of(backbone))


class TestFlagsChangedAfterFit:
    def trained(self, backbone, fit, trainable):
        model = make_nested(backbone)
        backbone.trainable = trainable
        compile_sgd(model)
        fit(model)
        return model

    @pytest.mark.parametrize("trainable", [True, False])
    def test_trap_new_flags_are_ignored_without_a_warning(self, backbone, fit, trainable):
        model = self.trained(backbone, fit, trainable)
        before = snapshot(backbone)
        backbone.trainable = not trainable
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit(model)
        assert not caught
        assert (what_moved(before, backbone)["late_conv"].tensors_moved > 0) is trainable

    @pytest.mark.parametrize("trainable", [True, False])
    def test_between_compile_and_the_first_fit_a_new_flag_still_counts(self, backbone, fit, trainable):
        model = make_nested(backbone)
        backbone.trainable = trainable
        compile_sgd(model)
        backbone.trainable = not trainable
        before = snapshot(backbone)
        fit(model)
        assert (what_moved(before, backbone)["late_conv"].tensors_moved > 0) is not trainable

    @pytest.mark.parametrize(("trainable", "change"), [(True, freeze), (False, unfreeze)])
    @pytest.mark.parametrize("whole", [True, False], ids=["called on the model", "called on the backbone in it"])
    def test_fit_refuses_until_the_model_is_compiled_again(self, backbone, fit, trainable, change, whole):
        model = self.trained(backbone, fit, trainable)
        before = snapshot(model)
        summary = change(model if whole else backbone)
        assert model.name in summary.note
        with pytest.raises(NotRecompiledError, match=r"model\.compile"):
            fit(model)
        assert what_moved(before, model).bit_identical

        unfreeze(model)
        change(backbone)
        compile_sgd(model)
        fit(model)
        assert (what_moved(before, model)["late_conv"].tensors_moved > 0) is not trainable

    def test_a_call_that_changes_nothing_does_not_ask_for_compile(self, backbone, fit):
        model = self.trained(backbone, fit, False)
        freeze(backbone)
        fit(model)

    def test_a_model_that_still_evaluates_and_predicts_is_left_to_do_so(self, backbone, fit, batch):
        model = self.trained(backbone, fit, True)
        freeze(backbone)
        model.evaluate(*batch, verbose=0)
        model.predict(batch[0], verbose=0)

    @pytest.mark.parametrize("change_flags", [lambda b: setattr(b, "trainable", False), freeze], ids=["plain Keras", "freeze"])
    def test_flags_changed_between_compile_and_the_first_fit_do_take_effect(self, backbone, fit, change_flags):
        model = make_nested(backbone)
        compile_sgd(model)
        change_flags(backbone)
        before = snapshot(backbone)
        fit(model)
        assert what_moved(before, backbone).bit_identical


class TestOptimizerThatWasBuiltForTheHead:
    def test_trap_it_does_not_know_the_unfrozen_variables(self, backbone, fit):
        model = make_nested(backbone)
        backbone.trainable = False
        optimizer = keras.optimizers.Adam()
        model.compile(optimizer, LOSS)
        fit(model)
        backbone.trainable = True
        model.compile(optimizer, LOSS)
        with pytest.raises(ValueError, match="Unknown variable"):
            fit(model)

    def test_two_phases_train_with_one_optimizer_each(self, backbone, batch):
        model = make_nested(backbone)
        built = []

        def optimizer(learning_rate):
            built.append(keras.optimizers.Adam(learning_rate))
            return built[-1]

        before = snapshot(backbone)
        fit_two_phase(
            model, batch, backbone=backbone, loss=LOSS, head_epochs=1, fine_tune_epochs=1, optimizer=optimizer, verbose=0
        )
        assert len(built) == 2
        assert what_moved(before, backbone)["late_conv"].tensors_moved > 0

    def test_trap_unfreezing_in_a_callback_needs_an_optimizer_built_for_all(self, backbone, batch):
        class Unfreeze(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 1:
                    backbone.trainable = True
                    self.model.make_train_function(force=True)

        model = make_nested(backbone)
        backbone.trainable = False
        compile_sgd(model)
        with pytest.raises(ValueError, match="Unknown variable"):
            model.fit(*batch, epochs=2, verbose=0, callbacks=[Unfreeze()])

    def test_gradual_unfreezing_moves_each_block_from_its_epoch_on(self, model, backbone, batch):
        snapshots = []
        keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: snapshots.append(snapshot(model)))
        freeze(backbone)
        compile_sgd(model, 0.01)
        start = snapshot(model)
        gradual = GradualUnfreezing(backbone)
        model.fit(*batch, epochs=4, batch_size=16, verbose=0, callbacks=[gradual, keep])
        first_moved = {
            name: next(epoch for epoch, after in enumerate(snapshots) if what_moved(start, after)[name].tensors_moved)
            for name in ("head", "late_conv", "early_conv")
        }
        assert first_moved == {"head": 0, "late_conv": 1, "early_conv": 2}
        assert gradual.opened == [(1, "late_conv"), (2, "early_conv")]
        assert what_moved(start, model)["early_bn"].bit_identical


class TestTrainableTrueTwice:
    def half_frozen(self):
        backbone = make_backbone()
        backbone.get_layer("early_conv").trainable = False
        return backbone

    def test_trap_setting_true_where_it_is_true_leaves_layers_frozen(self):
        backbone = self.half_frozen()
        backbone.trainable = True
        assert not backbone.get_layer("early_conv").trainable

    def test_unfreeze_reaches_every_layer(self):
        backbone = self.half_frozen()
        summary = unfreeze(backbone, batchnorm="trainable")
        assert summary.trainable_parameters == summary.parameters
        assert len(backbone.trainable_weights) == 8

    def test_freeze_reaches_a_layer_that_was_unfrozen_inside_a_frozen_backbone(self):
        backbone = make_backbone()
        backbone.trainable = False
        backbone.get_layer("late_conv").trainable = True
        assert freeze(backbone).trainable_parameters == 0
        assert not backbone.get_layer("late_conv").trainable


class TestLayerUnfrozenInsideAFrozenBackbone:
    def test_trap_the_backbone_says_nothing_trains_yet_fit_moves_the_layer(self, backbone, fit):
        model = make_nested(backbone)
        backbone.trainable = False
        backbone.get_layer("late_conv").trainable = True
        assert backbone.trainable_weights == []
        compile_sgd(model)
        before = snapshot(backbone)
        fit(model)
        assert what_moved(before, backbone).moved_names == ("late_conv",)

    def test_unfreeze_from_a_block_makes_backbone_and_model_agree(self, backbone, fit):
        model = make_nested(backbone)
        freeze(backbone)
        unfreeze(backbone, from_block="late_conv")
        compile_sgd(model)
        before = snapshot(backbone)
        fit(model)
        assert {v.path for v in backbone.trainable_weights} == {"late_conv/kernel", "late_conv/bias"}
        assert what_moved(before, backbone).moved_names == ("late_conv",)


class TestCopiesAndReloading:
    def test_trap_clone_model_draws_new_weights(self, backbone):
        assert not what_moved(snapshot(backbone), keras.models.clone_model(backbone)).bit_identical

    def test_copy_model_is_bit_identical_and_independent(self, backbone, fit):
        model = make_nested(backbone)
        unfreeze(backbone, from_block="late_conv")
        copy = copy_model(model)
        original = snapshot(model)
        assert what_moved(original, copy).bit_identical
        assert trainable_summary(copy).rows == trainable_summary(model).rows
        compile_sgd(copy)
        fit(copy)
        assert what_moved(original, model).bit_identical

    def test_a_reloaded_model_keeps_weights_and_flags_of_every_layer(self, backbone, tmp_path):
        model = make_nested(backbone)
        freeze(backbone)
        unfreeze(backbone, from_block="late_conv")
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert trainable_summary(loaded, by="layer").rows == trainable_summary(model, by="layer").rows
        assert what_moved(snapshot(model), loaded).bit_identical

    def test_a_reloaded_optimizer_knows_only_what_it_trained_and_fit_says_so(self, backbone, fit, tmp_path):
        model = make_nested(backbone)
        freeze(backbone)
        compile_sgd(model)
        fit(model)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        unfreeze(loaded)
        with pytest.raises(NotRecompiledError):
            fit(loaded)
