"""`classes-seen-in-pretraining`: target classes that the backbone was pretrained on."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part
from tlcourse.audit.model.pretrained import is_pretrained
from tlcourse.audit.model.seen_classes import imagenet_names, seen_in_pretraining
from tlcourse.audit.report import Finding


def _check(context: Context) -> Iterator[Finding]:
    splits = context.readable_splits()
    given = [context.class_names, *(splits[name].class_names for name in ("train", "validation", "test") if name in splits)]
    names = list(next((names for names in given if names), ()))
    if not names:
        raise CannotCheckError("The names of the classes are not known: pass class_names=[...].")
    part = backbone_part(context)
    if part is None or part.family is None:
        raise CannotCheckError("No backbone with known source classes was found in the model.")
    if not is_pretrained(context, part):
        raise CannotCheckError("The backbone has no pretrained values.")
    source = _source_names(part.family.source)
    matches = seen_in_pretraining(names, source)
    exact = sum(not found.endswith("and others") for found in matches.values())
    share = len(matches) / len(names)
    if len(matches) < 2 or share < 0.2:
        return
    shown = ", ".join(f"{target} ({found})" for target, found in list(matches.items())[:6])
    yield Finding(
        "classes-seen-in-pretraining",
        "warning" if exact >= 0.5 * len(names) else "note",
        f"{len(matches)} of {len(names)} target classes are classes that {part.name!r} was pretrained on",
        {"sentence": f"{shown}. Source: {part.family.source}.", "matches": matches, "share": share},
        "The backbone has seen many labelled images of these classes, perhaps some of the test images. The score does not measure "
        "how well its features transfer to classes that are new to it.",
        "State this beside the number, and compare with the backbone's own output for these classes, or test on classes that it "
        "has not seen.",
    )


def _source_names(source: str) -> list[str]:
    if source.startswith("ImageNet"):
        found = imagenet_names()
        if found is None:
            raise CannotCheckError(
                "The list of ImageNet's classes is not on this machine. This line fetches it (35 kB): "
                "keras.applications.imagenet_utils.decode_predictions(np.zeros((1, 1000)))"
            )
        return found
    from tlcourse.backbones.embedded import SOURCE_CLASSES

    lines = SOURCE_CLASSES.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[-1] for line in lines if line.strip()]


DETECTOR = Detector(("classes-seen-in-pretraining",), _check)
