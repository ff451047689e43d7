"""The inventory service.

Owns: units, locations, the requirements of a target unit, installations, unit status, as-built trees.
Publishes: every unit event and contested completions on `asbuilt.inventory`.
Listens to: `plant.units`, `plant.installs`, and what run and issue announce.
Serves: `/units`, with what is in a unit and what a unit went into, and `/locations`.
"""
