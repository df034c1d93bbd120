"""Hostile files end the reading child, never the worker (I03); a full disk leaves nothing half (F13)."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from django.conf import settings

from dealership.core.sheet_read import CHILD
from leads.models import ImportRow, Lead
from leads.services.imports import import_confirm
from leads.tests.imports.bombs import BOMBS, sound
from leads.tests.imports.files import LEADS, again, checked, number, upload, work, workbook
from leads.tests.lead_builders import nobody_takes

MEGABYTE = 1024 * 1024
# More than the log of a failed job needs, less than the workbook of 200 rows with such texts.
ROOM = 64 * 1024


def long(index):
    """A note that hardly compresses."""
    return "".join(Random(index).choices([chr(code) for code in range(0x4E00, 0x9000)], k=480))


# A process begins with the peak of the one that started it, so the reader is started by a small one.
MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-I", *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory_of_the_reader(content, folder):
    """Bytes the reading process had at most."""
    path = folder / "bomb.xlsx"
    path.write_bytes(content)
    command = [sys.executable, "-I", "-c", MEASURE, str(CHILD), str(path), "100"]
    return int(subprocess.run(command, capture_output=True, check=True).stdout) * 1024


@pytest.mark.parametrize("name", BOMBS)
def test_i03_is_refused_with_a_sentence(name, store, manager, tmp_path):
    make, words = BOMBS[name]
    content = make()
    batch = upload(manager, store, io.BytesIO(content))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    job = work(batch.check_job)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    batch = again(batch)
    assert (job.state, batch.state) == ("failed", "failed")
    assert any(word in batch.message for word in words.split("|")), batch.message
    assert job.message == batch.message
    assert grown * 1024 < 200 * MEGABYTE
    assert memory_of_the_reader(content, tmp_path) <= 512 * MEGABYTE
    assert ImportRow.objects.count() == 0
    assert list((Path(settings.MEDIA_ROOT) / "imports").iterdir()) == []
    # The worker goes on as if nothing had been.
    assert checked(manager, store, io.BytesIO(sound())).rows_good == 1


@pytest.fixture
def small_disk():
    """No file of this process grows past the limit: the same error as a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_f13_a_full_disk_while_the_error_workbook_is_written(store, manager, small_disk):
    batch = upload(manager, store, workbook(LEADS, [[f"客户{i}", "坏", "", "", long(i)] for i in range(200)]))
    small_disk(ROOM)
    job = work(batch.check_job)
    small_disk(resource.RLIM_INFINITY)
    batch = again(batch)
    assert (job.state, batch.state, job.result_file) == ("failed", "failed", "")
    assert "文件写入失败" in job.message
    assert "磁盘空间不足" in batch.message
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_f13_a_full_disk_while_the_result_is_written_imports_nothing(store, manager, small_disk):
    nobody_takes(store)
    batch = checked(manager, store, workbook(LEADS, [[f"客户{i}", number(i), "", "", long(i)] for i in range(200)]))
    batch = import_confirm(by=manager, batch_id=batch.pk)
    small_disk(ROOM)
    job = work(batch.confirm_job)
    small_disk(resource.RLIM_INFINITY)
    assert (job.state, job.result_file, again(batch).state) == ("failed", "", "checked")
    assert "文件写入失败" in job.message
    assert Lead.objects.count() == 0
    batch = import_confirm(by=manager, batch_id=batch.pk)
    assert work(batch.confirm_job).state == "done"
    assert Lead.objects.count() == 200
