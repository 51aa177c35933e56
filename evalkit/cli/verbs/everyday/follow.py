"""follow: poll an experiment, score what is new, keep page, figures and gates current."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from evalkit.cli.call.page import page_options
from evalkit.cli.call.session import Session
from evalkit.errors import ExitCode, Interrupted, SourceUnavailable
from evalkit.fetchers.http.telling import post_document, refuse_webhook
from evalkit.pipeline.continuous.following import Follower, Poll, Tell
from evalkit.pipeline.scoring import settings_of

WEBHOOK = "EVALKIT_WEBHOOK"
COMMAND_SECONDS = 120.0


def perform(
    session: Session,
    /,
    name: str,
    every: timedelta,
    window: timedelta | None,
    gates: Sequence[str],
    allow_incomplete: bool,
    webhook: str | None,
    command: str | None,
    polls: int | None,
    as_json: bool,
    **scoring: Any,
) -> int:
    """Poll until Ctrl-C, which ends well, or so many times; then the last poll decides."""
    project = session.load(look=True)
    follower = Follower(
        project,
        name,
        window=window,
        gates=gates,
        allow_incomplete=allow_incomplete,
        settings=settings_of(project, **scoring),
        tell=_teller(webhook or os.environ.get(WEBHOOK), command),
        **page_options(project),
    )
    say = _json_lines(session) if as_json else _news(session)
    try:
        return _polled(follower, every.total_seconds(), polls, say, project.table.score.max_errors)
    except (KeyboardInterrupt, Interrupted):
        session.say("Stopped. The same command goes on from here.")
        return ExitCode.GOOD


def _polled(
    follower: Follower, every: float, polls: int | None, say: Callable[[Poll], None], errors: int
) -> int:
    done = 0
    while True:
        began = time.monotonic()
        poll = follower.poll()
        say(poll)
        done += 1
        if polls is not None and done >= polls:
            too_many = poll.errors > errors and poll.exit_code is ExitCode.GOOD
            return ExitCode.EVALUATOR_ERRORS if too_many else poll.exit_code
        time.sleep(max(0.0, began + every - time.monotonic()))


def _json_lines(session: Session) -> Callable[[Poll], None]:
    return lambda poll: session.line(poll.to_dict())


def _news(session: Session) -> Callable[[Poll], None]:
    """Return what says a line where something happened; the same trouble is said once."""
    last: dict[str, Any] = {}

    def say(poll: Poll) -> None:
        now = {"problem": poll.problem, "state": poll.state, "untold": poll.untold}
        if poll.new or poll.scored or now != last:
            session.say(_line(poll))
        last.update(now)

    return say


def _line(poll: Poll) -> str:
    parts = [f"{poll.runs:,} runs"]
    parts += [f"{poll.new:,} new or changed"] if poll.new else []
    parts += [f"{poll.pending:,} pending"] if poll.pending else []
    missed = [str(each["rule"]) for each in poll.gates if each["passed"] is False]
    if poll.state == "missed":
        parts.append(f"MISSED {'; '.join(missed)}")
    elif poll.state == "passed":
        parts.append(f"rules hold: {len(poll.gates)}")
    line = f"{poll.at[11:19]} {poll.experiment}: {', '.join(parts)}"
    line += f"; {poll.problem}" if poll.problem else ""
    return line + (f"; nobody could be told: {poll.untold}" if poll.untold else "")


def _teller(webhook: str | None, command: str | None) -> Tell | None:
    if webhook:
        refuse_webhook(webhook)
    if not webhook and not command:
        return None

    def tell(document: Mapping[str, Any]) -> None:
        if command:
            _call(command, document)
        if webhook:
            post_document(webhook, document)

    return tell


def _call(command: str, document: Mapping[str, Any]) -> None:
    """Run a command with the poll as JSON on its stdin and the state in its environment."""
    env = {
        **os.environ,
        "EVALKIT_EXPERIMENT": str(document["experiment"]),
        "EVALKIT_STATE": str(document["state"]),
        "EVALKIT_TEXT": str(document["text"]),
    }
    try:
        ended = subprocess.run(
            command,
            shell=True,
            input=json.dumps(document, default=str),
            text=True,
            env=env,
            timeout=COMMAND_SECONDS,
            stdout=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise SourceUnavailable(f"command: took more than {COMMAND_SECONDS:g} s.") from None
    if ended.returncode:
        raise SourceUnavailable(
            f"command: ended with {ended.returncode}. It is called again with the next poll."
        )
