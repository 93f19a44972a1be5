"""`python -m xmreport` is the same as `xmreport`."""

from xmreport.cli import main

if __name__ == "__main__":
    main()
