"""Replies of a sandbox are not trusted: whatever comes, the grader neither stops nor gives a point."""

from __future__ import annotations

import functools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.submissions.corpus import MASTER, TASKS, WRONG, answered, to_bytes
from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED, draw
from tlcourse.grading import passes
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import case_seeds
from tlcourse.grading.results.records import to_line
from tlcourse.grading.sandbox.backends import UNSAFE, Limits, Sandbox
from tlcourse.grading.sandbox.launch import Launch
from tlcourse.grading.sandbox.protocol import EventReader, ProtocolError, to_frame
from tlcourse.grading.verdicts import judge_case
from tlcourse.tasks import find_task

PLACES = {task: {"how": "source", "expression": "f", "after": 1, "cells": [3], "notes": []} for task in TASKS}
LOCATED = {"event": "located", "places": PLACES, "notes": [], "cells": 9}
CELL = {"event": "cell", "number": 3}  # from here on, whatever happens may be the learner's doing
SETTINGS = Settings("secret", Sandbox(UNSAFE, Limits()))

arrays = st.builds(
    lambda shape, kind: np.zeros(shape, dtype=kind),
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
    st.sampled_from(["?", "i8", "f4", "f8", "U3"]),
)
scalars = st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats() | st.text(max_size=20) | arrays
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["pair", "splits", "found", "x", ""]), inner, max_size=4)
    ),
    max_leaves=12,
)
statuses = st.sampled_from(
    ["ok", "misfit", "raised", "missing", "stub", "fault", "wrong kind", "not plain", "changed tools", "earned", ""]
)
records = st.fixed_dictionaries(
    {"status": statuses | plain},
    optional={
        name: plain for name in ("evidence", "text", "line", "lineno", "message", "expected", "received", "misconception")
    },
)
task_names = st.sampled_from([*TASKS, "9.9", "", "0.1\x00"])
events = st.one_of(
    st.just(LOCATED),
    st.builds(lambda p: {**LOCATED, "places": p}, st.dictionaries(task_names, plain, max_size=3)),
    st.builds(lambda t, c, r: {"event": "record", "task": t, "case": c, "record": r}, task_names, st.integers(-2, 3), records),
    st.builds(lambda t, p: {"event": "tried", "task": t, "problem": p}, task_names, st.text(max_size=12)),
    st.builds(lambda t: {"event": "probe", "task": t}, task_names),
    st.builds(lambda n: {"event": "cell", "number": n}, st.integers(-(2**70), 2**70)),
    st.builds(lambda t: {"event": "raised", "number": 3, "text": t, "line": t, "missing": t}, st.text(max_size=20)),
    st.just({"event": "end"}),
    st.builds(lambda t: {"event": "refused", "text": t}, st.text(max_size=30)),
    st.dictionaries(st.sampled_from(["event", "task", "case"]), plain, max_size=3),
)


@functools.cache
def wrong_stream():
    """What a worker sends for a submission in which every answer is wrong."""
    rng = np.random.default_rng(0)
    sent = [LOCATED, CELL]
    for task in TASKS:
        inputs = draw(find_task(task), 0).inputs
        evidence = {
            "0.1": {"pair": True, "splits": [[inputs["groups"], inputs["groups"]]] * 3} if task == "0.1" else None,
            "0.2": {"intervals": np.zeros((2, 400, 2)), "repeats": rng.random((2, 2))},
            "0.3": {"found": [np.array(True)] * 6},
        }[task]
        sent += [{"event": "probe", "task": task}]
        sent += [{"event": "record", "task": task, "case": c, "record": {"status": "ok", "evidence": evidence}} for c in (0, 1)]
        sent += [{"event": "tried", "task": task, "problem": ""}]
    return b"".join(to_frame(event) for event in [*sent, {"event": "end"}])


def changed(stream, changes, end):
    data = bytearray(stream[: int(len(stream) * end)])
    for place, value in changes:
        if data:
            data[int(place * len(data)) % len(data)] = value
    return bytes(data)


streams = st.one_of(
    st.binary(max_size=300),
    st.lists(events, max_size=6).map(lambda sent: b"".join(to_frame(event) for event in [LOCATED, CELL, *sent])),
    st.lists(events.map(to_frame), max_size=4).map(b"".join),
    st.builds(lambda n, body: struct.pack(">4sI", b"TLC1", n) + body, st.integers(0, 2**32 - 1), st.binary(max_size=200)),
    st.builds(
        changed,
        st.builds(wrong_stream),
        st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=20),
        st.floats(0.1, 1),
    ),
)


def replying(data):
    """Stand in for a worker that sends these bytes, whatever it is asked."""

    def launch(sandbox, job, seconds):
        result, reader = Launch(), EventReader()
        try:
            for start in range(0, len(data), 997):
                for event in reader.feed(data[start : start + 997]):
                    result.events.append(event)
                    first = event["event"] == "located" and result.current is None
                    if first or event["event"] in ("cell", "probe", "tried"):
                        result.current = event
                    if event["event"] in ("end", "refused"):
                        result.ended = "end"
                        return result
        except ProtocolError as error:
            result.ended, result.detail = "malformed", str(error)
        return result

    return launch


def assert_no_point(data):
    before, passes.launch = passes.launch, replying(data)
    try:
        record = grade(MASTER, b"x", SETTINGS)
    except passes.MachineFault:
        return  # no worker came up, as far as the grader can tell: nothing is recorded
    finally:
        passes.launch = before
    assert record["points"] == 0
    assert {result["outcome"] for result in record["results"]} <= {NOT_EARNED, UNJUDGED}
    assert all(result["message"] for result in record["results"])
    assert to_line(record)


@settings(max_examples=500, deadline=None)
@given(streams)
def test_no_reply_stops_the_grader_or_earns_a_point(data):
    assert_no_point(data)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(streams)
def test_no_reply_of_ten_thousand_stops_the_grader_or_earns_a_point(data):
    assert_no_point(data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TASKS), records)
def test_no_record_of_a_case_stops_the_judge_or_is_taken_for_an_answer(task, record):
    verdict = judge_case(find_task(task), draw(find_task(task), 0), record)
    assert verdict.outcome in (NOT_EARNED, UNJUDGED)
    assert verdict.message


def test_the_stand_in_gives_points_for_what_is_right():
    """Without this, all tests above could pass for the wrong reason."""
    case = [draw(find_task("0.3"), seed) for seed in case_seeds(MASTER, "0.3", "secret", 1)]
    sent = [LOCATED]
    sent += [
        {"event": "record", "task": "0.3", "case": i, "record": {"status": "ok", "evidence": {"found": c.secret["misaligned"]}}}
        for i, c in enumerate(case)
    ]
    sent += [{"event": "tried", "task": "0.3", "problem": ""}, {"event": "end"}]
    before, passes.launch = passes.launch, replying(b"".join(to_frame(event) for event in sent))
    try:
        results = {result["task"]: result["outcome"] for result in grade(MASTER, b"x", SETTINGS)["results"]}
    finally:
        passes.launch = before
    assert results["0.3"] == EARNED
    assert results["0.1"] == NOT_EARNED


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"garbage-garbage", "not a reply"),
        (struct.pack(">4sI", b"TLC1", 2**31), "more than 48 MiB"),
        (struct.pack(">4sI", b"TLC1", 3) + b"abc", "cannot be read"),
        (to_frame({"event": "nothing"}), "unknown kind"),
        (to_frame({"event": "end", "more": 1}), "wrong fields"),
        (to_frame({"event": "cell", "number": "3"}), "wrong fields"),
        (to_frame({"event": "cell", "number": True}), "wrong fields"),
    ],
)
def test_what_is_wrong_with_a_reply_is_said(data, reason):
    with pytest.raises(ProtocolError, match=reason):
        list(EventReader().feed(data))


def test_an_event_may_arrive_byte_by_byte():
    reader = EventReader()
    data = to_frame({"event": "cell", "number": 3})
    assert [event for byte in data for event in reader.feed(bytes([byte]))] == [{"event": "cell", "number": 3}]
    assert not reader.unfinished


def test_a_flood_of_replies_ends():
    reader, frame = EventReader(), to_frame({"event": "cell", "number": 1})
    with pytest.raises(ProtocolError, match="more than 20000 replies"):
        list(reader.feed(frame * 20_001))


def test_hidden_seeds_and_what_only_judges_see_do_not_enter_a_job(monkeypatch):
    jobs = []
    monkeypatch.setattr(
        passes,
        "launch",
        lambda sandbox, job, seconds: (
            jobs.append(job) or replying(to_frame(LOCATED) + to_frame({"event": "end"}))(sandbox, job, 1)
        ),
    )
    grade(MASTER, to_bytes(answered(a=WRONG)), SETTINGS)
    job = jobs[0]
    assert {key for task in job["tasks"] for key in task} == {"id", "probe_of", "released", "inputs"}
    inputs = {task["id"]: task["inputs"] for task in job["tasks"]}
    assert all(set(case) == {"draws", "levels", "resamples"} for case in inputs["0.2"])
    assert all(set(run) == {"labels", "predicted", "reported"} for case in inputs["0.3"] for run in case["runs"])
    numbers = to_frame(job)
    for task in ("0.1", "0.2", "0.3"):
        for seed in case_seeds(MASTER, task, "secret", 1)[1:]:
            assert str(seed).encode() not in numbers
            assert struct.pack("<q", seed) not in numbers
