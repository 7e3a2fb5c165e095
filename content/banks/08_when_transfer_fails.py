"""Right and wrong answers to the tasks of lesson 08. The form of this file: docs/checks.md."""

# %% task 8.1

# %% right: two dicts
import numpy as np
from scipy import stats


def gain_with_interval(runs, confidence):
    transfer = {draw: a for draw, way, a in runs if way == "transfer"}
    scratch = {draw: a for draw, way, a in runs if way == "scratch"}
    gains = np.array([transfer[d] - scratch[d] for d in transfer if d in scratch])
    margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5
    return gains.mean(), gains.mean() - margin, gains.mean() + margin


# %% right: scipy's paired test
from scipy import stats


def gain_with_interval(runs, confidence):
    table = {}
    for draw, way, accuracy in runs:
        table.setdefault(draw, {})[way] = accuracy
    pairs = [row for row in table.values() if len(row) == 2]
    t, s = [row["transfer"] for row in pairs], [row["scratch"] for row in pairs]
    interval = stats.ttest_rel(t, s).confidence_interval(confidence)
    return [sum(t) / len(t) - sum(s) / len(s), interval.low, interval.high]


# %% right: the package
from tlcourse import evaluate


def gain_with_interval(runs, confidence):
    found = {(draw, way): a for draw, way, a in runs}
    both = [d for d, way in found if way == "scratch" and (d, "transfer") in found]
    r = evaluate.paired_difference([found[d, "transfer"] for d in both], [found[d, "scratch"] for d in both], confidence)
    return r.mean, r.interval.low, r.interval.high


# %% wrong: scratch-minus-transfer: sign turned
# As "two dicts", but:
gains = np.array([scratch[d] - transfer[d] for d in transfer if d in scratch])

# %% wrong: normal-not-t: normal quantile
# As "two dicts", but:
margin = stats.norm.ppf((1 + confidence) / 2) * gains.std(ddof=1) / len(gains) ** 0.5

# %% wrong: divides-by-n
# As "two dicts", but:
margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std() / len(gains) ** 0.5

# %% wrong: spread-not-mean: spread of one draw
# As "two dicts", but:
margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std(ddof=1)

# %% wrong: confidence-on-one-side: one-sided quantile
# As "two dicts", but:
margin = stats.t.ppf(confidence, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5

# %% wrong: broken-draws-counted: broken draws in the mean
# As "two dicts", but:
return np.mean(list(transfer.values())) - np.mean(list(scratch.values())), gains.mean() - margin, gains.mean() + margin

# %% wrong: paired-by-order: zipped as they finished
import numpy as np
from scipy import stats


def gain_with_interval(runs, confidence):
    t, s = ([a for _, w, a in runs if w == way] for way in ("transfer", "scratch"))
    gains = np.array([a - b for a, b in zip(t, s)])
    margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5
    return gains.mean(), gains.mean() - margin, gains.mean() + margin


# %% wrong: not-paired: two independent samples
import numpy as np
from scipy import stats


def gain_with_interval(runs, confidence):
    found = {(draw, way): a for draw, way, a in runs}
    both = [d for d, way in found if way == "scratch" and (d, "transfer") in found]
    t, s = (np.array([found[d, way] for d in both]) for way in ("transfer", "scratch"))
    interval = stats.ttest_ind(t, s, equal_var=False).confidence_interval(confidence)
    return (t - s).mean(), interval.low, interval.high


# %% task 8.2

# %% right: max of twenty
import numpy as np


def rank_sources(tables, labels, score, seed):
    rng = np.random.default_rng(seed)
    kept = {}
    for name, table in tables.items():
        true = score(table, labels)
        placebos = [score(table, rng.permutation(labels)) for _ in range(20)]
        if true > max(placebos):
            kept[name] = true
    return sorted(kept, key=kept.get, reverse=True)


# %% right: all, fifty of them
# As "max of twenty", but:
placebos = [score(table, rng.permutation(labels)) for _ in range(50)]
if all(true > p for p in placebos):
    kept[name] = true

# %% right: the same shuffles for all sources
import numpy as np


def rank_sources(tables, labels, score, seed):
    rng = np.random.default_rng(seed)
    shuffles = [labels[rng.permutation(len(labels))] for _ in range(20)]
    scored = [(score(t, labels), name) for name, t in tables.items()]
    return [n for s, n in sorted(scored, reverse=True) if s > np.max([score(tables[n], other) for other in shuffles])]


# %% wrong: no-placebo
# As "max of twenty", but:
placebos = []
if True:
    kept[name] = true

# %% wrong: worst-first
# As "max of twenty", but:
return sorted(kept, key=kept.get, reverse=False)

# %% wrong: the-unrelated-ones: turned around
# As "max of twenty", but:
if true <= max(placebos):
    kept[name] = true

# %% wrong: one-placebo-is-enough: one placebo
# As "max of twenty", but:
placebos = [score(table, rng.permutation(labels))]

# %% wrong: same-shuffle-again: the same shuffle
# As "max of twenty", but:
placebos = [score(table, np.random.default_rng(seed).permutation(labels)) for _ in range(20)]

# %% wrong: changes-labels: shuffles in place
# As "max of twenty", but:
placebos = [(rng.shuffle(labels), score(table, labels))[1] for _ in range(20)]

# %% task 8.3

# %% right: lower end
import numpy as np
from scipy import stats


def decide(gains, cost):
    paying = {}
    for name, values in gains.items():
        if len(values) < 2:
            continue
        margin = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
        if np.mean(values) - margin > cost:
            paying[name] = np.mean(values)
    return max(paying, key=paying.get, default="scratch")


# %% right: with the package
from tlcourse import evaluate


def decide(gains, cost):
    best, name = None, "scratch"
    for source, values in gains.items():
        if len(values) == 1:
            continue
        summary = evaluate.mean_and_spread(values)
        if summary.interval.low > cost and (best is None or summary.mean > best):
            best, name = summary.mean, source
    return name


# %% right: a t test against the cost
import numpy as np
from scipy import stats


def decide(gains, cost):
    several = {n: v for n, v in gains.items() if len(v) > 1}
    proven = [n for n, v in several.items() if stats.ttest_1samp(v, cost).confidence_interval(0.95).low > cost]
    return sorted(proven, key=lambda n: np.mean(gains[n]))[-1] if proven else "scratch"


# %% wrong: never-abstains: the largest mean
import numpy as np


def decide(gains, cost):
    return max(gains, key=lambda n: np.mean(gains[n]))


# %% wrong: mean-alone-decides: mean above cost
import numpy as np
from scipy import stats


def decide(gains, cost):
    paying = {}
    for name, values in gains.items():
        if len(values) < 2:
            paying[name] = values[0]
            continue
        margin = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
        if np.mean(values) > cost:
            paying[name] = np.mean(values)
    return max(paying, key=paying.get, default="scratch")


# %% wrong: ignores-the-cost: above zero
# As "lower end", but:
if np.mean(values) - margin > 0:
    paying[name] = np.mean(values)

# %% wrong: trusts-one-draw: one draw
# As "mean above cost", but:
if np.mean(values) - margin > cost:
    paying[name] = np.mean(values)

# %% wrong: normal-not-t: 1.96
# As "lower end", but:
margin = 1.96 * np.std(values, ddof=1) / len(values) ** 0.5

# %% wrong: largest-lower-end
# As "lower end", but:
paying[name] = np.mean(values) - margin

# %% wrong: upper-end
# As "lower end", but:
if np.mean(values) + margin > cost:
    paying[name] = np.mean(values)

# %% wrong: always-abstains: always no
# As "lower end", but:
return "scratch"

# %% task 8.4

# %% right: broadcast
import numpy as np


def class_map(maps, gradients):
    heat = np.maximum((maps * gradients.mean(axis=(0, 1))).sum(axis=-1), 0)
    return heat / heat.max() if heat.max() > 0 else heat


# %% right: matrix product
import numpy as np


def class_map(maps, gradients):
    heat = (maps @ gradients.reshape(-1, maps.shape[-1]).mean(axis=0)).clip(min=0)
    return heat / (heat.max() or 1)


# %% right: channel by channel
import numpy as np


def class_map(maps, gradients):
    heat = np.zeros(maps.shape[:2])
    for channel in range(maps.shape[2]):
        heat += gradients[..., channel].sum() * maps[..., channel]
    heat[heat < 0] = 0
    top = heat.max()
    return (heat / top).tolist() if top else heat.tolist()


# %% wrong: place-by-place
# As "broadcast", but:
heat = np.maximum((maps * gradients).sum(axis=-1), 0)

# %% wrong: negative-kept
# As "broadcast", but:
heat = (maps * gradients.mean(axis=(0, 1))).sum(axis=-1)

# %% wrong: stretched
import numpy as np


def class_map(maps, gradients):
    heat = (maps * gradients.mean(axis=(0, 1))).sum(axis=-1)
    return (heat - heat.min()) / (heat.max() - heat.min())


# %% wrong: absolute
# As "broadcast", but:
heat = np.abs((maps * gradients.mean(axis=(0, 1))).sum(axis=-1))

# %% wrong: clipped-too-early: clipped early
# As "broadcast", but:
heat = np.maximum(maps * gradients.mean(axis=(0, 1)), 0).sum(axis=-1)

# %% wrong: gradients-forgotten: no gradients
# As "broadcast", but:
heat = np.maximum(maps.sum(axis=-1), 0)

# %% wrong: maps-forgotten: no maps
# As "broadcast", but:
heat = np.maximum(gradients.mean(axis=-1), 0)

# %% wrong: not-divided
# As "broadcast", but:
return heat

# %% wrong: divides-by-zero: divides always
# As "broadcast", but:
return heat / heat.max()
