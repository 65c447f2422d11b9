"""Example runs in a shell: `list` names them, `run` and `all` measure, `verify` checks what is recorded."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from calculators.derivation import suggestion
from calculators.runs import RUNS, hosts, provenance
from calculators.runs.record import RecordedMetric
from calculators.runs.run import PRESETS, Run
from calculators.runs.running import UNFINISHED, StartError, carry_out, is_current, plan, record_name
from calculators.runs.verifying import report, verify


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def main(arguments: Sequence[str] | None = None, runs: Sequence[Run] = RUNS) -> int:
    """The exit status: 0 done, 1 a record is wrong, 2 it cannot start, 130 interrupted.

    Args:
        arguments: the words of the command line; by default those of this process.
        runs: the runs there are.
    """
    options = _parser().parse_args(arguments)
    measuring = options.command in ("run", "all")
    try:
        return _carry_out(options, sys.argv[1:] if arguments is None else arguments, runs)
    except hosts.PlaceError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = "; the same command goes on from what is finished" if measuring and _kept(options) else ""
        print(f"interrupted{kept}", file=sys.stderr)
        return 130


def _kept(options: argparse.Namespace) -> bool:
    """Whether a part that was finished is kept for the same command."""
    run = options.id if options.command == "run" else "*"
    return any((options.out or provenance.RECORDS).glob(f"{run}/{UNFINISHED}{options.preset}/*.json"))


def _carry_out(options: argparse.Namespace, words: Sequence[str], runs: Sequence[Run]) -> int:
    if options.command == "list":
        for run in runs:
            print(f"{run.id}  {run.question}")
            for name, preset in run.presets.items():
                print(f"    {name}: {preset.expect}")
        return 0
    known = {run.id: run for run in runs}
    asked = [options.id] if options.command == "run" else getattr(options, "ids", [])
    unknown = [name for name in asked if name not in known]
    for name in unknown:
        near = suggestion(name, known)
        print(f"a run must be one of {', '.join(known) or '(there are none)'}; got {name!r}{near}", file=sys.stderr)
    if unknown:
        return 2
    if options.command == "verify":
        return _verify(runs, options)
    chosen = [known[options.id]] if options.command == "run" else list(runs)
    if not options.distributed:
        return _measure(chosen, options)
    where = hosts.place(os.environ, options.coordinator, options.processes, options.process)
    return hosts.main(chosen, where, words, lambda led: _measure(led, options))


def _parser() -> _Parser:
    parser = _Parser(prog="python -m calculators.runs", description="Experiments that test what theory predicts.")
    commands: argparse._SubParsersAction[Any] = parser.add_subparsers(
        dest="command", required=True, metavar="list|run|all|verify"
    )
    commands.add_parser("list", help="name every run, id first, and what its presets cost")
    one = commands.add_parser("run", help="measure, and write the record")
    one.add_argument("id", help="the run, as `list` names it")
    every = commands.add_parser("all", help="measure every run that has the preset, one after another")
    every.add_argument("--missing", action="store_true", help="only those whose record is not of this code and preset")
    for command in (one, every):
        command.add_argument("--preset", choices=PRESETS, default="cpu", help="default: cpu")
        command.add_argument(
            "--out", type=_folder, metavar="DIR", help="where the run's folder is; default: content/runs"
        )
        command.add_argument("--seed", type=_seed, default=0, metavar="N", help="the first seed; default: 0")
        command.add_argument("--commit", metavar="C", help="the commit of the code, where there is no git")
        command.add_argument("--distributed", action="store_true", help="one of several processes, on one host or many")
        command.add_argument("--coordinator", metavar="HOST:PORT", help="where they meet: process 0")
        command.add_argument("--processes", type=_seed, metavar="N", help="how many there are")
        command.add_argument("--process", type=_seed, metavar="K", help="which one this is, from 0")
        command.add_argument(hosts.CHILD, action="store_true", help=argparse.SUPPRESS)
    checked = commands.add_parser("verify", help="check the records")
    checked.add_argument("ids", nargs="*", metavar="ID", help="default: all")
    checked.add_argument(
        "--out", type=_folder, metavar="DIR", help="where the runs' folders are; default: content/runs"
    )
    return parser


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must name a folder; got {text!r}")
    return Path(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 999999999; got {text!r}")
    return int(text)


def _records(options: argparse.Namespace) -> tuple[Path, str]:
    """The folder of the records, and its name in messages."""
    if options.out is not None:
        return options.out, options.out.as_posix().rstrip("/")
    return provenance.RECORDS, provenance.RECORDS.relative_to(provenance.ROOT).as_posix()


def _verify(runs: Sequence[Run], options: argparse.Namespace) -> int:
    folder, shown = _records(options)
    ours = options.out is None
    out = "" if ours else f" --out {shlex.quote(shown)}"
    well, problems = report(verify(runs, folder, shown, only=options.ids, every=ours, out=out))
    if well:
        print(well)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _measure(runs: Sequence[Run], options: argparse.Namespace) -> int:
    """Everything is checked for all runs before the first one starts."""
    if options.preset == "replay" and options.out is None:
        print("--out must name a folder for preset replay: its record is not for keeping", file=sys.stderr)
        return 2
    if options.out is None and not provenance.RECORDS.parent.is_dir():
        print("--out must name a folder where there is no content folder", file=sys.stderr)
        return 2
    out, shown = _records(options)
    reasons, plans = [], []
    for run in runs:
        if options.command == "all" and options.preset not in run.presets:
            continue
        try:
            plans.append(plan(run, options.preset, out, first_seed=options.seed, commit=options.commit))
        except StartError as error:
            reasons += [line for line in str(error).splitlines() if line not in reasons]
    if reasons:
        print("\n".join(reasons), file=sys.stderr)
        return 2
    for planned in plans:
        if options.command == "all" and options.missing and is_current(planned):
            continue
        try:
            outcome = carry_out(planned, say=lambda line: print(line, file=sys.stderr))
        except StartError as error:
            print(error, file=sys.stderr)
            return 1
        record = outcome.record
        path = f"{shown}/{planned.run.id}/{record_name(planned.preset)}"
        print(f"{path}: {record.seconds:g} s, {record.processor_seconds:g} s of processor")
        for metric in record.metrics:
            print(f"    {metric.title}: {_line(metric)}")
        print(f"    {outcome.answer}")
    return 0


def _line(metric: RecordedMetric) -> str:
    """`alpha = 1.98 (1.97 to 1.99); theory 2: consistent`."""
    unit = f" {metric.unit}" if metric.unit else ""
    text = f"{metric.symbol} = {metric.value:.4g}{unit}"
    if metric.interval is not None:
        text += f" ({metric.interval[0]:.4g} to {metric.interval[1]:.4g})"
    if metric.prediction is None:
        return text
    bound = "at least " if metric.bound else ""
    return f"{text}; theory {bound}{metric.prediction.value:.4g}: {metric.verdict}"


if __name__ == "__main__":
    sys.exit(main())
