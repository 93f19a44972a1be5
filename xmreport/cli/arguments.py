"""What can be written on the command line, and what is told of it: all in Chinese."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NoReturn

from msgspec import Struct

FAULTS = (
    (re.compile(r"the following arguments are required: (.*)"), r"还要写 \1"),
    (re.compile(r"unrecognized arguments: (.*)"), r"不认识 \1"),
    (re.compile(r"argument (\S+): expected .*"), r"\1 后面要写内容"),
    (re.compile(r"argument (\S+): ignored explicit argument .*"), r"\1 后面不写内容"),
    (re.compile(r"argument (\S+): (.*)"), r"\1 \2"),
)
"""How argparse speaks of what is written wrongly, and how a clerk is told."""


class Miswritten(Exception):
    """The command line cannot be understood; the text says why, in Chinese."""

    def __init__(self, why: str, program: str) -> None:
        super().__init__(why)
        self.program = program
        """Whose `--help` tells how it is written."""


class Argument(Struct, frozen=True):
    """One thing that can be written behind a command, as argparse takes it."""

    name: str
    how: dict[str, Any]

    @property
    def is_option(self) -> bool:
        return self.name.startswith("-")

    @property
    def shown(self) -> str:
        """How it stands in the line on usage; what may be left out does so by itself."""
        word: str = self.how.get("metavar", "")
        if self.is_option:
            return f"{self.name} {word}" if self.how.get("required") else ""
        shapes = {"?": f"[{word}]", "*": f"[{word} …]", "+": f"{word} …"}
        return shapes.get(self.how.get("nargs", ""), word)


def argument(name: str, **how: Any) -> Argument:
    """One argument, with the words of `ArgumentParser.add_argument`."""
    return Argument(name, how)


class Command(Struct, frozen=True):
    """A command and what it calls: with the workspace's folder, if one is named, and its arguments by name."""

    name: str
    """One word, or two: `rules check`."""
    act: Callable[..., int]
    """Gives the exit status; its docstring is what `--help` says."""
    arguments: tuple[Argument, ...]

    @property
    def about(self) -> str:
        return (self.act.__doc__ or "").strip()


def command(name: str, act: Callable[..., int], *arguments: Argument) -> Command:
    """One line of the table of commands."""
    return Command(name, act, arguments)


class Program:
    """All commands of a program, and the one option that stands before them: `--home`."""

    def __init__(self, name: str, about: str, commands: Iterable[Command]) -> None:
        self._name, self._about = name, about
        self.commands = {command.name: command for command in commands}

    def read(self, words: Sequence[str]) -> Callable[[], int]:
        """What is to be called; SystemExit after `--help`, Miswritten where the words make no sense."""
        given = self._parser().parse_args(words)
        command, rest = self._find(given.command)
        arguments = self._parser_of(command).parse_intermixed_args(rest)
        return partial(command.act, given.home, **vars(arguments))

    def _find(self, words: Sequence[str]) -> tuple[Command, Sequence[str]]:
        for length in (2, 1):
            if found := self.commands.get(" ".join(words[:length])):
                return found, words[length:]
        if not words:
            raise Miswritten("还要写一个命令", self._name)
        if within := [name.split()[1] for name in self.commands if name.startswith(f"{words[0]} ")]:
            raise Miswritten(f"{words[0]} 后面要写 {'、'.join(within)}", self._name)
        import difflib  # only who mistypes waits for it

        near = difflib.get_close_matches(words[0], self.commands, n=1)
        hint = f"，是不是 {near[0]}？" if near else ""
        raise Miswritten(f"没有 {words[0]} 这个命令{hint}", self._name)

    def _parser(self) -> _Parser:
        parser = _Parser(self._name, f"{self._name} [--home DIR] COMMAND …", self._about, self._listed())
        parser.take(argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS))
        parser.take(argument("--home", metavar="DIR", help="工作区；不写就用 XMREPORT_HOME 或当前文件夹。"))
        return parser

    def _parser_of(self, command: Command) -> _Parser:
        name = f"{self._name} {command.name}"
        usage = " ".join(filter(None, [name, *(each.shown for each in command.arguments), "[选项]"]))
        parser = _Parser(name, usage, command.about)
        for each in command.arguments:
            parser.take(each)
        return parser

    def _listed(self) -> str:
        width = max(map(len, self.commands))
        return "\n".join(["命令:", *(f"  {name:{width}}  {each.about}" for name, each in self.commands.items())])


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help whose own words are Chinese too."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, prefix or "用法: ")


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong instead of ending the program, and says it in Chinese."""

    def __init__(self, name: str, usage: str, about: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=name,
            usage=usage,
            description=about,
            epilog=epilog,
            formatter_class=_Help,
            allow_abbrev=False,
            add_help=False,
        )
        self._given = self.add_argument_group("参数")
        self._chosen = self.add_argument_group("选项")
        self._chosen.add_argument("--help", action="help", help="显示这段说明。")

    def take(self, argument: Argument) -> None:
        group = self._chosen if argument.is_option else self._given
        group.add_argument(argument.name, **argument.how)

    def error(self, message: str) -> NoReturn:
        for said, told in FAULTS:
            if found := said.fullmatch(message):
                raise Miswritten(found.expand(told).replace(", ", "、"), self.prog)
        raise Miswritten(message, self.prog)
