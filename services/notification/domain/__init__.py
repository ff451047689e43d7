"""Endpoints, what they subscribe to, where they may be, and when a delivery is tried again. Pure."""
