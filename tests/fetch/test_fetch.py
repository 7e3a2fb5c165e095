"""Downloads: what arrives whole is used, whatever else happens leaves nothing behind and says what to do."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.fetch.server import serve
from tlcourse.fetch import DOWNLOADS, Download, FetchError, Part, UnsafeArchiveError, fetch, list_downloads, unpack
from tlcourse.fetch import table as table_module


@pytest.fixture
def site():
    with serve() as running:
        yield running


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("TLCOURSE_MIRROR", "TLCOURSE_OFFLINE", "TLCOURSE_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def zipped(members, top="toy"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in members.items():
            file.writestr(f"{top}/{name}" if top else name, text)
    return buffer.getvalue()


TOY = zipped({"a/1.txt": "one", "b/2.txt": "two"})


@pytest.fixture
def toy(site, monkeypatch):
    """Put a data set named `toy` into the table and its archive on the server."""
    site.files["toy.zip"] = TOY
    digest = f"sha256:{hashlib.sha256(TOY).hexdigest()}"
    row = Download("toy", (Part(f"{site.url}/toy.zip", digest, len(TOY)),), "CC0", "this test")
    monkeypatch.setattr(table_module, "DOWNLOADS", {**DOWNLOADS, "toy": row})
    return row


def replace_part(monkeypatch, **changes):
    old = table_module.DOWNLOADS["toy"]
    values = {"url": old.parts[0].url, "hash": old.parts[0].hash, "size": old.parts[0].size, **changes}
    row = Download("toy", (Part(**values),), "CC0", "this test")
    monkeypatch.setattr(table_module, "DOWNLOADS", {**DOWNLOADS, "toy": row})


def leftovers(home):
    """Files below the home that are neither locks nor empty folders."""
    return [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"] if home.exists() else []


def test_what_is_fetched_is_unpacked_without_its_top_folder(toy, home):
    folder = fetch("toy")
    assert folder == home / "datasets" / "toy"
    assert (folder / "a/1.txt").read_text() == "one"


def test_a_second_fetch_asks_the_network_nothing(toy, site, home):
    fetch("toy")
    asked = len(site.requests)
    fetch("toy")
    assert len(site.requests) == asked == 1


def test_a_corrupt_file_is_refused_and_leaves_nothing(toy, site, home):
    site.files["toy.zip"] = TOY[:-1] + b"?"
    with pytest.raises(FetchError, match=r"toy\.zip"):
        fetch("toy")
    assert leftovers(home) == []
    site.files["toy.zip"] = TOY
    assert fetch("toy").is_dir()


@pytest.mark.parametrize("hash_known", [True, False])
def test_a_truncated_download_is_refused_and_leaves_nothing(toy, site, home, monkeypatch, hash_known):
    if not hash_known:
        replace_part(monkeypatch, hash=None)
    site.truncate_to["toy.zip"] = len(TOY) // 2
    with pytest.raises(FetchError):
        fetch("toy")
    assert leftovers(home) == []
    site.truncate_to.clear()
    assert (fetch("toy") / "b/2.txt").read_text() == "two"


def test_a_wrong_size_is_noticed_where_nobody_publishes_a_hash(toy, home, monkeypatch):
    replace_part(monkeypatch, hash=None, size=len(TOY) + 1)
    with pytest.raises(FetchError, match=f"expected {len(TOY) + 1:,} bytes"):
        fetch("toy")
    assert leftovers(home) == []


def test_without_a_published_hash_the_first_download_pins_later_ones(toy, site, home, monkeypatch):
    replace_part(monkeypatch, hash=None, size=0)
    folder = fetch("toy")
    shutil.rmtree(folder)
    (home / "datasets/downloads/toy.zip").unlink()
    site.files["toy.zip"] = zipped({"a/1.txt": "another"})
    with pytest.raises(FetchError, match="not the file that is expected"):
        fetch("toy")


def test_a_missing_file_names_address_mirror_and_profile(toy, site, home):
    del site.files["toy.zip"]
    with pytest.raises(FetchError) as caught:
        fetch("toy")
    for words in ("404", f"{site.url}/toy.zip", "TLCOURSE_MIRROR", "TLCOURSE_PROFILE=embedded"):
        assert words in str(caught.value)
    assert leftovers(home) == []


def test_a_server_that_does_not_answer_is_given_up(toy, site, home, monkeypatch):
    monkeypatch.setenv("TLCOURSE_TIMEOUT", "0.2")
    site.sleep["toy.zip"] = 3
    with pytest.raises(FetchError, match=r"[Tt]imed? ?out"):
        fetch("toy")
    assert leftovers(home) == []


def test_no_network_is_said_in_words(toy, home, monkeypatch):
    replace_part(monkeypatch, url="http://127.0.0.1:9/toy.zip")
    with pytest.raises(FetchError, match="TLCOURSE_MIRROR"):
        fetch("toy")


def test_offline_asks_nobody(toy, site, home, monkeypatch):
    monkeypatch.setenv("TLCOURSE_OFFLINE", "1")
    with pytest.raises(FetchError, match="TLCOURSE_OFFLINE is set"):
        fetch("toy")
    assert site.requests == []


def test_too_little_free_space_is_said_before_anything_is_downloaded(toy, site, home, monkeypatch):
    replace_part(monkeypatch, size=10**18)
    with pytest.raises(FetchError, match=r"disk is full.*TLCOURSE_HOME"):
        fetch("toy")
    assert site.requests == []


def test_a_disk_that_fills_up_while_unpacking_leaves_no_folder(toy, home, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    with pytest.raises(FetchError, match="disk is full"):
        fetch("toy")
    assert not (home / "datasets/toy").exists()
    monkeypatch.undo()


def test_a_mirror_folder_of_archives_serves_without_network(toy, site, home, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "toy.zip").write_bytes(TOY)
    monkeypatch.setenv("TLCOURSE_MIRROR", str(mirror))
    monkeypatch.setenv("TLCOURSE_OFFLINE", "1")
    assert (fetch("toy") / "a/1.txt").exists()
    assert site.requests == []


def test_a_mirror_folder_that_is_unpacked_is_used_as_it_is(toy, home, tmp_path, monkeypatch):
    (tmp_path / "mirror/toy").mkdir(parents=True)
    monkeypatch.setenv("TLCOURSE_MIRROR", str(tmp_path / "mirror"))
    assert fetch("toy") == tmp_path / "mirror/toy"
    assert not home.exists()


def test_a_mirror_with_a_wrong_archive_is_refused(toy, home, tmp_path, monkeypatch):
    (tmp_path / "toy.zip").write_bytes(TOY[:-1] + b"?")
    monkeypatch.setenv("TLCOURSE_MIRROR", str(tmp_path))
    with pytest.raises(FetchError, match="expected sha256"):
        fetch("toy")
    assert leftovers(home) == []


def test_a_mirror_server_takes_the_place_of_the_owners(toy, site, home, monkeypatch):
    replace_part(monkeypatch, url="http://127.0.0.1:9/toy.zip")
    monkeypatch.setenv("TLCOURSE_MIRROR", site.url)
    assert fetch("toy").is_dir()


def test_two_processes_at_once_both_get_it_and_one_downloads(site, home):
    site.files["toy.zip"] = TOY
    site.sleep["toy.zip"] = 0.5
    program = (
        "import sys; from tlcourse.fetch import table, fetch, Download, Part, DOWNLOADS;"
        "table.DOWNLOADS = {'toy': Download('toy', (Part(sys.argv[1], None, 0),), '', '')};"
        "print(fetch('toy') / 'a/1.txt')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, f"{site.url}/toy.zip"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    paths = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert paths == {str(home / "datasets/toy/a/1.txt")}
    assert len(site.requests) == 1


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "C:/evil.txt", "..\\evil.txt"])
def test_a_zip_member_that_leaves_the_folder_is_refused(tmp_path, name):
    archive, inside = tmp_path / "x.zip", tmp_path / "inside"
    archive.write_bytes(zipped({name: "bad", "good.txt": "good"}, top=""))
    inside.mkdir()
    with pytest.raises(UnsafeArchiveError, match="evil"):
        unpack(archive, inside)
    assert list(inside.iterdir()) == []


@pytest.mark.parametrize("kind", ["climbs", "absolute", "symbolic link", "hard link", "device"])
def test_a_tar_member_that_leaves_the_folder_is_refused(tmp_path, kind):
    archive, inside = tmp_path / "x.tar.gz", tmp_path / "inside"
    inside.mkdir()
    member = tarfile.TarInfo({"climbs": "../evil", "absolute": "/tmp/evil"}.get(kind, "evil"))
    member.type = {"symbolic link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}.get(
        kind, tarfile.REGTYPE
    )
    member.linkname = "../../outside"
    with tarfile.open(archive, "w:gz") as file:
        file.addfile(tarfile.TarInfo("good.txt"))
        file.addfile(member)
    with pytest.raises(UnsafeArchiveError, match="evil"):
        unpack(archive, inside)
    assert list(inside.iterdir()) == []


def test_a_damaged_archive_is_named(tmp_path):
    archive = tmp_path / "x.zip"
    archive.write_bytes(b"no archive at all")
    with pytest.raises(OSError, match=r"zip or tar archive. Received: 'x.zip'"):
        unpack(archive, tmp_path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="flower_photos"):
        fetch("flower_photo")


def test_the_table_is_complete_and_printable():
    text = str(list_downloads())
    for row in list_downloads():
        assert row.licence
        assert row.name in text
        for part in row.parts:
            assert part.url.startswith("https://")
            assert part.hash is None or len(part.hash) == {"sha256": 71, "md5": 36}[part.hash.split(":")[0]]
            assert (part.hash is None) == ("nobody" in row.published_by)
