from __future__ import annotations

import sys

from allennlp.common.util import import_module_and_submodules

import spanbert_allen.compat  # noqa: F401


def test_a_part_is_imported_and_no_file_of_its_name(tmp_path, monkeypatch):
    part = tmp_path / "their_parts" / "data"
    part.mkdir(parents=True)
    for file in (part.parent / "__init__.py", part / "__init__.py", part / "held.py"):
        file.touch()
    (tmp_path / "data.py").write_text("raise SystemExit('a program of the user ran')\n")
    monkeypatch.chdir(tmp_path)
    import_module_and_submodules("their_parts")
    assert "their_parts.data.held" in sys.modules
    for name in ("their_parts", "their_parts.data", "their_parts.data.held"):
        monkeypatch.delitem(sys.modules, name)
    assert "data" not in sys.modules
