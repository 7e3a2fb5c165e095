"""However a program writes: while the doctor examines it, nothing that existed before is changed or removed, and it is said."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import textwrap

import h5py
import joblib
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tlcourse.audit.program.doors import doors_of
from tlcourse.audit.program.examine import examine_program
from tlcourse.audit.program.overlay import Overlay
from tlcourse.audit.program.pages import text

MODEL = """
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
"""
# What writes -> (code of the program, which also sees what it wrote; what the report says of it).
WAYS = {
    "open to write": ("open('a.txt', 'w').close()\nassert open('a.txt').read() == ''", ["change a.txt"]),
    "open to append": ("with open('a.txt', 'a') as f: f.write('+')\nassert open('a.txt').read() == 'old+'", ["change a.txt"]),
    "open to update": ("with open('a.txt', 'r+b') as f: f.write(b'O')\nassert open('a.txt').read() == 'Old'", ["change a.txt"]),
    "os.open": ("import os\nos.write(os.open('a.txt', os.O_WRONLY | os.O_TRUNC), b'x')", ["change a.txt"]),
    "os.truncate": ("import os\nos.truncate('a.txt', 1)\nassert open('a.txt').read() == 'o'", ["change a.txt"]),
    "os.chmod": ("import os\nos.chmod('a.txt', 0)", ["change a.txt"]),
    "Path.write_text": (
        "from pathlib import Path\nPath('a.txt').write_text('x')\nassert Path('a.txt').read_text() == 'x'",
        ["change a.txt"],
    ),
    "Path.unlink": ("from pathlib import Path\nPath('a.txt').unlink()\nassert not Path('a.txt').exists()", ["remove a.txt"]),
    "os.rename": (
        "import os\nos.rename('a.txt', 'b.txt')\nassert open('b.txt').read() == 'old' and not os.path.exists('a.txt')",
        ["make b.txt", "remove a.txt"],
    ),
    "os.replace": (
        "import os\nopen('n', 'w').close()\nos.replace('n', 'a.txt')\nassert not open('a.txt').read()",
        ["change a.txt"],
    ),
    "os.link": ("import os\nos.link('a.txt', 'l')\nopen('l', 'w').close()\nassert open('a.txt').read()", ["make l"]),
    "a symbolic link": ("import os\nos.symlink('a.txt', 'l')\nopen('l', 'w').close()", ["make l", "change a.txt"]),
    "soundfile": (
        "import numpy, soundfile\nsoundfile.write('a.wav', numpy.zeros(9), 8000)\n"
        "assert len(soundfile.read('a.wav')[0]) == 9\nsoundfile.write('new.flac', numpy.zeros(9), 8000)",
        ["change a.wav", "make new.flac"],
    ),
    "shutil.rmtree": (
        "import os, shutil\nshutil.rmtree('sub')\nassert 'sub' not in os.listdir()\n"
        "os.makedirs('sub')\nassert not os.listdir('sub')\nopen('sub/b.txt', 'w').close()\nassert os.listdir('sub') == ['b.txt']",
        ["remove sub"],
    ),
    "shutil.copy": ("import shutil\nshutil.copy('sub/b.txt', 'a.txt')\nassert open('a.txt').read() == 'b'", ["change a.txt"]),
    "shutil.move": (
        "import shutil\nshutil.move('sub', 'sub2')\nassert open('sub2/b.txt').read() == 'b'",
        ["make sub2", "remove sub"],
    ),
    "np.save": ("import numpy as np\nnp.save('x.npy', [1])\nassert len(np.load('x.npy')) == 1", ["change x.npy"]),
    "np.memmap": ("import numpy as np\nm = np.memmap('x.npy', mode='r+')\nm[:] = 0\nm.flush()", ["change x.npy"]),
    "joblib.dump": ("import joblib\njoblib.dump(1, 'x.joblib')\nassert joblib.load('x.joblib') == 1", ["change x.joblib"]),
    "zipfile": ("import zipfile\nwith zipfile.ZipFile('a.txt', 'w') as z: z.writestr('q', 'q')", ["change a.txt"]),
    "sqlite3": (
        "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('drop table t')\nc.commit()\nc.close()",
        ["change a.db"],
    ),
    "h5py": (
        "import h5py\nwith h5py.File('w.h5', 'a') as f: f['b'] = 1\nwith h5py.File('w.h5') as f: assert set(f) == {'a', 'b'}\n"
        "with h5py.File('w.h5', 'w') as f: pass",
        ["change w.h5"],
    ),
    "a log": ("import logging\nlogging.FileHandler('a.txt', 'w').close()", ["change a.txt"]),
    "keras.models.save_model": (
        MODEL + "keras.models.save_model(model, 'm.keras')\nassert len(keras.models.load_model('m.keras').layers) == 1",
        ["change m.keras"],
    ),
    "keras.saving.save_model": (MODEL + "keras.saving.save_model(model, 'm.keras')", ["change m.keras"]),
    "save as HDF5": (MODEL + "keras.saving.save_model(model, 'w.h5')\nkeras.saving.load_model('w.h5')", ["change w.h5"]),
    "keras.saving.save_weights": (
        MODEL + "from keras.src.saving import saving_api\nsaving_api.save_weights(model, 'm.weights.h5')",
        ["change m.weights.h5"],
    ),
    "SavedModel": (
        MODEL + "import tensorflow as tf\ntf.saved_model.save(model, 'exported')",
        ["change exported/variables/variables", "change exported/saved_model.pb", "change exported/fingerprint.pb"],
    ),
    "tf.train.Checkpoint": (MODEL + "import tensorflow as tf\ntf.train.Checkpoint(m=model).write('ck/c')", ["change ck/c"]),
    "tf.io.gfile": (
        "import tensorflow as tf\nwith tf.io.gfile.GFile('a.txt', 'w') as f: f.write('g')\nassert open('a.txt').read() == 'g'\n"
        "tf.io.gfile.rmtree('sub')\nassert not tf.io.gfile.exists('sub')",
        ["change a.txt", "remove sub"],
    ),
    "tf.io.write_file": (
        "import tensorflow as tf\ntf.io.write_file('a.txt', 'h')\nassert open('a.txt').read() == 'h'",
        ["change a.txt"],
    ),
    "event files": (
        "import tensorflow as tf\nw = tf.summary.create_file_writer('sub')\n"
        "with w.as_default(): tf.summary.write('a', 1.0, step=0)\nw.close()",
        ["add files to sub"],
    ),
    **{
        f"callback {name}": (
            MODEL + f"c = keras.callbacks.{call}\nc.set_model(model)\nmodel.compile('adam', 'mse')\nc.on_train_begin()\n"
            "c.on_epoch_begin(0)\nc.on_epoch_end(0, {'loss': 1.0})\nc.on_train_end()",
            says,
        )
        for name, call, says in (
            ("CSVLogger", "CSVLogger('a.txt')", ["change a.txt"]),
            ("ModelCheckpoint", "ModelCheckpoint('m.weights.h5', save_weights_only=True)", None),
            ("BackupAndRestore", "BackupAndRestore('sub')", None),
        )
    },
    "new files and folders": (
        "import os\nos.makedirs('n/m')\nopen('n/m/z', 'w').close()\nopen('new.txt', 'x').close()\nassert os.listdir('n') == ['m']",
        ["make n", "make new.txt"],
    ),
    "another folder": ("open(OUTSIDE, 'w').close()\nassert not open(OUTSIDE).read()", ["change {outside}"]),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of last week, by path: the program's folder is filled with them."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.txt").write_text("b")
    (folder / "a.txt").write_text("old")
    np.save(folder / "x.npy", np.arange(3))
    joblib.dump(0, folder / "x.joblib")
    (folder / "a.wav").write_bytes(b"old")
    with h5py.File(folder / "w.h5", "w") as file:
        file["a"] = 1
    database = sqlite3.connect(folder / "a.db")
    database.execute("create table t (n)")
    database.commit()
    database.close()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.save(folder / "m.keras")
    model.save_weights(folder / "m.weights.h5")
    model.export(folder / "exported", verbose=False)
    tf.train.Checkpoint(m=model).write(str(folder / "ck" / "c"))
    return folder


def contents(folder):
    """What is in a folder: bytes and modes of its files."""
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


def examined(folder, files, code):
    home = shutil.copytree(files, folder / "home")
    outside = folder / "outside.txt"
    outside.write_text("old")
    (home / "program.py").write_text(textwrap.dedent(f"OUTSIDE = {str(outside)!r}\n{code}\n"), encoding="utf-8")
    before = contents(folder)
    visit = examine_program(home / "program.py")
    return visit, before, contents(folder)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_before_is_changed_and_the_program_sees_what_it_wrote(tmp_path, files, way):
    code, says = WAYS[way]
    if way == "soundfile":
        pytest.importorskip("soundfile", reason="the extra `audio` is not installed")
    visit, before, after = examined(tmp_path, files, code)
    assert visit.problem.startswith("The program has no call of fit()"), visit.problem
    assert after == before
    if says is not None:
        assert visit.writes == [said.format(outside=tmp_path / "outside.txt") for said in says]
        assert says[0].split()[0] in text(visit)
    else:
        assert visit.writes or visit.left_out


def test_commands_of_the_program_are_not_started_and_those_of_libraries_are(tmp_path, files):
    code = """
    import os, subprocess, platform
    assert os.system("rm -rf sub") == 0
    assert subprocess.run("rm a.txt", shell=True).returncode == 0
    assert subprocess.check_output(["cat", "a.txt"], text=True) == ""
    import ctypes.util
    ctypes.util.find_library("c")
    """
    visit, before, after = examined(tmp_path, files, textwrap.dedent(code))
    assert visit.problem.startswith("The program has no call of fit()"), visit.problem
    assert after == before
    assert [line.split(" at ")[0] for line in visit.left_out] == ["rm -rf sub", "rm a.txt", "cat a.txt"]


def test_code_that_holds_on_to_the_real_functions_is_stopped_by_the_audit_hook(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")
    remove, rename, truncate = os.remove, os.rename, os.truncate
    with doors_of(Overlay(tmp_path)):
        for change in (
            lambda: io.FileIO(file, "w"),
            lambda: remove(file),
            lambda: rename(file, tmp_path / "b"),
            lambda: truncate(file, 0),
        ):
            with pytest.raises(PermissionError, match="existed before"):
                change()
    assert file.read_text() == "old"
    remove(file)


def test_every_door_is_closed_behind_the_program(tmp_path):
    before = (open, io.open, os.open, os.stat, os.remove, h5py.h5f.open)
    inside = []

    def fail():
        inside.append(open)
        raise RuntimeError

    with pytest.raises(RuntimeError), doors_of(Overlay(tmp_path)):
        fail()
    assert inside[0] is not before[0]
    assert (open, io.open, os.open, os.stat, os.remove, h5py.h5f.open) == before


@pytest.mark.parametrize("beside", ["", "home/"], ids=["cache elsewhere", "cache in the program's folder"])
def test_new_files_in_a_cache_stay(tmp_path, monkeypatch, beside):
    cache, home = tmp_path / f"{beside}cache", tmp_path / "home"
    cache.mkdir(parents=True)
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("KERAS_HOME", str(cache))
    overlay = Overlay(home)
    with doors_of(overlay):
        (cache / "data.zip").write_text("downloaded")
        (home / "data.zip").write_text("made")
    assert (cache / "data.zip").read_text() == "downloaded"
    assert not (home / "data.zip").exists()
    assert overlay.attempts == ["make data.zip"]


def test_temporary_files_stay_for_what_reads_them_later(tmp_path):
    (tmp_path / "home").mkdir()
    with doors_of(Overlay(tmp_path / "home")):
        (tmp_path / "new.txt").write_text("temporary")
    assert (tmp_path / "new.txt").read_text() == "temporary"
