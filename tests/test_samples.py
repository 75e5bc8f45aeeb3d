"""The samples cache: same content every time, whatever happens while it is written."""

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from common.media.clips import Clip
from common.media.emotions import Emotion
from common.samples import build as building
from common.samples import store
from common.samples.build import ClipSamples, Samples, build
from common.support import files
from common.support.errors import UserError

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Settings:
    window: int = 3
    seconds: float = 0.0
    version: str = "1"


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """A clip file holds a seed and a number of frames; a trace beside it tells how often it was processed."""
    time.sleep(settings.seconds)
    with clip.source.with_suffix(".trace").open("a") as trace:
        trace.write("x")
    text = clip.source.read_text()
    if "broken" in text:
        raise UserError(f"{clip.source} is damaged.", "Copy it again.")
    seed, count = map(int, text.split())
    frames = np.random.default_rng(seed).integers(0, 256, (count, 4, 5, 2), np.uint8)
    starts = np.arange(max(count - settings.window + 1, 0))
    return ClipSamples(frames, np.arange(count) * 2 + 5, starts, settings.window, {"windows": len(starts)})


def corpus(folder, counts=(6, 2, 5, 9)):
    folder.mkdir(exist_ok=True)
    clips = clips_of(folder, len(counts))
    for number, (clip, count) in enumerate(zip(clips, counts, strict=True)):
        clip.source.write_text(f"{number} {count}")
    return clips


def clips_of(folder, number_of_clips):
    """The clips that `corpus` wrote; runs side by side must not write them anew while another one reads them."""
    sources = [folder / f"{number}.txt" for number in range(number_of_clips)]
    return [
        Clip("Cörpus", source.name, f"S{number % 2}", list(Emotion)[number % 7], source, "Train")
        for number, source in enumerate(sources)
    ]


def processed(clips):
    """How often prepare ran on each clip."""
    traces = [clip.source.with_suffix(".trace") for clip in clips]
    return [len(trace.read_text()) if trace.exists() else 0 for trace in traces]


@pytest.fixture
def clips(tmp_path):
    return corpus(tmp_path / "corpus")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


# --- content ----------------------------------------------------------------------------------------


def test_table_and_ledger_say_what_each_sample_and_clip_is(clips, cache):
    made = build(clips, prepare, Settings(), cache, workers=1)
    assert (len(made), made.length, made.shape) == (4 + 0 + 3 + 7, 3, (4, 5, 2))
    assert made.table.iloc[5].to_dict() == {
        "sample": 5,
        "corpus": "Cörpus",
        "clip": "2.txt",
        "subject": "Cörpus/S0",
        "emotion": "Fear",
        "partition": "Train",
        "first_row": 6 + 2 + 1,
        "first_frame": 7,
        "last_frame": 11,
    }
    assert made.ledger.windows.tolist() == [4, 0, 3, 7]
    assert made.ledger["clip"].tolist() == [clip.name for clip in clips]
    assert (made.ledger.problem == "").all()


def test_samples_are_read_by_position_in_any_order(clips, cache):
    made = build(clips, prepare, Settings(), cache, workers=1)
    everything = [prepare(clip, Settings()) for clip in clips]
    expected = np.stack([clip.frames[s : s + 3] for clip in everything for s in clip.starts])
    positions = [13, 0, 5, 5, 2]
    assert np.array_equal(made.read(positions), expected[positions])
    assert np.array_equal(made.read(range(len(made))), expected)
    assert made.read([]).shape == (0, 3, 4, 5, 2)
    assert np.array_equal(made.read_frames([3, 0, 3], [2, 0, 1]), expected[[3, 0, 3], [2, 0, 1]])
    with pytest.raises(IndexError):
        made.read([len(made)])


def test_samples_can_be_sent_to_other_processes(clips, cache):
    made = build(clips, prepare, Settings(), cache, workers=1)
    assert np.array_equal(pickle.loads(pickle.dumps(made)).read([1, 2]), made.read([1, 2]))


def test_any_hdf5_reader_can_read_the_file(clips, cache):
    made = build(clips, prepare, Settings(), cache, workers=1)
    with h5py.File(made.path) as file:
        first = file["samples/first_row"][5]
        assert np.array_equal(file["frames"][first : first + 3], made.read([5])[0])
        assert file["frames"].chunks is None and file["clips/clip"][2] == b"2.txt"


def test_one_or_two_workers_write_the_same_bytes(clips, tmp_path):
    made = [build(clips, prepare, Settings(), tmp_path / f"{n}", workers=n) for n in (1, 2)]
    assert made[0].path.name == made[1].path.name
    assert made[0].path.read_bytes() == made[1].path.read_bytes()


# --- key --------------------------------------------------------------------------------------------


def test_a_second_build_computes_nothing_and_leaves_one_file(clips, cache):
    seen = []
    first = build(clips, prepare, Settings(), cache, workers=2, progress=lambda *step: seen.append(step))
    second = build(clips, prepare, Settings(), cache, workers=1)
    assert processed(clips) == [1, 1, 1, 1]
    assert first.path == second.path
    assert [step[:2] for step in seen] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert {step[2] for step in seen[1:]} == {clip.name for clip in clips}
    assert [path for path in cache.rglob("*") if path.is_file() and path.name != ".lock"] == [first.path]


def test_whatever_decides_the_content_changes_the_key(clips):
    def key(clips, settings=Settings()):
        return tuple(building._keys(clips, prepare, settings))

    before = key(clips)
    assert key(clips) == before
    assert key(clips, Settings(window=4)) != before
    assert key(clips, Settings(version="2")) != before
    assert key([replace(clips[0], emotion=Emotion.SAD), *clips[1:]]) != before
    assert key([replace(clips[0], subject="S9"), *clips[1:]]) != before
    clips[0].source.write_text("7 6")
    changed = key(clips)
    assert changed[0] != before[0] and changed[1:] == before[1:]


def test_place_on_disk_does_not_matter(tmp_path):
    keys = [building._keys(corpus(tmp_path / name), prepare, Settings()) for name in ("a", "b")]
    assert keys[0] == keys[1]


def test_large_files_are_known_by_size_and_blocks(tmp_path):
    path = tmp_path / "large"
    content = bytearray(5_000_000)
    marks = set()
    for position in (0, 2_500_000, 4_999_999):
        content[position] = 1
        path.write_bytes(content)
        marks.add(files.fingerprint(path))
    path.write_bytes(content + b"x")
    assert len(marks | {files.fingerprint(path)}) == 4


def test_folders_are_known_by_all_their_files(tmp_path):
    (tmp_path / "1.png").write_bytes(b"a")
    first = files.fingerprint(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert files.fingerprint(tmp_path) == first
    (tmp_path / "1.png").rename(tmp_path / "2.png")
    assert files.fingerprint(tmp_path) != first


# --- broken input -----------------------------------------------------------------------------------


def test_broken_clips_are_listed_once_and_the_others_kept(clips, cache):
    for number in (1, 3):
        clips[number].source.write_text("broken")
    with pytest.raises(UserError) as error:
        build(clips, prepare, Settings(), cache, workers=2)
    assert "2 of 4 clips cannot be read" in error.value.problem
    assert all(str(clips[number].source) in error.value.problem for number in (1, 3))
    for number in (1, 3):
        clips[number].source.write_text(f"{number} 5")
    assert len(build(clips, prepare, Settings(), cache, workers=1)) == 4 + 3 + 3 + 3
    assert processed(clips) == [1, 2, 1, 2]


def test_broken_clips_can_be_left_out_but_stay_in_the_ledger(clips, cache):
    clips[1].source.write_text("broken")
    made = build(clips, prepare, Settings(), cache, workers=1, skip_broken=True)
    assert made.ledger.problem.str.contains("damaged").tolist() == [False, True, False, False]
    assert made.ledger.windows.tolist() == [4, 0, 3, 7]
    with pytest.raises(UserError, match="1 of 4 clips cannot be read"):
        build(clips, prepare, Settings(), cache, workers=1)


def test_clips_without_any_sample_are_refused_with_their_counts(tmp_path, cache):
    with pytest.raises(UserError, match=r"None of the 2 clips gave a sample \(rows 3, windows 0\)"):
        build(corpus(tmp_path / "corpus", (1, 2)), prepare, Settings(), cache, workers=1)
    with pytest.raises(UserError, match="no clips"):
        build([], prepare, Settings(), cache)


# --- damaged and foreign files ----------------------------------------------------------------------


def _cut(path):
    os.truncate(path, path.stat().st_size * 2 // 3)


def _empty(path):
    os.truncate(path, 0)


def _garbage(path):
    path.write_bytes(os.urandom(path.stat().st_size))


def _flip(path):
    with h5py.File(path) as file:
        offset = file["frames"].id.get_offset()
    with path.open("r+b") as file:
        file.seek(offset + 100)
        byte = file.read(1)[0]
        file.seek(offset + 100)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("damage", [_cut, _empty, _garbage, _flip])
def test_a_damaged_file_is_named_and_built_again(clips, cache, damage):
    made = build(clips, prepare, Settings(), cache, workers=1)
    expected = made.read(range(len(made)))
    damage(made.path)
    with pytest.raises(store.Damaged, match=made.path.name):
        Samples(made.path)
    with pytest.warns(RuntimeWarning, match=f"{made.path} is damaged and built again"):
        again = build(clips, prepare, Settings(), cache, workers=1)
    assert np.array_equal(again.read(range(len(again))), expected)


def test_a_file_of_a_newer_format_is_refused(clips, cache):
    made = build(clips, prepare, Settings(), cache, workers=1)
    with h5py.File(made.path, "r+") as file:
        file.attrs["format"] = store.FORMAT + 1
    with pytest.raises(UserError, match=r"newer version .* Update the program"):
        build(clips, prepare, Settings(), cache, workers=1)


# --- disks and permissions --------------------------------------------------------------------------


def fail(code):
    def raising(*_, **__):
        raise OSError(code, os.strerror(code))

    return raising


def test_a_full_disk_at_the_end_keeps_the_finished_clips(clips, cache, monkeypatch):
    monkeypatch.setattr(store, "_write_tables", fail(errno.ENOSPC))
    with pytest.raises(UserError, match=f"disk is full: nothing more can be written to {cache}.*Free some space"):
        build(clips, prepare, Settings(), cache, workers=1)
    monkeypatch.undo()
    assert not list(cache.glob("*.tmp"))
    build(clips, prepare, Settings(), cache, workers=1)
    assert processed(clips) == [1, 1, 1, 1]


def test_space_is_looked_at_before_hdf5_writes(clips, cache, monkeypatch):
    import shutil

    usage = shutil.disk_usage(clips[0].source)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(UserError, match="disk is full"):
        build(clips, prepare, Settings(), cache, workers=1)


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system in memory with the given options, where that is allowed."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("mounting a file system is not allowed here")
        return folder

    yield mount
    subprocess.run(["umount", "--lazy", folder], capture_output=True)


def test_a_disk_that_really_is_full(tmp_path, mounted):
    folder = mounted("size=4m")
    clips = corpus(tmp_path / "corpus", (60_000, 60_000))  # 2.4 MB each
    with pytest.raises(UserError, match="disk is full"):
        build(clips, prepare, Settings(), folder / "cache", workers=1)
    assert len(list(folder.rglob("*.npz"))) == 1 and not list(folder.rglob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=40m", folder], check=True)
    assert len(build(clips, prepare, Settings(), folder / "cache", workers=1)) == 2 * 59_998
    assert sorted(processed(clips)) == [1, 2]


def test_a_folder_that_is_read_only(clips, mounted):
    with pytest.raises(UserError, match=r"cannot be written to .*Give yourself write permission"):
        build(clips, prepare, Settings(), mounted("size=1m,ro") / "cache", workers=1)


@pytest.mark.skipif(os.getuid() == 0, reason="permissions do not bind the super-user")
def test_a_folder_without_write_permission(clips, tmp_path):
    tmp_path.joinpath("locked").mkdir(mode=0o500)
    with pytest.raises(UserError, match="permission denied"):
        build(clips, prepare, Settings(), tmp_path / "locked" / "cache", workers=1)


def test_a_folder_that_is_a_file(clips, cache):
    cache.write_text("")
    with pytest.raises(UserError, match="cannot be written to"):
        build(clips, prepare, Settings(), cache, workers=1)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_what_cannot_be_written_is_absent_and_told(tmp_path, code):
    path = tmp_path / "result"
    with pytest.raises(files.StorageError, match=str(tmp_path)), files.atomic(path) as temporary:
        temporary.write_text("half")
        fail(code)()
    assert list(tmp_path.iterdir()) == []


# --- several processes ------------------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import test_samples as t

if __name__ == "__main__":
    clips = t.clips_of(Path({corpus!r}), 12)
    steps = []
    made = t.build(clips, t.prepare, t.Settings(seconds=0.1), Path({cache!r}), workers=2,
                   progress=lambda *step: steps.append(step[2]))
    print(len(made), "waiting for another run" in steps)
"""


@pytest.fixture
def other_process(tmp_path):
    script = tmp_path / "run.py"
    corpus(tmp_path / "corpus", (6,) * 12)
    here = {"root": str(ROOT), "tests": str(Path(__file__).parent)}
    script.write_text(SCRIPT.format(**here, corpus=str(tmp_path / "corpus"), cache=str(tmp_path / "cache")))
    return lambda: subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)


def wait_for_shards(cache, number):
    for _ in range(600):
        if len(list(cache.glob("shards/*.npz"))) >= number:
            return
        time.sleep(0.02)
    raise AssertionError("no clip was finished in time")


def test_a_killed_run_goes_on_where_it_was(tmp_path, cache, other_process):
    run = other_process()
    wait_for_shards(cache, 3)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=10)  # the pipe closes when the last worker has ended too
    kept = len(list(cache.glob("shards/*.npz")))
    assert 3 <= kept < 12

    clips = clips_of(tmp_path / "corpus", 12)
    before = processed(clips)
    made = build(clips, prepare, Settings(seconds=0.1), cache)
    assert sum(processed(clips)) == sum(before) + 12 - kept
    unbroken = build(clips, prepare, Settings(seconds=0.1), tmp_path / "other")
    assert made.path.read_bytes() == unbroken.path.read_bytes()


def test_two_runs_at_once_compute_once(tmp_path, other_process):
    runs = [other_process(), other_process()]
    told = sorted(run.communicate(timeout=60)[0].split() for run in runs)
    assert told == [["48", "False"], ["48", "True"]]
    assert processed(clips_of(tmp_path / "corpus", 12)) == [1] * 12


def suicidal(clip, settings):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_told(clips, cache):
    with pytest.raises(UserError, match=r"killed from outside \(SIGKILL\)"):
        build(clips, suicidal, Settings(), cache, workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_names_that_are_no_utf8_go_into_samples_and_out_again(tmp_path, cache, workers):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    clips = [
        replace(clip, name=os.fsdecode(b"M\xfcller/%d.txt" % number), subject=os.fsdecode(b"J\xf6rg"))
        for number, clip in enumerate(corpus(folder, (6, 5)))
    ]
    samples = build(clips, prepare, Settings(), cache, workers=workers)
    assert samples.ledger["clip"].tolist() == ["M%FCller/0.txt", "M%FCller/1.txt"]
    assert {subject.rpartition("/")[2] for subject in samples.ledger.subject} == {"J%F6rg"}


def buggy(clip, settings):
    raise ZeroDivisionError("a bug, not a broken clip")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_in_the_preprocessing_is_not_hidden(clips, cache, workers):
    with pytest.raises(ZeroDivisionError):
        build(clips, buggy, Settings(), cache, workers)
