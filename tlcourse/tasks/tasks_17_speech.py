"""Tasks of lesson 17: a spectrogram in decibels, a split by speaker, SpecAugment, and a gain over the placebo."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 17.1 a spectrogram in decibels

_FLOOR = 1e-10


def _spectrogram_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    window, hop = int(rng.integers(20, 32) * 2), int(rng.integers(9, 17))
    frames = int(rng.integers(12, 20))
    sound = rng.normal(0, 0.2, (frames - 1) * hop + window + int(rng.integers(1, hop)))
    sound[2 * hop : 2 * hop + window] = 0  # one frame is silent
    return Case(inputs={"sound": sound, "window": window, "hop": hop})


def _spectrogram_probe(answer: Any, inputs: Any) -> Any:
    sound = inputs["sound"].copy()
    with np.errstate(all="ignore"):
        found = call(answer, sound, inputs["window"], inputs["hop"])
    return {"table": array_of(found, "the spectrogram")}


def _spectrograms(inputs: Any) -> dict[str, np.ndarray]:
    """Return the right table under "", and what each known mistake makes."""
    sound, window, hop = inputs["sound"], inputs["window"], inputs["hop"]

    def cut(padded: np.ndarray, step: int) -> np.ndarray:
        return np.stack([padded[a : a + window] for a in range(0, len(padded) - window + 1, step)])

    frames = cut(sound, hop)
    amplitude = np.abs(np.fft.rfft(frames * np.hanning(window)))
    power = np.maximum(amplitude**2, _FLOOR)
    loud = lambda rows: 10 * np.log10(np.maximum(np.abs(np.fft.rfft(rows * np.hanning(window))) ** 2, _FLOOR))  # noqa: E731
    with np.errstate(divide="ignore"):
        return {
            "": 10 * np.log10(power),
            "no-window": 10 * np.log10(np.maximum(np.abs(np.fft.rfft(frames)) ** 2, _FLOOR)),
            "amplitude-not-power": 10 * np.log10(np.maximum(amplitude, _FLOOR)),
            "twice-the-decibels": 20 * np.log10(power),
            "natural-logarithm": 10 * np.log(power),
            "silence-without-level": 10 * np.log10(amplitude**2),
            "last-frame-lost": 10 * np.log10(power)[:-1],
            "frames-do-not-overlap": loud(cut(sound, window)),
            "padded": loud(cut(np.pad(sound, (0, hop)), hop)),
            "frames-in-columns": 10 * np.log10(power).T,
        }


_SPECTROGRAM_MISTAKES = {
    "no-window": "The frames were not multiplied by `np.hanning(window)`: hard edges look like frequencies that are not there.",
    "amplitude-not-power": "This is the level of the amplitude. Square it to get the power.",
    "twice-the-decibels": "`20 * log10` belongs to amplitudes. For powers it is `10 * log10`.",
    "natural-logarithm": "Decibels use the logarithm to the base 10.",
    "silence-without-level": "The silent frame has minus infinity. Powers below 1e-10 count as 1e-10.",
    "last-frame-lost": "The last frame that fits is missing: the starts go up to and including `len(sound) - window`.",
    "frames-do-not-overlap": "A new frame begins every `hop` samples, not every `window` samples.",
    "padded": "There is a frame too many: the sound was padded, or a frame does not fit wholly into it.",
    "frames-in-columns": "Frames belong in the rows, frequencies in the columns.",
}


def _spectrogram_judge(case: Case, evidence: Any) -> Verdict:
    found, tables = np.asarray(evidence["table"]), _spectrograms(case.inputs)
    if found.dtype.kind not in "fiu":
        return not_earned("The spectrogram must hold real numbers.", received=str(found.dtype))
    for name, table in tables.items():
        if found.shape == table.shape and np.allclose(found, table, atol=1e-3):
            if not name:
                return earned(f"{len(table)} frames of {table.shape[1]} frequencies, in decibels; silence is at -100.")
            return not_earned(
                "The levels or the frames differ.",
                expected=f"shape {tables[''].shape}, first row {show(tables[''][0, :3])}",
                received=f"shape {found.shape}, first row {show(found[0, :3])}",
                misconception=name,
            )
    wanted = tables[""]
    found = need_array(found, "the spectrogram", shape=wanted.shape)
    return not_earned("The levels differ.", expected=show(wanted[0, :3]), received=show(found[0, :3]))


_SPECTROGRAM = Task(
    id="17.1",
    title="a spectrogram in decibels",
    points=2,
    hints=(
        "At which samples can a frame begin and still fit into the sound?",
        "Stack `sound[start : start + window]` for `start` in `range(0, len(sound) - window + 1, hop)`, then window, transform, square.",
        "`10 * np.log10(np.maximum(np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2, 1e-10))`.",
    ),
    answer_name="spectrogram",
    misconceptions=_SPECTROGRAM_MISTAKES,
    make_case=_spectrogram_case,
    probe=_spectrogram_probe,
    judge=_spectrogram_judge,
)

# ---------------------------------------------------------------- 17.2 new speakers in the test


def _split_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    names = [f"speaker {letter}" for letter in rng.permutation(list("abcdefghijkl"))[: int(rng.integers(10, 13))]]
    clips = rng.permutation(np.repeat(names, rng.integers(3, 15, len(names))))
    return Case(
        inputs={
            "speakers": [str(name) for name in clips],
            "held": int(rng.integers(3, 5)),
            "seeds": [int(s) for s in rng.integers(1 << 30, size=6)],
        }
    )


def _split_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for seed in inputs["seeds"]:
        pair = call(tuple, call(answer, np.array(inputs["speakers"]), inputs["held"], np.random.default_rng(seed)))
        found.append([array_of(side, "the positions") for side in pair])
    return {"found": found}


_SPLIT_MISTAKES = {
    "clips-at-random": "Clips were drawn, not speakers: the same voices are on both sides.",
    "sides-exchanged": "The held speakers are in the training part. Return the training positions first.",
    "clips-lost": "Some clips are on neither side.",
    "another-number": "The test does not hold exactly `held` speakers.",
    "mask-not-positions": "These are values True and False. Return positions: `np.flatnonzero`.",
    "not-by-the-rng": "Every generator gave the same split. Draw from the `rng` that you are given.",
    "on-both-sides": "The test clips are among the training clips too.",
}


def _split_judge(case: Case, evidence: Any) -> Verdict:
    speakers, held = np.array(case.inputs["speakers"]), case.inputs["held"]
    total, everyone = len(speakers), np.unique(speakers)
    splits = []
    for pair in evidence["found"]:
        if len(pair) != 2:
            return not_earned("The function does not return two arrays.", expected="2", received=show(len(pair)))
        sides = [np.asarray(side) for side in pair]
        if any(side.dtype.kind == "b" for side in sides):
            return not_earned("Positions are whole numbers.", misconception="mask-not-positions")
        sides = [need_array(side, "the positions", shape=(None,), kinds="iu") for side in sides]
        if any(side.size and not (0 <= side.min() and side.max() < total) for side in sides):
            return not_earned("Some positions do not exist.", expected=f"0 to {total - 1}")
        splits.append(sides)
    for train, test in splits:
        shared = np.intersect1d(train, test)
        learned, tested = np.unique(speakers[train]), np.unique(speakers[test])
        if len(shared):
            return not_earned(f"{len(shared)} clips are on both sides.", misconception="on-both-sides")
        if np.intersect1d(learned, tested).size:
            return not_earned(
                "Speakers are on both sides.",
                expected="no speaker twice",
                received=show(np.intersect1d(learned, tested)[:3].tolist()),
                misconception="clips-at-random",
            )
        if len(train) + len(test) < total or len(np.unique(np.concatenate([train, test]))) != total:
            return not_earned("Not every clip is on exactly one side.", misconception="clips-lost")
        if len(tested) != held:
            exchanged = len(learned) == held and len(everyone) - held != held
            return not_earned(
                "The test has another number of speakers.",
                expected=show(held),
                received=show(len(tested)),
                misconception="sides-exchanged" if exchanged else "another-number" if abs(len(tested) - held) == 1 else None,
            )
    if len({tuple(np.unique(speakers[test])) for _, test in splits}) == 1:
        return not_earned("All generators hold the same speakers.", misconception="not-by-the-rng")
    return earned(f"{held} of {len(everyone)} speakers are held, and every clip is on one side.")


_SPLIT = Task(
    id="17.2",
    title="new speakers in the test",
    points=1,
    hints=(
        "What is drawn here: clips, or something that has several clips?",
        "Draw `held` of the different names, then find the clips of these speakers.",
        "`test = np.isin(speakers, rng.choice(np.unique(speakers), held, replace=False))`.",
    ),
    answer_name="split",
    misconceptions=_SPLIT_MISTAKES,
    make_case=_split_case,
    probe=_split_probe,
    judge=_split_judge,
)

# ---------------------------------------------------------------- 17.3 SpecAugment

_PASSES = 60


def _augment_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    table = rng.normal(-30, 12, (int(rng.integers(30, 40)), int(rng.integers(18, 26))))
    return Case(
        inputs={
            "table": table,
            "frames": int(rng.integers(5, 7)),
            "bands": int(rng.integers(3, 5)),
            "seed": int(rng.integers(1 << 30)),
        }
    )


def _augment_probe(answer: Any, inputs: Any) -> Any:
    table, rng = inputs["table"].copy(), np.random.default_rng(inputs["seed"])
    found = []
    for _ in range(_PASSES):
        result = array_of(call(answer, table, inputs["frames"], inputs["bands"], rng), "the spectrogram")
        found.append(np.array(result))
        if not np.array_equal(table, inputs["table"]):
            break
    return {"found": found, "unchanged": bool(np.array_equal(table, inputs["table"]))}


_AUGMENT_MISTAKES = {
    "changes-input": "Your function changed the caller's spectrogram: the next pass would hide more and more. Work on a copy.",
    "zero-not-mean": "What is hidden was set to 0. In decibels 0 is very loud; use the mean.",
    "always-full-width": "The width is always the largest. Draw it from 0 on.",
    "largest-never-drawn": "The largest width never occurs: the upper end of `rng.integers` is not among the draws.",
    "axes-exchanged": "The sizes of frames and bands are exchanged: frames are the rows.",
    "one-axis-only": "Only frames or only bands are hidden.",
    "scattered": "The hidden frames or bands are not neighbours.",
    "same-mask": "Every pass hides the same. Draw from the `rng` that you are given.",
}


def _augment_judge(case: Case, evidence: Any) -> Verdict:
    table, largest = case.inputs["table"], (case.inputs["frames"], case.inputs["bands"])
    if not evidence["unchanged"]:
        return not_earned("After the call the spectrogram is not what it was.", misconception="changes-input")
    found = np.stack([need_array(np.asarray(each), "the spectrogram", shape=table.shape) for each in evidence["found"]])
    hidden = found != table
    if not hidden.any():
        return not_earned("Nothing is hidden.")
    rows, columns = hidden.all(axis=2), hidden.all(axis=1)
    if not np.array_equal(hidden, rows[:, :, None] | columns[:, None, :]):
        return not_earned("What is hidden does not consist of whole frames and whole bands.")
    values = found[hidden]
    if not np.allclose(values, table.mean(), atol=1e-6):
        return not_earned(
            "What is hidden has another value.",
            expected=show(table.mean()),
            received=show(values[0]),
            misconception="zero-not-mean" if (values == 0).all() else None,
        )
    if len(np.unique(hidden.reshape(len(hidden), -1), axis=0)) == 1:
        return not_earned("Every pass hides the same places.", misconception="same-mask")
    for mask in (rows, columns):
        if any(np.ptp(np.flatnonzero(line)) + 1 != line.sum() for line in mask if line.any()):
            return not_earned("What is hidden is not one stretch.", misconception="scattered")
    widths = rows.sum(axis=1), columns.sum(axis=1)
    most = tuple(int(width.max()) for width in widths)
    if 0 in most:
        return not_earned("One axis is never masked.", misconception="one-axis-only")
    if most != largest:
        name = "axes-exchanged" if most == largest[::-1] else None
        if name is None and most == (largest[0] - 1, largest[1] - 1):
            name = "largest-never-drawn"
        return not_earned(
            "The widest masks have another width.", expected=show(list(largest)), received=show(list(most)), misconception=name
        )
    if any(width.min() > 0 for width in widths):
        full = all(width.min() == size for width, size in zip(widths, largest, strict=True))
        return not_earned(
            "A mask of width 0 never occurs.", expected="0 in some passes", misconception="always-full-width" if full else None
        )
    return earned(f"Up to {largest[0]} frames and {largest[1]} bands are hidden, others in each pass.")


_AUGMENT = Task(
    id="17.3",
    title="SpecAugment",
    points=2,
    hints=(
        "Which numbers can the width of a mask be? And where can a mask of that width begin?",
        "`rng.integers(0, n + 1)` draws from 0 to n. Do it for the width, then for the start, once for each axis, on a copy.",
        "`width = rng.integers(0, frames + 1)`, `start = rng.integers(0, len(table) - width + 1)`, then set the slice to `table.mean()`.",
    ),
    answer_name="spec_augment",
    misconceptions=_AUGMENT_MISTAKES,
    make_case=_augment_case,
    probe=_augment_probe,
    judge=_augment_judge,
)

# ---------------------------------------------------------------- 17.4 is it transfer?


def _gain_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    draws = int(rng.integers(5, 9))
    hard = rng.normal(0, 0.08, draws)  # some draws are harder, for both
    return Case(
        inputs={
            "pretrained": (0.70 + hard + rng.normal(0, 0.02, draws)).round(4),
            "placebo": (0.35 + hard + rng.normal(0, 0.02, draws)).round(4),
        }
    )


def _gain_probe(answer: Any, inputs: Any) -> Any:
    return {"pair": array_of(call(answer, inputs["pretrained"].copy(), inputs["placebo"].copy()), "the result")}


def _gains(inputs: Any) -> dict[str, tuple[float, float]]:
    """Return the right pair under "", and what each known mistake makes."""
    a, b = inputs["pretrained"], inputs["placebo"]
    difference, count = a - b, len(a)
    mean, spread = difference.mean(), difference.std(ddof=1)
    error = spread / np.sqrt(count)
    return {
        "": (mean, error),
        "spread-not-error": (mean, spread),
        "population-deviation": (mean, difference.std() / np.sqrt(count)),
        "not-paired": (mean, float(np.sqrt(a.var(ddof=1) / count + b.var(ddof=1) / count))),
        "sign": (-mean, error),
        "ratio-not-difference": (a.mean() / b.mean(), error),
        "divided-by-the-number": (mean, spread / count),
        "best-draw": (difference.max(), error),
    }


_GAIN_MISTAKES = {
    "spread-not-error": "This is the standard deviation of the differences. The error of their mean is smaller: divide by the square root.",
    "population-deviation": "Use `ddof=1`: with few draws the other formula reports too small an error.",
    "not-paired": "Both share speakers and clips in each draw. Subtract first: hard draws then cancel.",
    "sign": "The gain is pretrained minus placebo.",
    "ratio-not-difference": "The gain is a difference, not a ratio.",
    "divided-by-the-number": "Divide by the square root of the number of draws, not by the number.",
    "best-draw": "This is the best draw. Report the mean.",
}


def _gain_judge(case: Case, evidence: Any) -> Verdict:
    found = need_array(np.asarray(evidence["pair"]), "the result", shape=(2,))
    pairs = _gains(case.inputs)
    for name, pair in pairs.items():
        if np.allclose(found, pair, atol=1e-6):
            if not name:
                return earned(f"A gain of {pair[0]:.3f} ± {pair[1]:.3f}: far above the placebo.")
            return not_earned(
                "The gain or its error differs.", expected=show(list(pairs[""])), received=show(found), misconception=name
            )
    return not_earned("The gain or its error differs.", expected=show(list(pairs[""])), received=show(found))


_GAIN = Task(
    id="17.4",
    title="is it transfer?",
    points=1,
    hints=(
        "What do the two accuracies of one draw have in common?",
        "Subtract draw by draw, then take the mean and the standard error of these differences.",
        "`difference.std(ddof=1) / np.sqrt(len(difference))`.",
    ),
    answer_name="gain",
    misconceptions=_GAIN_MISTAKES,
    make_case=_gain_case,
    probe=_gain_probe,
    judge=_gain_judge,
)

TASKS = (_SPECTROGRAM, _SPLIT, _AUGMENT, _GAIN)
