"""The inventory service.

Owns: units, the requirements of a target unit, installations, unit status, the as-built tree.
Publishes: every unit event and contested completions on `asbuilt.inventory`.
Listens to: `plant.units`, `plant.installs`, and what run announces.
Serves: `/units`, with the tree of a unit.
"""
