"""Count, delay or stop the batches that a backbone computes, whatever engine runs it."""

from tlcourse.features.engine import Engine


def before_each_batch(monkeypatch, act):
    """Call `act(images)` before each batch is computed; what it raises stops the extraction."""
    compute = Engine.compute
    monkeypatch.setattr(Engine, "compute", lambda self, images: (act(images), compute(self, images))[1])


def count_batches(monkeypatch):
    """Return a list that grows by the rows of each batch that is computed."""
    counted = []
    before_each_batch(monkeypatch, lambda images: counted.append(len(images)))
    return counted
