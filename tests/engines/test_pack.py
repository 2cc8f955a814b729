"""How cells are handed to compiled code."""

import numpy as np

from apical.engines.cpu.pack import by_depth
from apical.models import erp
from apical.plan import compile


def test_trees_are_solved_by_depth():
    for population in compile(erp(grid=(1, 1)), 1.0).populations:
        tree = population.cell.tree
        order = by_depth(tree).tolist()
        assert sorted(order) == list(range(tree.nodes))
        depth = {order[0]: 0}
        for node in order[1:]:
            depth[node] = depth[int(tree.parent[node])] + 1
        assert list(depth.values()) == sorted(depth.values())
        # children of one node keep their order, and with it how sums are rounded
        place = np.argsort(tree.order)
        for node in range(tree.nodes):
            children = [place[n] for n in order if tree.parent[n] == node]
            assert children == sorted(children)
