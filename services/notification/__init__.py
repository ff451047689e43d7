"""The notification service.

Owns: webhook endpoints with what they subscribe to, deliveries and their attempts.
Publishes: what happens to an endpoint, on `asbuilt.notifications`. Secrets are never announced.
Listens to: everything that run, inventory and issue announce, and its own announcements.
Serves: `/endpoints` with their deliveries, and `/deliveries` with their attempts.
Sends: each event to each endpoint that subscribes to it, signed as Standard Webhooks say, in order per key.
"""
