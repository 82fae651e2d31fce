"""Translations that were found lately, in a bounded number of bytes."""

from collections import OrderedDict
from collections.abc import Hashable

from mt import Hypothesis
from service.scheduling.orders import Found, Query

# What entries have beside ids and arrays: tuples, the dictionary's slots, the arrays' headers; rounded up.
ENTRY_BYTES = 700
HYPOTHESIS_BYTES = 650
ID_BYTES = 8 + 32  # a reference, and the number itself

Key = tuple[Hashable, Query]


class HypothesisCache:
    """What was found for queries, the least lately used dropped first; may be shared by several translators."""

    def __init__(self, most_bytes: int):
        """`most_bytes` bounds the memory of all entries; 0 keeps nothing."""
        self.most_bytes = most_bytes
        self.bytes = 0
        self._entries: OrderedDict[Key, Found] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, version: Hashable, query: Query) -> Found | None:
        """What a translator of this version found for the query, if it is known."""
        found = self._entries.get((version, query))
        if found is not None:
            self._entries.move_to_end((version, query))
        return found

    def put(self, version: Hashable, query: Query, found: Found) -> None:
        """Nothing; it is kept, unless it is late, and so not what a search would find, or larger than the cache."""
        key = (version, query)
        size = entry_bytes(query, found)
        if key in self._entries or size > self.most_bytes or any(one.is_late for one in found):
            return
        self._entries[key] = found
        self.bytes += size
        while self.bytes > self.most_bytes:
            (_, oldest), old = self._entries.popitem(last=False)
            self.bytes -= entry_bytes(oldest, old)

    def forget(self, version: Hashable) -> None:
        """Nothing; what translators of this version found is dropped."""
        for key in [key for key in self._entries if key[0] == version]:
            _, query = key
            self.bytes -= entry_bytes(query, self._entries.pop(key))


def entry_bytes(query: Query, found: Found) -> int:
    """About how much memory an entry takes, rather more than less."""
    ids = len(query.source) + len(query.prefix)
    return ENTRY_BYTES + ids * ID_BYTES + sum(map(_hypothesis_bytes, found))


def _hypothesis_bytes(hypothesis: Hypothesis) -> int:
    arrays = hypothesis.attention.nbytes + hypothesis.log_probabilities.nbytes
    return HYPOTHESIS_BYTES + len(hypothesis.ids) * ID_BYTES + arrays
