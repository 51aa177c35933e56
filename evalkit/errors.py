"""Every exception evalkit raises on purpose, with its exit code and the anchor that explains it.

```
EvalkitError
├── ConfigError · DatasetError (file:line)                                   2
├── EvaluatorError: EvaluatorNotFound · EvaluatorImportError
│   · EvaluatorSignatureError                                                2
├── FetchError: SourceUnavailable · AuthenticationFailed
│   · ExperimentNotFound · IncompleteExperiment                              3
├── RecordError (run id, field path) · StoreError · ExecutorError            3
├── TooManyEvaluatorErrors                                                   4
├── NoRunsError                                                              5
├── Interrupted                                                            130
└── EvaluatorOutputError (becomes an `evaluator_error` cell, never leaves scoring)
```

Messages have the form `who/where: what happened. What to do.` and never hold a secret.
Each class has a `slug`, an anchor in `evalkit/README.md`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends."""

    GOOD = 0
    GATE_MISSED = 1
    USAGE = 2
    SOURCE_FAILED = 3
    EVALUATOR_ERRORS = 4
    NOTHING_TO_EVALUATE = 5
    INTERRUPTED = 130


class EvalkitError(Exception):
    """Base of everything evalkit raises on purpose; `str()` is the one line people read."""

    slug = "error"
    exit_code = ExitCode.USAGE


class ConfigError(EvalkitError):
    """The configuration cannot be used; `problems` lists every mistake, each with file:line."""

    slug = "config"

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {line}" for line in self.problems)]))


class DatasetError(EvalkitError):
    """A row of a dataset or log file cannot be read; the message names file:line."""

    slug = "dataset"


class EvaluatorError(EvalkitError):
    """An evaluator cannot be used; raised when it is loaded, before anything is fetched."""

    slug = "evaluator"


class EvaluatorNotFound(EvaluatorError):
    """No evaluator has this name; the message offers the closest ones."""

    slug = "evaluator-not-found"


class EvaluatorImportError(EvaluatorError):
    """A file with evaluators could not be imported; the message names its file:line."""

    slug = "evaluator-import"


class EvaluatorSignatureError(EvaluatorError):
    """An evaluator asks for something evalkit does not pass."""

    slug = "evaluator-signature"


class LeftMissing(EvaluatorError):
    """Raised by an evaluator that does not judge a run now: no error, its cell stays missing."""


class EvaluatorOutputError(EvalkitError):
    """An evaluator returned something that is no score; becomes an `evaluator_error` cell."""

    slug = "evaluator-output"
    exit_code = ExitCode.EVALUATOR_ERRORS


class FetchError(EvalkitError):
    """The source of an experiment failed."""

    slug = "fetch"
    exit_code = ExitCode.SOURCE_FAILED


class SourceUnavailable(FetchError):
    """The source did not answer, or not usably, after all retries."""

    slug = "source-unavailable"


class AuthenticationFailed(FetchError):
    """The source refused the key, or the key lacks a right."""

    slug = "authentication"


class ExperimentNotFound(FetchError):
    """The source has no such experiment."""

    slug = "experiment-not-found"


class IncompleteExperiment(FetchError):
    """Fewer runs arrived than the source says there are; what arrived is kept."""

    slug = "incomplete"


class RecordError(EvalkitError):
    """A payload does not fit; the message names the run and the field's path."""

    slug = "record"
    exit_code = ExitCode.SOURCE_FAILED


class StoreError(EvalkitError):
    """What is on disk cannot be read or written."""

    slug = "store"
    exit_code = ExitCode.SOURCE_FAILED


class ExecutorError(EvalkitError):
    """The cluster that evaluators should run on is not there, was lost, or has no fit worker."""

    slug = "executor"
    exit_code = ExitCode.SOURCE_FAILED


class TooManyEvaluatorErrors(EvalkitError):
    """More evaluator errors than the project allows."""

    slug = "evaluator-errors"
    exit_code = ExitCode.EVALUATOR_ERRORS


class CannotVerify(EvalkitError):
    """A page or document says nothing that it could be held against."""

    slug = "cannot-verify"
    exit_code = ExitCode.SOURCE_FAILED


class NoRunsError(EvalkitError):
    """There is nothing to evaluate, which is never a success."""

    slug = "no-runs"
    exit_code = ExitCode.NOTHING_TO_EVALUATE


class Interrupted(EvalkitError):
    """The user stopped the work; what was finished is kept and the message says how to go on."""

    slug = "interrupted"
    exit_code = ExitCode.INTERRUPTED


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def refused(error: OSError) -> EvalkitError | None:
    """Return what people are told of a file or of temporary files that the system refused.

    None: of neither, or in a way that nobody foresaw.
    """
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        return StoreError(
            "TMPDIR: there is no folder in which temporary files can be written. "
            "Make one, or set TMPDIR to one, then run the same command again."
        )
    if error.filename is not None and error.errno in FULL | REFUSED:
        return unwritable(error.filename, error)
    return None


@contextmanager
def written(path: object) -> Iterator[None]:
    """Turn what an output's disk or folder refuses into one line that names the output."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the closest known name, or an empty string."""
    from difflib import get_close_matches  # only a mistake needs it

    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def unwritable(path: object, error: OSError) -> EvalkitError:
    """Return the error of an output that cannot be written: the path, or the disk it is on."""
    said = f"{path}: cannot be written ({error.strerror or error})."
    if error.errno in FULL:
        return StoreError(f"{said} Make room and try again.")
    if error.errno in REFUSED:
        return StoreError(f"{said} Make it writable, or name a place that is.")
    return ConfigError(f"{said} Name a file in a folder that can be written.")
