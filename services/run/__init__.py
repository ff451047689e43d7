"""The run service.

Owns: runs, steps, fields, redlines, gates, comments, files and completion records.
Publishes: every run event on `asbuilt.runs`; completions and reopenings on `asbuilt.completions` as well.
Listens to: `plant.orders`, `plant.steps`, and what inventory and issue announce.
Serves: `/runs`, with review, confirmation and reopening.
"""
