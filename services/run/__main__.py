"""`python -m services.run serve | migrate`."""

from shared.runtime.main import main

if __name__ == "__main__":
    main("services.run")
