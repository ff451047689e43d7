"""The issue service.

Owns: issues, their dispositions and the exceptions these grant; the disposition types of the site.
Publishes: every issue event on `asbuilt.issues`.
Listens to: `asbuilt.runs`: a failed step, and a value out of range where policy says so, open an issue unasked;
    what a run and, on `asbuilt.inventory`, a unit answer to an issue: of which part they are, and what is held.
Serves: `/issues` and `/disposition-types`.
"""
