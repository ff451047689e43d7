"""Feeds: what a plant says, made up (`asbuilt simulate`) or taken from its own past (`asbuilt replay`), and what
becomes of it.
"""
