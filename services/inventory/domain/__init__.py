"""The rules of inventory: pure, standard library and `shared.kernel` only."""
