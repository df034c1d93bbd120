"""A foreign workbook as rows of text, or a refusal in Chinese. Called by jobs only, never by a request (B11, I03).

The file is opened by `sheet_child.py` in a process of its own; this side only starts it, waits and reads its answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealership.core.errors import DomainError

CHILD = Path(__file__).with_name("sheet_child.py")
WAIT_SECONDS = 90  # by the clock of the wall; the child's own limit counts its work
RESAVE = "请在 Excel 中打开后另存为“Excel 工作簿（*.xlsx）”再上传。"
REFUSALS = {
    "not_a_workbook": f"这不是 Excel 工作簿文件。{RESAVE}",
    "old_format": f"这是旧版 .xls 格式（或改了扩展名）。{RESAVE}",
    "encrypted": "文件设有打开密码，系统无法读取。请在 Excel 中取消密码后重新上传。",
    "macro": "文件带有宏，为安全起见不能导入。请另存为不含宏的“Excel 工作簿（*.xlsx）”再上传。",
    "external": "文件带有外部链接、数据连接或嵌入对象，不能导入。请把数据“选择性粘贴为数值”到新的工作簿再上传。",
    "entities": f"文件内部含有不安全的定义，不能导入。{RESAVE}",
    "bomb": "文件解压后过大，不能导入。请只保留要导入的数据，另存为新文件再上传。",
    "too_many_parts": "文件内部的部件过多，不能导入。请把数据复制到新的工作簿再上传。",
    "too_many_sheets": "工作表过多（最多 20 张）。请只保留要导入的工作表再上传。",
    "no_sheet": "文件里没有可见的工作表。请取消隐藏要导入的工作表再上传。",
    "too_wide": "第 60 列以后还有内容，请删除多余的列后再上传。",
    "too_long": "数据区下方很远处还有内容或格式（如末行 1048576），请删除数据下方的空白行，保存后再上传。",
    "damaged": f"文件已损坏，无法读取。{RESAVE}",
    "killed": "文件太复杂，读取超出限制，已停止。请只保留要导入的数据，另存为新文件再上传。",
}


@dataclass(frozen=True)
class SheetRows:
    """The rows of the first visible sheet that hold something: (number in Excel, texts)."""

    sheet: str
    rows: list[tuple[int, list[str]]]
    others: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def read_sheet(path: Path, most_rows: int) -> SheetRows:
    """Raises `DomainError("bad_file")` with a sentence that says how to mend it. `most_rows` counts the header too."""
    command = [sys.executable, "-I", str(CHILD), str(path), str(most_rows)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WAIT_SECONDS, check=False, env={})  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _refusal("killed", most_rows) from None
    answer = _answer(done)
    if "refused" in answer:
        raise _refusal(str(answer["refused"]), most_rows)
    rows = [(int(row[0]), [str(text) for text in row[1:]]) for row in answer["rows"]]
    return SheetRows(answer["sheet"], rows, answer["others"], answer["hidden"], answer["merged"])


def _answer(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """A child that was stopped by its limits says nothing, or only half."""
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return {"refused": "killed"}
    return answer if isinstance(answer, dict) else {"refused": "killed"}


def _refusal(code: str, most_rows: int) -> DomainError:
    many = f"数据超过 {most_rows - 1} 行，请分成几个文件导入。"
    return DomainError("bad_file", many if code == "too_many_rows" else REFUSALS.get(code, REFUSALS["damaged"]))
