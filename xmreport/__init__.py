"""xmreport: a spreadsheet-native reporting engine. Workbooks in, official tables out."""

__version__ = "0.1.0"
