"""What can be written on the command line, and what is told of it: all in Chinese.

argparse fits the words to the arguments; it gets the options first, each in one word with its value, and what is no
option behind `--`. Words as people write them, options between counties and values that begin with a dash, confuse it.
"""

from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from msgspec import Struct

HELP = frozenset({"--help", "-h", "-?", "/?"})
ASKING = HELP | {"help", "帮助"}
"""How somebody who has not read anything yet asks for help."""
REQUIRED, TOO_MANY = "the following arguments are required: ", "unrecognized arguments: "
"""How argparse begins what it says of a wrong line; of one argument it says `argument NAME: …`."""


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
    def takes_value(self) -> bool:
        return "action" not in self.how

    @property
    def shown(self) -> str:
        """As `--help` lists it."""
        word: str = self.how.get("metavar", "")
        return f"{self.name} {word}".strip() if self.is_option else word

    @property
    def usage(self) -> str:
        """As it stands in the line on usage; options that may be left out do not stand there by themselves."""
        if self.is_option:
            return self.shown if self.how.get("required") else ""
        shapes = {"?": f"[{self.shown}]", "*": f"[{self.shown} …]", "+": f"{self.shown} …"}
        return shapes.get(self.how.get("nargs", ""), self.shown)


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
    """All commands of a program, and the one option that stands before them."""

    def __init__(self, name: str, version: str, about: str, home: Argument, commands: Iterable[Command]) -> None:
        self._name, self._version, self._about, self._home = name, version, about, home
        self.commands = {command.name: command for command in commands}

    def read(self, words: Sequence[str]) -> Callable[[], int]:
        """What is to be called; Miswritten where the words make no sense."""
        if list(words) == ["--version"]:
            return partial(_show, f"{self._name} {self._version}\n")
        options, rest = _sorted(words, [self._home], self._name, whole=False)
        if rest[:1] and rest[0] in ASKING:  # `help run` is `run --help`
            rest, options = [*rest[1:], "--help"], options if rest[1:] else None
        if options is None or not words:
            return partial(_show, self.help)
        home = _fitted(self._name, [self._home], options, ()).get("home")
        found, behind = self._find(rest)
        if isinstance(found, str):
            return partial(_show, found)
        name = f"{self._name} {found.name}"
        given, plain = _sorted(behind, found.arguments, name, first=self._home)
        if given is None or (len(behind) == 1 and behind[0] in ASKING):
            return partial(_show, self.help_of(found))
        return partial(found.act, home, **_fitted(name, found.arguments, given, plain))

    def _find(self, words: Sequence[str]) -> tuple[Command | str, Sequence[str]]:
        """The command meant, and what stands behind it; or what is to be shown of several."""
        for length in (2, 1):
            if found := self.commands.get(" ".join(words[:length])):
                return found, words[length:]
        if not words:
            raise Miswritten("还要写一个命令", self._name)
        within = {name: each for name, each in self.commands.items() if name.startswith(f"{words[0]} ")}
        if within and words[1:2] and words[1] in ASKING:
            return _listed("命令", {name: each.about for name, each in within.items()}), ()
        if within:
            raise Miswritten(f"{words[0]} 后面要写 {'、'.join(name.split()[1] for name in within)}", self._name)
        raise Miswritten(f"没有“{words[0]}”这个命令{_meant(words[0], self.commands)}", self._name)

    @property
    def help(self) -> str:
        """All commands."""
        options = _listed(
            "选项", {**_told([self._home]), "--help": "显示说明；写在命令后面，显示那个命令的。", "--version": "版本。"}
        )
        commands = _listed("命令", {name: each.about for name, each in self.commands.items()})
        return f"用法：{self._name} [{self._home.shown}] 命令 …\n\n{self._about}\n\n{options}\n{commands}"

    def help_of(self, command: Command) -> str:
        """One command and what can be written behind it."""
        usage = " ".join(filter(None, (each.usage for each in command.arguments)))
        plain = _told(each for each in command.arguments if not each.is_option)
        options = _told(each for each in command.arguments if each.is_option)
        parts = [
            f"用法：{self._name} {command.name} {usage}{' ' if usage else ''}[选项]\n",
            f"{command.about}\n",
            *([_listed("参数", plain)] if plain else ()),
            _listed("选项", {**options, "--help": "显示这段说明。"}),
        ]
        return "\n".join(parts)


def _show(text: str) -> int:
    print(text, end="")
    return 0


def _told(arguments: Iterable[Argument]) -> dict[str, str]:
    return {each.shown: each.how["help"] for each in arguments}


def _listed(title: str, told: Mapping[str, str]) -> str:
    """What there is, in two columns: a Chinese character is as wide as two letters."""
    width = max(map(_width, told))
    lines = (f"  {name}{' ' * (width - _width(name))}  {text}\n" for name, text in told.items())
    return f"{title}：\n{''.join(lines)}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _sorted(
    words: Sequence[str], known: Sequence[Argument], program: str, *, whole: bool = True, first: Argument | None = None
) -> tuple[list[str] | None, list[str]]:
    """The options, each in one word with its value, and the other words; None for options where help is asked for.

    Args:
        words: as they were typed.
        known: what may be written.
        program: whose `--help` tells so.
        whole: whether options may stand behind other words, too; else the first of those ends them.
        first: an option that may only stand before the command.
    """
    takes = {each.name: each.takes_value for each in known if each.is_option}
    options: list[str] = []
    plain: list[str] = []
    coming = iter(words)
    for word in coming:
        name, equals, value = word.partition("=")
        if plain and not whole:
            plain += [word, *coming]
        elif word == "--":
            plain += coming
        elif word in HELP:
            return None, plain
        elif not word.startswith("-") or word == "-":
            plain.append(word)
        elif name not in takes:
            if first and name == first.name:
                raise Miswritten(f"{name} 要写在命令前面：{program.split(maxsplit=1)[0]} {first.shown} …", program)
            raise Miswritten(f"不认识 {name}{_meant(name, takes)}", program)
        elif not takes[name]:
            if equals:
                raise Miswritten(f"{name} 后面不写内容", program)
            options.append(name)
        else:
            value = value if equals else next(coming, "")
            if not value or value == "--" or value in takes:
                raise Miswritten(f"{name} 后面要写内容", program)
            options.append(f"{name}={value}")
    return options, plain


def _fitted(program: str, known: Sequence[Argument], options: Sequence[str], plain: Sequence[str]) -> dict[str, Any]:
    """The arguments by name."""
    parser = _Parser(prog=program, add_help=False, allow_abbrev=False)
    for each in known:
        parser.add_argument(each.name, **each.how)
    return vars(parser.parse_args([*options, *(("--", *plain) if plain else ())]))


def _meant(word: str, known: Iterable[str]) -> str:
    import difflib  # only who mistypes waits for it

    near = difflib.get_close_matches(word, known, n=1)
    return f"，是不是 {near[0]}？" if near else ""


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong instead of ending the program, and says it in Chinese."""

    def error(self, message: str) -> NoReturn:
        if message.startswith(REQUIRED):
            why = f"还要写 {'、'.join(message.removeprefix(REQUIRED).split(', '))}"
        elif message.startswith(TOO_MANY):
            why = f"多写了 {message.removeprefix(TOO_MANY).removeprefix('-- ')}"
        else:
            why = message.removeprefix("argument ").replace(": ", " ", 1)
        raise Miswritten(why, self.prog)
