"""LEEP and NCE: how well the classes of the source, as the network sees them, predict the target's labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_probabilities, require_same_length
from tlcourse.select.arrays import as_classes, require_order


def leep(source_probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Return the log expected empirical prediction: the mean log-likelihood of the labels, given the source classes seen.

    The joint share of label y and source class z is counted with the probabilities as weights; each example is then predicted
    by `sum over z of share(y | z) * probability(z)`. Nguyen et al. 2020, "LEEP: a new measure to evaluate transferability of
    learned representations" (arXiv 2002.12462), equations 1 and 2. The network's own head is needed, features are not.

    Args:
        source_probabilities: `(examples, source classes)` what the source's head says of the target's images, after softmax:
            0 or more, each row adds up to 1. It comes first.
        labels: `(examples,)` class numbers of the target.

    Returns:
        0 or less; 0 where the source classes determine each label. Higher is better.

    Raises:
        ValueError: If shapes do not fit or look exchanged, rows are no probabilities (logits are a frequent reason), or there is one class.
    """
    require_order("source_probabilities", source_probabilities, "labels", labels)
    probabilities = as_probabilities("source_probabilities", source_probabilities)
    numbers, count = as_classes(labels)
    require_same_length(source_probabilities=probabilities, labels=numbers)
    joint = np.eye(count)[numbers].T @ probabilities  # (classes, source classes)
    given = joint / np.maximum(joint.sum(axis=0), np.finfo(float).tiny)
    likelihood = np.einsum("ij,ij->i", given[numbers], probabilities)
    return min(0.0, float(np.log(likelihood).mean()))


def nce(source_labels: ArrayLike, labels: ArrayLike) -> float:
    """Return the negative conditional entropy of the target's labels, given the source class of each example.

    Tran et al. 2019, "Transferability and hardness of supervised classification tasks" (arXiv 1908.08142), section 3. Like
    `leep` with probabilities of 0 and 1: the class that the source's head finds most probable stands for all.

    Args:
        source_labels: `(examples,)` class numbers of the source, such as `source_probabilities.argmax(axis=1)`. They come first:
            how well source classes predict labels is another question than how well labels predict source classes.
        labels: `(examples,)` class numbers of the target.

    Returns:
        Between minus the entropy of the labels (the source says nothing) and 0 (it says all). Higher is better.

    Raises:
        ValueError: If shapes do not fit, values are no class numbers, or the target's labels hold one class.
    """
    require_order("source_labels", source_labels, "labels", labels)
    seen = np.unique(as_labels("source_labels", source_labels), return_inverse=True)[1].ravel()
    return leep(np.eye(seen.max() + 1)[seen], labels)
