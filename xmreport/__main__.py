"""`python -m xmreport` is the same as `xmreport`. A worker loads this module too, and needs no command line."""

if __name__ == "__main__":
    from xmreport.cli import main

    main()
