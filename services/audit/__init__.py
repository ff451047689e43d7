"""The audit service.

Owns: the history, every record of every topic with its exact bytes; appended, never changed, never removed.
Publishes: what it had to set aside, on `asbuilt.audit`.
Listens to: every topic, its own included.
Serves: `/history`.
"""
