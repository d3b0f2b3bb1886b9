"""`python -m prelimbic` is the command `prelimbic`."""

from prelimbic.experiments.cli.command import main

if __name__ == "__main__":
    main()
