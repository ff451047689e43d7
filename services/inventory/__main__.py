"""`python -m services.inventory serve | migrate`."""

from shared.runtime.main import main

if __name__ == "__main__":
    main("services.inventory")
