"""Arguments → calls, printed lines and exit status. How anything is done stands elsewhere."""

from xmreport.cli.commands import COMMANDS
from xmreport.cli.program import answer, main

__all__ = ["COMMANDS", "answer", "main"]
