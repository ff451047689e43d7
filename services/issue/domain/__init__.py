"""The rules of issues: pure, standard library and `shared.kernel` only."""
