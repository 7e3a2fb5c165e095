"""Right and wrong answers to the tasks of lesson 12. The form of this file: docs/checks.md."""

# %% task 12.1

# %% right: eigenvalues
import numpy as np


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def coral(source_features, target_features):
    s, t = source_features, target_features
    cs, ct = np.cov(s, rowvar=False), np.cov(t, rowvar=False)
    return (s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5) + t.mean(axis=0)


# %% right: Cholesky factors, another root of the same covariance
# As "eigenvalues", but:
return (s - s.mean(0)) @ np.linalg.inv(np.linalg.cholesky(cs)).T @ np.linalg.cholesky(ct).T + t.mean(0)

# %% right: singular values of the clouds
import numpy as np


def coral(source_features, target_features):
    s = source_features - np.mean(source_features, axis=0)
    t = target_features - np.mean(target_features, axis=0)
    u, _, rotate = np.linalg.svd(s, full_matrices=False)
    _, values, directions = np.linalg.svd(t, full_matrices=False)
    white = u @ rotate * np.sqrt(len(s) - 1)
    root = directions.T @ np.diag(values / np.sqrt(len(t) - 1)) @ directions
    return white @ root + np.mean(target_features, axis=0)


# %% wrong: mean-forgotten
# As "eigenvalues", but:
return (s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5)

# %% wrong: mean-forgotten: the mean of the source is kept
# As "eigenvalues", but:
return (s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5) + s.mean(axis=0)

# %% wrong: only-whitened: whitened only
# As "eigenvalues", but:
return (s - s.mean(axis=0)) @ power(cs, -0.5) + t.mean(axis=0)

# %% wrong: only-coloured: coloured only
# As "eigenvalues", but:
return (s - s.mean(axis=0)) @ power(ct, 0.5) + t.mean(axis=0)

# %% wrong: one-scale-a-column: columns standardised
# As "eigenvalues", but:
return (s - s.mean(axis=0)) / s.std(axis=0) * t.std(axis=0) + t.mean(axis=0)

# %% wrong: nothing-moved: means only
# As "eigenvalues", but:
return s - s.mean(axis=0) + t.mean(axis=0)

# %% wrong: powers-not-halved: powers of 1
# As "eigenvalues", but:
return (s - s.mean(axis=0)) @ power(cs, -1) @ ct + t.mean(axis=0)

# %% wrong: changes-input: in place
# As "eigenvalues", but:
s -= s.mean(axis=0)
return (s - s.mean(axis=0)) @ power(cs, -0.5) @ power(ct, 0.5) + t.mean(axis=0)

# %% wrong: rows-reordered: rows sorted
# As "eigenvalues", but:
return np.sort(s[:, 0])[:, None] * 0 + ((s - s.mean(0)) @ power(cs, -0.5) @ power(ct, 0.5) + t.mean(0))[::-1]

# %% task 12.2

# %% right: permuted flags
import numpy as np


def discrepancy(kernel, in_source):
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()


def permutation_test(kernel, in_source, permutations, rng):
    splits = [discrepancy(kernel, rng.permutation(in_source)) for _ in range(permutations)]
    return discrepancy(kernel, in_source), np.quantile(splits, 0.95)


# %% right: one product for all splits
import numpy as np


def permutation_test(kernel, in_source, permutations, rng):
    signs = np.where(in_source, 1 / in_source.sum(), -1 / (~in_source).sum())
    many = rng.permuted(np.tile(signs, (permutations, 1)), axis=1)
    return signs @ kernel @ signs, np.percentile(np.sum(many @ kernel * many, axis=1), 95)


# %% right: the kernel is shuffled in place of the flags, sorted
import numpy as np


def discrepancy(kernel, in_source):
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()


def permutation_test(kernel, in_source, permutations, rng):
    splits = [discrepancy(shuffled(kernel, rng), in_source) for _ in range(permutations)]
    return discrepancy(kernel, in_source), sorted(splits)[int(0.95 * permutations)]


def shuffled(kernel, rng):
    order = rng.permutation(len(kernel))
    return kernel[order][:, order]


# %% wrong: order-exchanged: exchanged
# As "permuted flags", but:
return np.quantile(splits, 0.95), discrepancy(kernel, in_source)

# %% wrong: the-largest
# As "permuted flags", but:
return discrepancy(kernel, in_source), max(splits)

# %% wrong: the-smallest-5-percent: 5 % quantile
# As "permuted flags", but:
return discrepancy(kernel, in_source), np.quantile(splits, 0.05)

# %% wrong: the-middle: the mean
# As "permuted flags", but:
return discrepancy(kernel, in_source), np.mean(splits)

# %% wrong: the-middle: the median
# As "permuted flags", but:
return discrepancy(kernel, in_source), np.median(splits)

# %% wrong: group-sizes-changed: halves
# As "permuted flags", but:
splits = [discrepancy(kernel, rng.permutation(len(in_source)) < len(in_source) // 2) for _ in range(permutations)]

# %% wrong: never-permuted: not shuffled
# As "permuted flags", but:
splits = [discrepancy(kernel, in_source) for _ in range(permutations)]

# %% wrong: own-randomness: own generator
# As "permuted flags", but:
splits = [discrepancy(kernel, np.random.default_rng(_).permutation(in_source)) for _ in range(permutations)]

# %% task 12.3

# %% right: momentum for each batch
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = count / (count + 1)
        model(images[start : start + batch_size], training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum


# %% right: averages the statistics of single batches
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    kept, seen = [norm.momentum for norm in norms], []
    for norm in norms:
        norm.momentum = 0.0
    for number in range(len(images) // batch_size):
        model(images[number * batch_size : (number + 1) * batch_size], training=True)
        seen.append([[keras.ops.convert_to_numpy(w) for w in (norm.moving_mean, norm.moving_variance)] for norm in norms])
    for place, norm in enumerate(norms):
        norm.moving_mean.assign(np.mean([row[place][0] for row in seen], axis=0))
        norm.moving_variance.assign(np.mean([row[place][1] for row in seen], axis=0))
        norm.momentum = kept[place]


# %% right: layer by layer by hand
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    parts = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
    parts = [part for part in parts if len(part) == batch_size]
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            parts = [np.asarray(part) for part in parts]
            layer.moving_mean.assign(np.mean([part.mean(axis=0) for part in parts], axis=0))
            layer.moving_variance.assign(np.mean([part.var(axis=0) for part in parts], axis=0))
            gamma, beta = layer.get_weights()[:2]
            parts = [(p - p.mean(0)) / np.sqrt(p.var(0) + layer.epsilon) * gamma + beta for p in parts]
        else:
            parts = [keras.ops.convert_to_numpy(layer(part)) for part in parts]


# %% wrong: inference-mode
# As "momentum for each batch", but:
model(images[start : start + batch_size], training=False)

# %% wrong: layers-own-momentum: own momentum
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = norm.momentum
        model(images[start : start + batch_size], training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum


# %% wrong: last-batch-only: momentum 0
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = 0.0
        model(images[start : start + batch_size], training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum


# %% wrong: first-batch-only: first batch
# As "momentum 0", but:
for count, start in enumerate(range(0, 1, batch_size)):
    for norm in norms:
        norm.momentum = count / (count + 1)
    model(images[start : start + batch_size], training=True)

# %% wrong: half-batch-counts: the rest counts
# As "momentum 0", but:
for count, start in enumerate(range(0, len(images), batch_size)):
    for norm in norms:
        norm.momentum = count / (count + 1)
    model(images[start : start + batch_size], training=True)

# %% wrong: all-at-once
# As "momentum 0", but:
for count, start in enumerate(range(0, 1, batch_size)):
    for norm in norms:
        norm.momentum = count / (count + 1)
    model(images[start : start + len(images)], training=True)

# %% wrong: first-layer-only: first layer
# As "momentum for each batch", but:
norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)][:1]
others = [l for l in model.layers if isinstance(l, keras.layers.BatchNormalization)][1:]
for other in others:
    other.trainable = False
momenta = [norm.momentum for norm in norms]

# %% wrong: momentum-left
# As "momentum for each batch", but:
norm.momentum = norm.momentum

# %% wrong: left-frozen: frozen afterwards
import keras
import numpy as np


def adapt_statistics(model, images, batch_size):
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = count / (count + 1)
        model(images[start : start + batch_size], training=True)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    model.trainable = False


# %% wrong: weights-changed: trained
def adapt_statistics(model, images, batch_size):
    model.compile("sgd", "mse")
    import numpy as np

    model.fit(images, np.ones((len(images), 2)), batch_size=batch_size, verbose=0)
