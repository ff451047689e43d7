"""The issue service.

Owns: issues, their dispositions and the exceptions these grant; the disposition types of the site.
Publishes: every issue event on `asbuilt.issues`.
Listens to: `asbuilt.runs`: a failed step, and a value out of range where policy says so, open an issue unasked.
Serves: `/issues` and `/disposition-types`.
"""
