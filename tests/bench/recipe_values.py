"""A recipe's values: written as TOML, and with some of them changed."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHANGE = re.compile(r"([a-z]+\.[a-z_]+)=([^,=]+)")
_CHANGES = re.compile(rf"{_CHANGE.pattern}(,{_CHANGE.pattern})*")


def read_changes(text: str) -> dict[str, Any]:
    """The values by key of such as `model.dropout=0.3,subwords.kind="bpe"`; ValueError for anything else."""
    if not _CHANGES.fullmatch(text):
        raise ValueError(f"Changes of a recipe are written SECTION.KEY=VALUE,SECTION.KEY=VALUE,…; got '{text}'.")
    return {key: tomllib.loads(f"x = {value}")["x"] for key, value in _CHANGE.findall(text)}


def change(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's values with others for some keys, such as "model.dropout"."""
    changed = dict(values)
    for key, value in changes.items():
        section, name = key.split(".")
        changed[section] = {**changed[section], name: value}
    return changed


def write_recipe(values: Mapping[str, Any], path: Path) -> Path:
    """The path, with a recipe's values in it as TOML: plain keys first, then tables, then lists of tables."""
    plain = {key: value for key, value in values.items() if not _is_table(value) and not _is_list_of_tables(value)}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for key, value in values.items():
        tables = [value] if _is_table(value) else value if _is_list_of_tables(value) else []
        for table in tables:
            lines += ["", f"[{key}]" if _is_table(value) else f"[[{key}]]"]
            lines += [f"{name} = {_toml(entry)}" for name, entry in table.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and _is_table(value[0])


def _toml(value: Any) -> str:
    """TOML writes strings, numbers, truth values and lists of them as JSON does."""
    return json.dumps(value, ensure_ascii=False)
