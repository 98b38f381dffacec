"""Writes motifs.json: random directed graphs and their triadic census by networkx.

    python3 tests/reference/motifs.py

Made with Python 3.11.7 and networkx 3.6.1.
"""

import json
import pathlib
import random

import networkx as nx

NAMES = "003 012 102 021D 021U 021C 111D 111U 030T 030C 201 120D 120U 120C 210 300".split()
# (nodes, probability of an edge, probability that an edge is reciprocated on top of that)
CASES = [(3, 0.6, 0.0), (5, 0.5, 0.3), (12, 0.3, 0.2), (20, 0.15, 0.0), (33, 0.1, 0.5), (40, 0.5, 0.0),
         (63, 0.05, 0.2), (64, 0.1, 0.1), (65, 0.2, 0.0), (80, 0.08, 0.3)]

random.seed(20240101)
graphs = []
for nodes, density, mutual in CASES:
    edges = set()
    for a in range(nodes):
        for b in range(nodes):
            if a != b and random.random() < density:
                edges.add((a, b))
                if random.random() < mutual:
                    edges.add((b, a))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edges)
    census = nx.triadic_census(graph)
    graphs.append({"nodes": nodes, "edges": sorted(edges), "census": [census[name] for name in NAMES]})

path = pathlib.Path(__file__).with_name("motifs.json")
path.write_text(json.dumps({"names": NAMES, "graphs": graphs}, separators=(",", ":")) + "\n")
