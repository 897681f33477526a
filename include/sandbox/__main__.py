"""Command line: `python -m include.sandbox serve …` and `… generate …` (see README.md)."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.sandbox.dataset import DataSet, DataSetError, World, clock_of
from include.sandbox.faults import FaultPlanError, Faults


class _Refused(Exception):
    """What was asked cannot be done; the message is one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; gives the exit code (2: refused, with one sentence on stderr)."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            _serve(options)
        else:
            _generate(options)
    except (_Refused, DataSetError, FaultPlanError) as refusal:
        print(f"sandbox: {refusal}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve a data set until a signal comes")
    serve.add_argument("--data", type=Path, required=True, help="folder of the data set")
    serve.add_argument("--as-of", help="day (its 12:00 UTC) or ISO instant the clock stands at")
    serve.add_argument("--faults", type=Path, help="JSON file with a fault plan")
    for name in ("https", "http", "grpc", "proxy"):
        serve.add_argument(f"--{name}-port", type=int, default=0, help="default: a free one")
    serve.add_argument(
        "--proxy-host",
        default="127.0.0.1",
        help="address of the proxy, for clients in other containers; all else stays on loopback",
    )
    serve.add_argument("--ca-file", type=Path, help="also write the authority to trust there")
    generate = commands.add_parser("generate", help="invent a data set")
    generate.add_argument("--out", type=Path, required=True, help="folder to write")
    generate.add_argument("--seed", type=int, default=1)
    generate.add_argument("--months", type=int, help="default: 24, of a preset 48")
    generate.add_argument("--scale", type=float, default=1.0, help="multiplies the volume")
    generate.add_argument("--preset", help="another company, such as seasonal or tiny")
    return parser


def _serve(options: argparse.Namespace) -> None:
    plan: Any = []
    if options.faults:
        try:
            plan = json.loads(options.faults.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _Refused(f"{options.faults} cannot be read as JSON ({error}).") from error
    faults = Faults(plan)
    try:
        clock = clock_of(options.as_of) if options.as_of else None
    except ValueError as error:
        raise _Refused(f"--as-of {options.as_of} is neither a day nor an ISO instant.") from error
    dataset = DataSet(options.data)
    world = World(dataset, clock)
    dataset.validate()
    # gRPC reads this once, when imported; a busy port is told in our own words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from include.sandbox.server import PortBusyError, Ports, serve

    ports = Ports(options.https_port, options.http_port, options.grpc_port, options.proxy_port)

    def announce(line: dict[str, Any]) -> None:
        if options.ca_file:
            draft = options.ca_file.with_name(f"{options.ca_file.name}.partial")
            shutil.copyfile(line["ca_file"], draft)
            draft.replace(options.ca_file)
        print(json.dumps(line), flush=True)

    try:
        asyncio.run(serve(world, faults, ports, announce, options.proxy_host))
    except PortBusyError as error:
        raise _Refused(str(error)) from error
    except OSError as error:
        raise _Refused(f"{error.filename or options.proxy_host}: {error.strerror}.") from error


def _generate(options: argparse.Namespace) -> None:
    from include.sandbox.generator import generate

    if (options.months is not None and options.months < 1) or options.scale <= 0:
        raise _Refused("--months and --scale must be greater than zero.")
    try:
        generate(
            out=options.out,
            seed=options.seed,
            months=options.months,
            scale=options.scale,
            preset=options.preset,
            progress=lambda text: print(text, file=sys.stderr),
        )
    except ValueError as error:
        raise _Refused(str(error)) from error
    except OSError as error:
        raise _Refused(f"{options.out} cannot be written ({error.strerror}).") from error


if __name__ == "__main__":
    sys.exit(main())
