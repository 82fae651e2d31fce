"""Who trains together, as TF_CONFIG says: read and checked here, for TensorFlow waits for ever where it is wrong."""

import json
import os
from dataclasses import dataclass
from typing import Any

from mt.errors import TrainingError

VARIABLE = "TF_CONFIG"
EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
KINDS = ("chief", "worker")  # in the order in which they are counted


@dataclass(frozen=True)
class Seat:
    """This process among those that train together."""

    index: int = 0  # 0 is the chief
    addresses: tuple[str, ...] = ("",)  # HOST:PORT of each, this one's too; none is needed to be alone

    @property
    def count(self) -> int:
        """How many train together."""
        return len(self.addresses)

    @property
    def others(self) -> list[str]:
        """The addresses of all but this one."""
        return [address for index, address in enumerate(self.addresses) if index != self.index]


def find_seat() -> Seat:
    """What TF_CONFIG says, the only one of one process without it.

    TrainingError, with what is wrong in it and an example, for one that is no cluster of workers.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return Seat()
    try:
        return _seat(json.loads(text))
    except json.JSONDecodeError as error:
        fault = f"is not JSON ({error})"
    except ValueError as error:
        fault = str(error)
    raise TrainingError(f"{VARIABLE} {fault}, got '{text}'. Set it on each worker as in {EXAMPLE}.")


def _seat(config: Any) -> Seat:
    """The seat that a TF_CONFIG gives; ValueError, as the end of a sentence about it, for a wrong one."""
    if not isinstance(config, dict):
        raise ValueError('is no table with "cluster" and "task"')
    cluster: Any = config.get("cluster")
    _require_cluster(cluster)
    own = config.get("task")
    if not isinstance(own, dict) or not {"type", "index"} <= own.keys():
        raise ValueError('has no "task" with the "type" and "index" of this process')
    kind, index = own["type"], own["index"]
    _require_kind(kind)
    count = len(cluster.get(kind, []))
    # TensorFlow takes "0" too.
    if not str(index).isdecimal() or int(index) >= count:
        raise ValueError(f'gives this process the index {index!r} of {count} in "{kind}", counted from 0')
    before = len(cluster.get("chief", [])) if kind == "worker" else 0
    return Seat(before + int(index), tuple(address for kind in KINDS for address in cluster.get(kind, [])))


def _require_cluster(cluster: Any) -> None:
    if not isinstance(cluster, dict) or not any(cluster.values()):
        raise ValueError('has no "cluster" with the addresses of all workers')
    for kind, addresses in cluster.items():
        _require_kind(kind)
        _require_addresses(kind, addresses)
    if len(cluster.get("chief", [])) > 1:
        raise ValueError('has more than one "chief"')
    everyone = [address for addresses in cluster.values() for address in addresses]
    if twice := {address for address in everyone if everyone.count(address) > 1}:
        raise ValueError(f"gives {' and '.join(sorted(twice))} to more than one process")


def _require_kind(kind: Any) -> None:
    if kind == "ps":
        raise ValueError('names parameter servers ("ps"), which Keras 3 cannot train with; all must be workers')
    if kind not in KINDS:
        raise ValueError(f"names the type {kind!r}; there are {' and '.join(KINDS)} alone")


def _require_addresses(kind: str, addresses: Any) -> None:
    if not isinstance(addresses, list):
        raise ValueError(f'has no list of addresses for "{kind}"')
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise ValueError(f"has the address {address!r}, which is not HOST:PORT")
