"""The run service.

Owns: runs, steps, fields, redlines, gates, comments, files and completion records.
Publishes: every run event on `asbuilt.runs`; completions and reopenings on `asbuilt.completions` as well.
Listens to: `plant.orders`, `plant.steps`, what inventory and issue announce, and what notification says of the
deliveries of completions.
Serves: `/runs`, with review, confirmation and reopening.
"""
