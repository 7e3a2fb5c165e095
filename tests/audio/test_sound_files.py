"""Sound files of every kind become the same waveform; what cannot be used is refused by name; what others read wrongly is named."""

import io

import numpy as np
import pytest

from tlcourse.audio import SoundWarning, load_sound_folder, read_sound, resample
from tlcourse.audio.sound_files import fitted

soundfile = pytest.importorskip("soundfile", reason="the extra `audio` is not installed")
RATE = 8000


def tone(rate=RATE, seconds=0.5, hertz=440, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


KINDS = [
    ("PCM_U8", "WAV", 0.01),
    ("PCM_16", "WAV", 1e-4),
    ("PCM_24", "WAV", 1e-6),
    ("PCM_32", "WAV", 1e-6),
    ("FLOAT", "WAV", 1e-6),
]
KINDS += [("PCM_16", "WAVEX", 1e-4), ("PCM_24", "WAVEX", 1e-6), ("PCM_16", "FLAC", 1e-4)]


@pytest.mark.parametrize(("subtype", "form", "room"), KINDS)
def test_every_bit_depth_and_header_is_read_alike(tmp_path, subtype, form, room):
    soundfile.write(tmp_path / "a.wav", tone(), RATE, subtype, format=form)
    found = read_sound(tmp_path / "a.wav")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, tone(), atol=room)


def test_channels_are_averaged_once(tmp_path):
    both = np.stack([tone(), 0.5 * tone()], axis=1)
    soundfile.write(tmp_path / "a.wav", both, RATE, "FLOAT")
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav"), 0.75 * tone(), atol=1e-6)


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 44100, 48000])
def test_another_sample_rate_gives_the_same_tone(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(rate), rate, "FLOAT")
    found = read_sound(tmp_path / "a.wav")
    assert len(found) == RATE // 2
    np.testing.assert_allclose(found[200:-200], tone()[200:-200], atol=2e-3)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_resampling_keeps_what_fits_and_removes_what_would_fold_back(rate):
    inside = lambda x: np.sqrt(np.mean(x[800:-800] ** 2)) * np.sqrt(2) / 0.5  # noqa: E731
    for hertz in (100, 1000, 3000, 3600):
        assert 20 * np.log10(inside(resample(tone(rate, 1, hertz), rate, RATE))) == pytest.approx(0, abs=0.1)
    for hertz in (4050, 5000, 7000):
        assert 20 * np.log10(inside(resample(tone(rate, 1, hertz), rate, RATE))) < -80


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros(0), "holds no sample"),
        (tone(seconds=0.01), "shorter than one frame"),
        (np.where(np.arange(4000) == 7, np.nan, 0.1), "NaN"),
        (np.round(tone() * 32767), "far beyond"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path, sound, said):
    soundfile.write(tmp_path / "bad one.wav", sound, RATE, "FLOAT")
    with pytest.raises(ValueError, match=f"bad one.wav .*{said}.*Received: "):
        read_sound(tmp_path / "bad one.wav")


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (np.zeros(4000), "silent"),
        (np.clip(tone(level=3), -1, 1), "clipped"),
        (np.tile(tone(), 130), "only the first 60 s"),
    ],
)
def test_what_is_doubtful_gives_a_warning_with_the_name(tmp_path, sound, said):
    soundfile.write(tmp_path / "odd.wav", sound, RATE, "FLOAT")
    with pytest.warns(SoundWarning, match=f"odd.wav .*{said}"):
        assert len(read_sound(tmp_path / "odd.wav")) <= 60 * RATE


def test_a_text_that_is_called_wav_is_refused_and_a_missing_file_too(tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(ValueError, match=r"a.wav is no sound"):
        read_sound(tmp_path / "a.wav")
    with pytest.raises(FileNotFoundError, match="Received: path="):
        read_sound(tmp_path / "b.wav")


def test_a_folder_of_mixed_files_is_one_set(tmp_path):
    for word, hertz in (("no", 300), ("yes", 900)):
        (tmp_path / word).mkdir()
        soundfile.write(tmp_path / word / "ann_1.wav", np.stack([tone(44100, hertz=hertz)] * 2, 1), 44100, "PCM_24")
        soundfile.write(tmp_path / word / "bob_1.wav", tone(16000, 2, hertz), 16000, "PCM_16")
    clips = load_sound_folder(tmp_path, seconds=1.0, speaker_of=lambda name: name.split("_")[0])
    assert clips.waveforms.shape == (4, 8000)
    assert clips.class_names == ("no", "yes")
    assert clips.labels.tolist() == [0, 0, 1, 1]
    assert clips.groups.tolist() == ["ann", "bob", "ann", "bob"]
    with pytest.raises(ValueError, match="two classes or more"):
        load_sound_folder(tmp_path / "yes")


def test_a_long_clip_keeps_its_loudest_stretch():
    sound = np.concatenate([np.zeros(500), np.ones(100), np.zeros(700)])
    assert fitted(sound, 100).sum() == 100
    assert fitted(sound[:600], 800).tolist()[600:] == [0] * 200


def test_tensorflow_still_reads_only_16_bit_files_with_the_plain_header():
    """tf.audio.decode_wav, TensorFlow 2.21: seen in decode_wav_op.cc. If this fails, the docstring of read_sound is out of date."""
    import tensorflow as tf

    for subtype, form, reads in (
        ("PCM_16", "WAV", True),
        ("PCM_16", "WAVEX", False),
        ("PCM_24", "WAV", False),
        ("FLOAT", "WAV", False),
    ):
        file = io.BytesIO()
        soundfile.write(file, tone(), RATE, subtype, format=form)
        if reads:
            np.testing.assert_allclose(tf.audio.decode_wav(file.getvalue())[0][:, 0], tone(), atol=1e-4)
        else:
            with pytest.raises(tf.errors.InvalidArgumentError):
                tf.audio.decode_wav(file.getvalue())


def test_soundfile_still_reads_float_files_as_int16_zeros():
    """soundfile 0.14 (libsndfile): a float file asked for as int16 is cut, not scaled. Hence read_sound asks for float32."""
    file = io.BytesIO()
    soundfile.write(file, tone(), RATE, "FLOAT", format="WAV")
    file.seek(0)
    assert not soundfile.read(file, dtype="int16")[0].any()
