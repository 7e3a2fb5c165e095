"""What all tests share: no test touches the reader's own caches, and `mirror` tests find the real data or say why not."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ON_THEIR_OWN = ("tests/notebooks/test_notebooks.py::", "tests/checks/test_banks.py::")


def pytest_configure(config):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def pytest_collection_modifyitems(items):
    if not os.environ.get("TLCOURSE_MIRROR_DATA"):
        reason = pytest.mark.skip(reason="TLCOURSE_MIRROR_DATA names no folder with real data")
        for item in items:
            if item.get_closest_marker("mirror"):
                item.add_marker(reason)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a file to one worker, since its tests share what is slow to build; notebooks and banks share nothing: one at a time."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(ON_THEIR_OWN) else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory):
    """Keep caches of tests apart from those of the person who runs them."""
    before = os.environ.get("TLCOURSE_HOME")
    os.environ["TLCOURSE_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    if before is None:
        del os.environ["TLCOURSE_HOME"]
    else:
        os.environ["TLCOURSE_HOME"] = before


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Headless Chromium; the test is skipped with a reason where there is none."""
    from tests.browser import start_browser

    browser = start_browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def mirror(tmp_path_factory):
    """A folder with every data set under its own name: links, and what comes as an archive unpacked."""
    folder, real = tmp_path_factory.mktemp("mirror"), Path(os.environ["TLCOURSE_MIRROR_DATA"])
    for entry in [*real.iterdir(), *(real / "text").iterdir()]:
        if entry.is_dir() and entry.name != "text":
            (folder / entry.name).symlink_to(entry, target_is_directory=True)
    for archive in (real / "text").glob("*.zip"):
        zipfile.ZipFile(archive).extractall(folder)
    for archive in (real / "audio").glob("*.zip"):
        zipfile.ZipFile(archive).extractall(folder / archive.stem)
    zipfile.ZipFile(real / "segmentation" / "camvid_240.zip").extractall(folder / "camvid")
    return folder


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT
