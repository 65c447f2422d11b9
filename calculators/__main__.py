"""The calculators in a shell: `list` names them, `show` prints a derivation, `fit` and `dimension` read files."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from calculators import CATALOG, measuring, report
from calculators.derivation import suggestion
from calculators.verify import StepError, UncheckedError, verify


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on one line, without the usage, as all our messages do."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 a step that does not hold, 2 a value that cannot be.

    Args:
        arguments: the words of the command line; by default those of this process.
    """
    parser = _Parser(prog="python -m calculators", description="Answers that are derived step by step.")
    commands: argparse._SubParsersAction[Any] = parser.add_subparsers(
        dest="command", required=True, metavar="list|show|fit|dimension"
    )
    commands.add_parser("list", help="name every calculator, id first")
    show = commands.add_parser("show", help="print a derivation")
    show.add_argument("id", help="the calculator, as `list` names it")
    show.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter or a choice")
    show.add_argument("--format", choices=sorted(report.FORMATS), default="text", help="default: text")
    measuring.add_commands(commands)
    options = parser.parse_args(arguments)
    if options.command == "list":
        for calculator in CATALOG.values():
            print(f"{calculator.id}  {calculator.question}")
        return 0
    if options.command == "show":
        return _show(options.id, options.set, options.format)
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    try:
        print(measuring.run_fit(options) if options.command == "fit" else measuring.run_dimension(options))
    except measuring.CommandError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _show(name: str, assignments: Sequence[str], form: str) -> int:
    problems: list[str] = []
    settings: dict[str, str] = {}
    for assignment in assignments:
        parameter, sign, value = assignment.partition("=")
        parameter = parameter.strip()
        if not sign:
            problems.append(f"--set must be followed by NAME=VALUE; got {assignment!r}")
        elif parameter in settings:
            problems.append(f"{parameter} must be set once; got {settings[parameter]!r} and {value!r}")
        else:
            settings[parameter] = value
    calculator = CATALOG.get(name)
    if calculator is None:
        known = ", ".join(CATALOG)
        problems.insert(0, f"a calculator must be one of {known}; got {name!r}{suggestion(name, CATALOG)}")
    else:
        problems += [error.message for error in calculator.problems(settings)]
    if calculator is None or problems:
        for problem in problems:
            print(problem, file=sys.stderr)
        return 2
    derivation = calculator.derive(**settings)
    try:
        verify(derivation)
    except UncheckedError as error:
        if derivation.result is not None:
            print(error, file=sys.stderr)
            return 1
        # There is no answer, and why is what counts; steps that could not be checked are not shown.
        derivation = replace(derivation, steps=())
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    print(report.FORMATS[form](calculator, derivation))
    return 0


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):  # not on Windows
        # A reader that stops early, such as `head`, ends this quietly, as it ends other commands.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
