"""`python -m services.inventory serve | migrate`."""

from services.inventory.app import MIGRATIONS, build
from shared.runtime.main import main

if __name__ == "__main__":
    main("inventory", build, MIGRATIONS)
