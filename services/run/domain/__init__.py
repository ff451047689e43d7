"""The rules of a run: pure, standard library and `shared.kernel` only."""
