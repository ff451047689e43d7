"""`asbuilt demo`: a plant builds a unit, and everything that is to happen is checked."""
