"""Links of one direction and of the other made into one set: Och & Ney 2003, §4.4; Koehn et al. 2003, §4."""

from collections.abc import Set as AbstractSet

Link = tuple[int, int]  # source word, target word
Set = AbstractSet[Link]
NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def grow_diag_final_and(forward: Set, backward: Set) -> set[Link]:
    """The intersection, grown to neighbours in the union that link a word without a link, then those of two such words.

    Between the intersection and the union of both.
    """
    found, union = set(forward & backward), forward | backward
    sources, targets = {source for source, _ in found}, {target for _, target in found}
    waiting = sorted(found)
    while waiting:
        grown = []
        for source, target in waiting:
            for down, right in NEIGHBOURS:
                link = source + down, target + right
                if link in union and link not in found and not (link[0] in sources and link[1] in targets):
                    grown.append(link)
                    found.add(link)
                    sources.add(link[0])
                    targets.add(link[1])
        waiting = grown
    for links in (forward, backward):
        for source, target in sorted(links - found):
            if source not in sources and target not in targets:
                found.add((source, target))
                sources.add(source)
                targets.add(target)
    return found
