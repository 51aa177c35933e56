"""httpx comes without its command line, and without harm to whoever wants it."""

import subprocess
import sys

CODE = """
import sys
from evalkit.fetchers.http import source
print(sorted({"httpx", "httpx._main", "pygments", "rich"} & set(sys.modules)))
import httpx, httpx._main
print(callable(httpx.get), callable(httpx._main.main))
"""


def test_httpx_is_loaded_without_its_command_line() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['httpx']", "True True"]
