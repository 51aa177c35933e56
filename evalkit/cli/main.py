"""The command line: argv in, exit code out; every error evalkit means is one line on stderr."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence

import click

from evalkit.cli.call import arrayless, streams
from evalkit.cli.call.helpless import without_help
from evalkit.cli.call.plain import one_message
from evalkit.cli.group import Evalkit, LeftError
from evalkit.errors import EvalkitError, ExitCode, Interrupted

CRASHED = 70
"""Exit code for a mistake of evalkit's own, so that it is never taken for a missed gate."""
LEFT = 141
"""Who read what is printed has left, as shells tell of SIGPIPE."""


def entry() -> None:
    """Run as the console script `evalkit`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: state is kept
    # Scanning every installed package for pydantic plug-ins costs more than evalkit's own start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Threads of numpy's BLAS that evalkit never uses cost CPU when it starts.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Arrow's own allocators keep what the columns of 100,000 runs took; the system's gives it back.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    without_help()
    arrayless.stand_by()
    gc.set_threshold(50_000, 20, 20)
    gc.disable()  # modules being loaded make no garbage worth looking for, see `Session.load`
    code = main(sys.argv[1:])
    gc.freeze()  # what is left ends with the process; going through it all takes up to 50 ms
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run the command line `argv` and return the exit code."""
    debug = "--debug" in argv
    streams.stand_in()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = Evalkit.build().main(list(argv), prog_name="evalkit", standalone_mode=False)
        sys.stdout.flush()
        return int(result or ExitCode.GOOD)
    except EvalkitError as error:
        return _say(error, debug)
    except click.UsageError as error:
        verb = error.ctx.command_path if error.ctx else "evalkit"
        said = one_message(error.format_message())
        click.echo(f"error[usage]: {said} `{verb} --help` says more.", err=True)
        return int(ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        message = "stopped. What was finished is kept; the same command goes on from there."
        return _say(Interrupted(message), debug)
    except (LeftError, BrokenPipeError):
        streams.leave_stdout()
        return LEFT
    except OSError as error:
        meant = streams.meant(error)
        return _crashed(error, debug) if meant is None else _say(meant, debug)
    except Exception as error:
        return _crashed(error, debug)


def _say(error: EvalkitError, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    click.echo(f"error[{error.slug}]: {one_message(str(error))}", err=True)
    return int(error.exit_code)


def _crashed(error: Exception, debug: bool) -> int:
    import traceback

    if debug:
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    click.echo(
        f"error[crash]: evalkit: {type(error).__name__}: {one_message(str(error))} "
        f"({os.path.basename(frame.filename)}:{frame.lineno}). "
        "This is a mistake of evalkit. Run again with --debug and report what it prints.",
        err=True,
    )
    return CRASHED
