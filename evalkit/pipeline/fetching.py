"""Fetching: from a source into the store, resumable, and never silently short."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import IncompleteExperiment, NoRunsError
from evalkit.executors.opening import LOCAL
from evalkit.fetchers.base import CheckLine, FetchContext, Fetcher
from evalkit.fetchers.pricing import Pricer
from evalkit.fetchers.statuses import settled
from evalkit.fetchers.unforeseen import guarded, looked_at
from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.messages.part import Unread
from evalkit.model.run import Run
from evalkit.model.schema.batch import ExampleRow, RunRows
from evalkit.model.schema.made import MadeRow
from evalkit.model.views import unread_forms
from evalkit.pipeline.looking import marks, plain_look, price_of, shown_query, source_digest
from evalkit.pipeline.progress import Progress, silent
from evalkit.project import plugins
from evalkit.project.config import Project
from evalkit.store.experiment import StoredExperiment
from evalkit.store.mending import is_settled, mend_runs
from evalkit.store.store import Store

if TYPE_CHECKING:
    from evalkit.store.runs.writer import RunWriter


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did."""

    manifest: Manifest
    new: int
    """Runs written this time; the others were stored already."""


def open_fetcher(
    project: Project,
    name: str,
    *,
    known: Any = None,
    wait: bool = False,
    progress: Progress = silent,
) -> Fetcher:
    """Return the experiment's fetcher, ready to run; no request has been made yet."""
    config = project.experiment(name)
    made = plugins.fetcher(config.fetcher)
    context = FetchContext(
        experiment=name,
        base=project.root,
        known=known or {},
        progress=_listener(name, progress),
        wait=wait,
        statuses=config.statuses,
    )
    options = plugins.plain_options(config.fetcher, config.options)
    return made(options or made.Options.model_validate(dict(config.options)), context)


def _listener(name: str, told: Progress) -> Callable[[str, int, int | None], None]:
    def listen(what: str, done: int, total: int | None) -> None:
        stage = f"Fetch {name}" if what == "runs" else f"Fetch {name}, {what}"
        told(stage, done, total)

    return listen


def stamp_of(project: Project, name: str) -> str | None:
    """Return what changes whenever a cheap look at the source shows a change; None: no such look.

    Files have one: their names, sizes and times.
    """
    look = getattr(open_fetcher(project, name), "stamp", None)
    return None if look is None else str(look()) or None


def doctor(project: Project, name: str) -> Iterator[CheckLine]:
    """Look, without fetching, whether the experiment's source can be read."""
    yield from looked_at(open_fetcher(project, name).check(), name)


def fetch(
    project: Project,
    name: str,
    *,
    refresh: bool = False,
    wait: bool = False,
    executor: str = LOCAL,
    strict: bool = False,
    progress: Progress = silent,
) -> Fetched:
    """Pull an experiment into the store; only what is new or changed since the last fetch.

    `refresh` pulls everything again; so does a changed query. Runs of damaged files are pulled
    again; what can still be read of them is kept. `wait` waits for runs that are still
    going. `executor` has the files of a source of many read elsewhere, see `spread`. A source
    that held more than arrived raises `IncompleteExperiment`, one that holds none `NoRunsError`;
    what did arrive is kept for the next try.
    """
    stored = Store(project.store).experiment(name)
    query = shown_query(project, name)
    again = refresh or not stored.begun or stored.manifest.query != query
    mended = stored.begun and _mend(stored, name, progress, forget=again)
    if not (again or mended) and _is_as_it_was(project, name, stored):
        return Fetched(replace(stored.manifest, unchanged=stored.manifest.received), 0)
    from evalkit.store.writing import known_runs, open_writer  # Arrow, half of a short command

    known = known_runs(stored)  # asked for in any case: what the fetch does not mention is dropped
    told = {} if again else known
    fetcher: Any = open_fetcher(project, name, known=told, wait=wait, progress=progress)
    before = marks(fetcher)
    config = project.experiment(name)
    prices = {model: price_of(table) for model, table in project.table.prices.items()}
    pricer, quick = Pricer(prices), not (config.statuses or prices)
    if executor != LOCAL:
        from evalkit.pipeline.spreading import spread  # most fetches need none of it

        costs = None if quick else prices
        spread(project, name, fetcher, executor, prices=costs, strict=strict, progress=progress)
    with (
        _collecting_rarely(),
        open_writer(stored, source=config.fetcher, query=query, known=known) as writer,
    ):
        if writer.keeps_hashes and getattr(fetcher, "elsewhere", None):
            fetcher.elsewhere = None  # such hashes are made of rows, which are here alone
        arriving = guarded(_arriving(fetcher, quick=quick), name)
        new, unread, broken = _take(writer, arriving, config.statuses, pricer)
        writer.add_examples(guarded(_examples(fetcher), name))
        counts = _counted(fetcher, unread, broken)
        # a fetcher from elsewhere need not say: what it hands over is kept
        default = str(getattr(fetcher, "on_repeat", "keep"))
        _settle_repeats(writer, counts, config.on_repeat or default)
        if before is not None and before == marks(fetcher):  # what was read is what is there
            look = getattr(fetcher, "look", None)
            counts["source_digest"] = source_digest(project, name, look)
        manifest = writer.finish({**counts, "complete": not counts["problems"]})
    if broken is not None:
        raise broken
    _refuse_shortfall(manifest)
    return Fetched(manifest, new)


def _counted(fetcher: Any, unread: Unread, broken: IncompleteExperiment | None) -> dict[str, Any]:
    """Return what the fetcher counted, with forms nobody read and what ended it too early."""
    counts: dict[str, Any] = fetcher.counts().to_dict()
    if broken is not None and str(broken) not in counts["problems"]:
        counts["problems"] = [*counts["problems"], str(broken)]
    counts["notes"] = [*counts["notes"], *map(_not_read, unread.items())]
    return counts


def _take(
    writer: RunWriter,
    arriving: Iterator[Run | RunRows | MadeRow],
    statuses: Mapping[str, Any],
    pricer: Pricer,
) -> tuple[int, Unread, IncompleteExperiment | None]:
    """Store what arrives; returns how many did, forms nobody read, and what ended it too early."""
    new = 0
    unread: Unread = Counter()
    try:
        for run in arriving:
            if not isinstance(run, Run):
                for form, times in run.unread.items():
                    unread[form] += times
                writer.add(run)
            else:
                unread.update(unread_forms(run))
                run = settled(run, statuses) if statuses else run
                writer.add(pricer.priced(run))
            new += 1
    except IncompleteExperiment as error:
        return new, unread, error
    return new, unread, None


def _arriving(fetcher: Fetcher, *, quick: bool) -> Iterator[Run | RunRows | MadeRow]:
    """Yield runs as rows where the fetcher makes such and nothing has to be changed in them."""
    rows = getattr(fetcher, "rows", None)
    if quick and rows is not None and _owner(fetcher, "rows") is _owner(fetcher, "runs"):
        yield from rows()
    else:
        yield from fetcher.runs()


def _examples(fetcher: Fetcher) -> Iterator[Example | ExampleRow]:
    """Yield the examples, asked for only now: asking may ask the source."""
    rows = getattr(fetcher, "example_rows", None)
    if rows is not None and _owner(fetcher, "example_rows") is _owner(fetcher, "examples"):
        yield from rows()
    else:
        yield from fetcher.examples()


def _owner(fetcher: Fetcher, name: str) -> type | None:
    """Return the class that defines a method: who changes the runs of another has no rows."""
    return next((kind for kind in type(fetcher).__mro__ if name in vars(kind)), None)


def _is_as_it_was(project: Project, name: str, stored: StoredExperiment) -> bool:
    """Tell whether a fetch could only bring what is stored, and would end well.

    A run that has not ended is looked at again: time alone may settle it.
    """
    known = stored.manifest.source_digest
    if (
        stored.manifest.pending
        or not known
        or not stored.manifest.received
        or not is_settled(stored)
    ):
        return False
    look = plain_look(project, name) or getattr(open_fetcher(project, name), "look", None)
    return known == source_digest(project, name, look)


def _settle_repeats(writer: RunWriter, counts: dict[str, Any], rule: str) -> None:
    """See to runs of one example and repetition under several ids: a resume records them twice.

    Where the source states no repetition it was counted, and nothing can have come twice.
    """
    if any(each.partition(":")[0] == "repetition" for each in counts["inferred"]):
        return
    repeats = writer.repeats()
    if not repeats:
        return
    first = repeats[0]
    more = sum(len(each.run_ids) - 1 for each in repeats)
    ids = " and ".join(map(repr, first.run_ids[:3]))
    said = (
        f"{more:,} run{'s' * (more != 1)} of an example and repetition that had one already "
        f"(first: example {first.example_id!r}, repetition {first.repetition}: {ids})"
    )
    if rule == "error":
        choices = 'on_repeat = "last", "first" or "keep"'
        counts["problems"] = [*counts["problems"], f"{said}; {choices} says what counts"]
        return
    if rule in ("last", "first"):
        kept = -1 if rule == "last" else 0
        for each in repeats:
            writer.drop(place for place in each.places if place != each.places[kept])
        said += f": the {rule} of each counts"
    counts["notes"] = [*counts["notes"], said + (": all are counted" if rule == "keep" else "")]


def _mend(stored: StoredExperiment, name: str, progress: Progress, *, forget: bool) -> bool:
    """Set what is damaged aside and say so, so that this fetch brings it again."""
    found = mend_runs(stored, forget=forget)
    for done, each in enumerate(found, start=1):
        lost = f"{each.lost:,} of {each.rows:,} rows cannot be read and are fetched again"
        progress(f"Mend {name}, {each.name}", done, len(found), lost)
    return bool(found)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Let the cycle collector look seldom: pages of records are millions of objects, no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _not_read(form: tuple[str, int]) -> str:
    name, count = form
    return f"{count} x in messages, not read: {name}; tool calls it may hold are not seen"


def _refuse_shortfall(manifest: Manifest) -> None:
    if manifest.problems:
        expected = f" of {manifest.expected}" if manifest.expected is not None else ""
        raise IncompleteExperiment(
            f"{manifest.experiment}: fetched {manifest.received}{expected} runs: "
            f"{'; '.join(manifest.problems)}. What arrived is kept; fetch again."
        )
    if not manifest.received:
        pending = f" ({manifest.pending} have not ended)" if manifest.pending else ""
        raise NoRunsError(
            f"{manifest.experiment}: the source has no runs to evaluate{pending}. "
            "Check what the experiment's options select."
        )
