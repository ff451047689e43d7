"""The inventory service.

Owns: units, locations, the requirements of a target unit, installations, unit status, the as-built tree.
Publishes: every unit event and contested completions on `asbuilt.inventory`.
Listens to: `plant.units`, `plant.installs`, and what run and issue announce.
Serves: `/units`, with the tree of a unit, and `/locations`.
"""
