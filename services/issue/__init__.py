"""The issue service.

Owns: issues, their dispositions and the exceptions these grant.
Publishes: every issue event on `asbuilt.issues`.
Listens to: nothing yet; people open issues.
Serves: `/issues`.
"""
