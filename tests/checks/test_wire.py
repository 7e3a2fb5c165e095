"""Plain data survives the wire; whatever else arrives is refused without harm."""

import io
import json
import math
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tlcourse.checks import NotPlainError, WireError, from_wire, plain, to_wire
from tlcourse.tasks import load_tasks

ARRAYS = hnp.arrays(
    st.sampled_from([np.bool_, np.uint8, np.int64, np.float32, np.float64, np.dtype("U3")]),
    hnp.array_shapes(min_dims=0, min_side=0),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats() | st.text(max_size=20) | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, float) and math.isnan(one):
        assert math.isnan(other)
    else:
        assert one == other


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_plain_data_survives_the_wire(data):
    assert_same(plain(data), from_wire(to_wire(data)))


@pytest.mark.parametrize("task", load_tasks(0).values(), ids=load_tasks(0))
def test_cases_of_a_lesson_survive_the_wire(task):
    case = task.make_case(0)
    assert_same(plain(case.inputs), from_wire(to_wire(case.inputs)))
    assert_same(plain(case.secret), from_wire(to_wire(case.secret)))


def test_objects_do_not_enter_the_wire():
    with pytest.raises(NotPlainError):
        to_wire({"model": object()})


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 255))
def test_damaged_bytes_are_refused_or_still_plain(noise, place, byte):
    good = bytearray(to_wire({"a": np.arange(5), "b": [1.5, "text", float("inf")]}))
    good[place % len(good)] = byte
    for data in (noise, bytes(good), bytes(good[:place])):
        try:
            plain(from_wire(data))
        except WireError:
            continue


def archive_of(tree, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tree.json", tree)
        for name, content in members.items():
            archive.writestr(f"{name[1:]}.npy", content)
    return buffer.getvalue()


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def lying_header(dtype, body=b""):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": (2_000_000_000,)})
    return buffer.getvalue() + body


HOSTILE = {
    "nested": lambda: archive_of("[" * 100_000 + "]" * 100_000),
    "digits": lambda: archive_of("1" * 10_000),
    "objects": lambda: archive_of(json.dumps({"array": 0}), _0=npy(np.array([{}], dtype=object), allow_pickle=True)),
    "shape lies": lambda: archive_of(json.dumps({"array": 0}), _0=lying_header("<f8", b"16 bytes of body")),
    "bytes left over": lambda: archive_of(json.dumps({"array": 0}), _0=npy(np.zeros(2)) + b"more"),
    "dates": lambda: archive_of(json.dumps({"array": 0}), _0=npy(np.zeros(2, dtype="M8[s]"))),
    "empty text, much of it": lambda: archive_of(json.dumps({"array": 0}), _0=lying_header("|U0")),
    "fortran": lambda: archive_of(json.dumps({"array": 0}), _0=npy(np.asfortranarray(np.zeros((2, 3))))),
    "missing array": lambda: archive_of(json.dumps({"array": 3})),
    "path": lambda: archive_of(json.dumps({"array": "../../etc/passwd"})),
    "unknown kind": lambda: archive_of(json.dumps({"pickle": "x"})),
    "two kinds": lambda: archive_of(json.dumps({"array": 0, "dict": {}})),
    "bare dict": lambda: archive_of(json.dumps({})),
    "bomb": lambda: archive_of(" " * (2**24 + 1) + "1"),
    "shared array": lambda: archive_of(json.dumps([{"array": 0}] * 2), _0=npy(np.zeros(2))),
    "no tree": lambda: archive_of(""),
    "not text": lambda: archive_of(b"\xff\xfe"),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_refused(make):
    with pytest.raises(WireError):
        from_wire(make())
