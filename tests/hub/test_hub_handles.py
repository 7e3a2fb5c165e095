"""Handles of modules: folders, web addresses, Kaggle; cached, offline, and what is said where there is none."""

from __future__ import annotations

import sys
import tarfile
import types

import pytest

from tlcourse.hub import HubError, HubLayer, resolve


def test_a_hub_keras_layer_is_told_what_to_do_instead(monkeypatch):
    class KerasLayer:
        __module__ = "tensorflow_hub.keras_layer"

    with pytest.raises(TypeError, match=r"HubLayer\(handle, trainable=\.\.\.\)"):
        HubLayer(KerasLayer())


def test_the_real_keras_layer_is_recognised(exported):
    import tensorflow_hub as hub

    with pytest.raises(TypeError, match=r"HubLayer\(handle, trainable=\.\.\.\)"):
        HubLayer(hub.KerasLayer(str(exported)))


def test_a_kaggle_handle_is_brought_once_and_then_served_offline(exported, tmp_path, monkeypatch):
    asked = []
    kagglehub = types.ModuleType("kagglehub")
    kagglehub.model_download = lambda handle: asked.append(handle) or str(exported)
    monkeypatch.setitem(sys.modules, "kagglehub", kagglehub)
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path))
    handle = "google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2"
    assert resolve(f"https://www.kaggle.com/models/{handle}") == exported
    assert asked == [handle]
    monkeypatch.setenv("TLCOURSE_OFFLINE", "1")
    assert resolve(handle) == exported
    assert asked == [handle]
    with pytest.raises(HubError, match="TLCOURSE_OFFLINE"):
        resolve("google/other/tensorFlow2/x/1")


def test_a_kaggle_handle_without_kagglehub_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path))
    with pytest.raises(HubError, match="kagglehub"):
        resolve("google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2")


def test_a_page_instead_of_a_module_leaves_nothing_and_says_so(tmp_path, monkeypatch):
    from tests.fetch.server import serve

    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    with serve() as site:
        site.files["module.tar.gz"] = b"<html>Please log in</html>"
        with pytest.raises(HubError, match="could not be downloaded"):
            resolve(f"{site.url}/module.tar.gz")
    assert [p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.suffix != ".lock"] == []


def test_a_folder_without_a_module_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        HubLayer(tmp_path)


def test_a_packed_module_is_downloaded_once_and_then_served_offline(exported, tmp_path, monkeypatch):
    from tests.fetch.server import serve

    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    archive = tmp_path / "module.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(exported, arcname=".")
    with serve() as site:
        site.files["module.tar.gz"] = archive.read_bytes()
        url = f"{site.url}/module.tar.gz"
        first = resolve(url)
        assert len(site.requests) == 1
    monkeypatch.setenv("TLCOURSE_OFFLINE", "1")
    assert resolve(url) == first
    with pytest.raises(HubError, match="TLCOURSE_OFFLINE"):
        resolve("http://127.0.0.1:9/other.tar.gz")


def test_a_dead_address_leaves_nothing_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    with pytest.raises(HubError, match="pass its folder"):
        resolve("http://127.0.0.1:9/module.tar.gz")
    assert [p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.suffix != ".lock"] == []
