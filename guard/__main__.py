"""`python -m guard`, and the `guard` command."""

from guard.cli.main import main

if __name__ == "__main__":
    main()
