"""A demonstration: five counties' made-up weeks, taken in by the real engine."""

from xmreport.demo.stage import run_demo

__all__ = ["run_demo"]
