"""Folders as people have them: links that lead back, folders that cannot be listed, what tools leave."""

import errno
import os
from pathlib import Path

import pytest

from common.support.errors import UserError
from datasets import enterface, tree


def touch(home: Path, *names: str) -> None:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()


def below(home: Path) -> list[str]:
    return [path.as_posix() for path in tree.below(home, ".avi")]


@pytest.mark.parametrize("target", [".", "..", "../..", "../a", "again"])
def test_a_link_that_leads_back_is_not_followed(tmp_path, target):
    home = tmp_path / "set"
    touch(home, "a/1.avi", "b/2.avi")
    (home / "a" / "again").symlink_to(target)
    assert below(home) == ["a/1.avi", "b/2.avi"]
    assert [path.as_posix() for path in tree.below(home / "a", ".avi")] == ["1.avi"]


def test_links_between_folders_end(tmp_path):
    for here in "abcdefgh":
        touch(tmp_path, f"{here}/{here}.avi")
        for there in "abcdefgh":
            (tmp_path / here / there).symlink_to(tmp_path / there)
    assert below(tmp_path) == [f"{here}/{here}.avi" for here in "abcdefgh"]


def test_a_set_that_is_put_together_by_links_is_read(tmp_path):
    touch(tmp_path, "disk/b/1.avi")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a").symlink_to(tmp_path / "disk")
    assert below(tmp_path / "set") == ["a/b/1.avi"]


def test_of_a_folder_and_a_link_to_it_the_folder_is_read(tmp_path):
    touch(tmp_path, "z/1.avi")
    (tmp_path / "a").symlink_to("z")
    assert below(tmp_path) == ["z/1.avi"]


def test_the_search_does_not_run_in_circles(tmp_path):
    for here in "abcdefghij":
        for there in range(10):
            (tmp_path / here).mkdir(exist_ok=True)
            (tmp_path / here / str(there)).symlink_to("..")
    seen = []
    assert tree.search(tmp_path, seen.append, depth=9) is None
    assert len(seen) == 11


def test_a_set_with_a_link_to_itself_is_counted_once(tmp_path):
    touch(tmp_path, *(f"subject {n}/anger/sentence {k}/s{n}_an_{k}.avi" for n in (1, 2) for k in range(1, 6)))
    (tmp_path / "subject 1" / "again").symlink_to(".")
    (tmp_path / "subject 2" / "all").symlink_to(tmp_path)
    assert len(enterface.index(tmp_path).clips) == 10


@pytest.mark.parametrize(("code", "reason"), [(errno.EIO, "input/output error"), (errno.ESTALE, "stale file handle")])
def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch, code, reason):
    touch(tmp_path, "subject 1/anger/1.avi")
    scandir = os.scandir

    def broken(folder):
        if Path(folder).name == "anger":
            raise OSError(code, os.strerror(code))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", broken)
    with pytest.raises(UserError, match=rf"anger cannot be listed \({reason}\)"):
        enterface.index(tmp_path)


def test_a_root_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(Path, "exists", broken)
    with pytest.raises(UserError, match="cannot be listed"):
        tree.require_root(tmp_path)


def test_what_tools_leave_is_no_part_of_a_set(tmp_path):
    touch(tmp_path, "1.avi", "._1.avi", "@eaDir/1.avi/thumb.avi", "__MACOSX/1.avi", "~$1.avi", ".DS_Store", "Thumbs.db")
    assert below(tmp_path) == ["1.avi"]
