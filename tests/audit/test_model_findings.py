"""Every finding on the model has programs with the mistake, and the same programs without it; correct programs stay silent."""

from __future__ import annotations

import inspect

import keras
import pytest

import tlcourse
from tests.audit.correct_models import PROGRAMS
from tests.audit.pairs import history_pairs, output_pairs, preprocessing_pairs, training_pairs
from tlcourse.audit.context import Context
from tlcourse.audit.data.collect import Collected
from tlcourse.audit.detectors.registry import MODEL_DETECTORS
from tlcourse.audit.model.anatomy import backbone_part, head_units

PAIRS = [*preprocessing_pairs.PAIRS, *training_pairs.PAIRS, *output_pairs.PAIRS, *history_pairs.PAIRS]
MODEL_IDS = {name for detector in MODEL_DETECTORS for name in detector.ids}

# These train for some epochs or compile large graphs; each has a shorter relative among the others.
LONG = dict.fromkeys(
    (
        *("gradual_unfreezing", "own_train_step", "video", "siamese", "fully_fine_tuned_with_batchnorm"),
        *("book_never_unfreezes", "book_unfreezes", "upper_layers_with_batchnorm", "upper_layers_without_batchnorm"),
    ),
    pytest.mark.slow,
)

# One mistake can be seen in two ways: before training in the flags, after it in the weights.
SEEN_TWICE = {
    "flags_only": {"not-recompiled"},
    "statistics_moved": {"batchnorm-moves"},
    "moved_too_far": {"learning-rate"},
    "own_network_raw": {"initial-loss"},
}


@pytest.fixture
def only_the_model(monkeypatch):
    """Leave out what looks at the data alone: it has programs of its own."""
    from tlcourse.audit import run

    monkeypatch.setattr(run, "DATA_COLLECTIONS", ())
    monkeypatch.setattr(run, "DATA_DETECTORS", ())


def of_pair(name, program):
    return pytest.param(name, program, id=program.__name__, marks=LONG.get(program.__name__, ()))


def examined(program, *arguments):
    keras.utils.set_random_seed(0)
    return tlcourse.audit(**program(*arguments))


@pytest.mark.parametrize(("name", "wrong"), [of_pair(name, wrong) for name, wrong, _ in PAIRS])
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
@pytest.mark.usefixtures("only_the_model")
def test_the_mistake_is_named_and_nothing_else(name, wrong):
    report = examined(wrong)
    assert set(report.ids) - SEEN_TWICE.get(wrong.__name__, set()) == {name}
    finding = report[name]
    assert finding.evidence["sentence"]
    assert any(isinstance(value, (int, float)) for value in finding.evidence.values()), "a finding shows what was measured"
    assert finding.why
    assert finding.fix


@pytest.mark.parametrize(("name", "right"), [of_pair(name, right) for name, _, right in PAIRS])
@pytest.mark.usefixtures("only_the_model")
def test_the_same_program_without_the_mistake_is_clean(name, right):
    report = examined(right)
    assert not report.findings, str(report)
    assert name in report.passed, "clean because it was looked at, not because it could not be"


def test_every_finding_on_the_model_has_a_pair():
    assert {name for name, _, _ in PAIRS} == MODEL_IDS


@pytest.mark.parametrize("program", [pytest.param(p, id=p.__name__, marks=LONG.get(p.__name__, ())) for p in PROGRAMS])
def test_a_correct_program_of_an_unusual_kind_is_silent(program, tmp_path):
    arguments = [tmp_path] if inspect.signature(program).parameters else []
    report = examined(program, *arguments)
    assert not report.findings, str(report)
    broken = [row for row in report.not_checked if "The detector failed" in row.reason]
    assert not broken


ARCHITECTURES = {
    "VGG16": "vgg",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "InceptionV3": "inception_v3",
    "InceptionResNetV2": "inception_resnet_v2",
    "Xception": "xception",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Small": "mobilenet_v3",
    "DenseNet121": "densenet",
    "NASNetMobile": "nasnet",
    "EfficientNetB0": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2",
    "EfficientNetV2S": "efficientnet_v2",
    "ConvNeXtTiny": "convnext",
}


@pytest.mark.slow
@pytest.mark.parametrize("builder", ARCHITECTURES)
def test_every_architecture_is_recognised_nested_and_flat(builder):
    network = getattr(keras.applications, builder)(weights=None, include_top=False, input_shape=(96, 96, 3))
    pooled = keras.layers.GlobalAveragePooling2D()
    inputs = keras.Input((96, 96, 3))
    nested = keras.Model(inputs, keras.layers.Dense(3, name="head")(pooled(network(inputs))))
    flat = keras.Model(network.input, keras.layers.Dense(3, name="head")(pooled(network.output)))
    for model in (nested, flat):
        context = Context(model, {}, Collected())
        part = backbone_part(context)
        assert part.family.name == ARCHITECTURES[builder]
        assert part.stem is not None
        assert [unit.name for unit in head_units(context, part)] == ["head"]
