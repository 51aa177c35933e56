"""A configuration is refused as a whole, each mistake with its line and the closest key."""

from pathlib import Path

import pytest

from evalkit.errors import ConfigError
from evalkit.project.config import load
from evalkit.project.tables import runs_held


def project(folder: Path, text: str, name: str = "evalkit.toml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def problems(folder: Path, text: str, *, deep: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(project(folder, text), deep=deep)
    shown = str(folder / "evalkit.toml")
    return [line.replace(shown, "evalkit.toml") for line in caught.value.problems]


def test_three_mistakes_are_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
baseline = "on"
[score]
worker = 2
timeout = "long"
[experiments.one]
evaluators = "all"
"""
    assert problems(tmp_path, text) == [
        "evalkit.toml:1: baseline 'on' is no experiment of this project. Did you mean 'one'?",
        "evalkit.toml:3: [score] has no key 'worker'. Did you mean 'workers'?",
        "evalkit.toml:4: score.timeout should be a valid number, "
        "unable to parse string as a number.",
        "evalkit.toml:6: experiments.one.evaluators should be a valid list.",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("reprot = 1", "1: the configuration has no key 'reprot'. Did you mean 'report'?"),
        ("zzz = 1", "1: the configuration has no key 'zzz'. It knows: baseline, checks, cluster,"),
        ("\nexperiments = 3", "2: experiments should be a valid dictionary."),
        ('[experiments."../up"]', '1: experiments."../up": an experiment\'s name becomes a folder'),
        ("confidence = 95", "1: confidence should be less than 1."),
        ("[score]\nmax_errors = -1", "2: score.max_errors should be greater than or equal to 0."),
        ("gates = [\n'x',\n 7]", "1: gates[1] should be a valid string."),
        ("[report]\nruns = 0", "2: report.runs should be greater than 0, or 'all'."),
        ("[report]\nruns = []", "2: report.runs should be a valid integer, or 'all'."),
        ("[report]\nruns = true", "2: report.runs should be a number, or 'all'."),
        ("[executor]\nruns = true", "2: executor.runs should be a number."),
        ("[executor]\nwait = inf", "2: executor.wait should be a finite number."),
        ("[executor]\nwait = nan", "2: executor.wait should be a finite number."),
        ("[executor]\nproject = 'a/b'", "2: executor.project: is no absolute path. Write where"),
        ("[executor]\nproject = ''", "2: executor.project: is no absolute path."),
        ("[executor]\naddress = 'dask://h:99999'", "2: executor.address: is no address."),
        ("[executor]\naddress = 'dask://h:0'", "2: executor.address: is no address."),
        ("[score]\ntimeout = inf", "2: score.timeout should be a finite number."),
        ("[scores.a]\nthreshold = true", "2: scores.a.threshold should be a number."),
    ],
)
def test_one_mistake(tmp_path: Path, text: str, problem: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith(f"evalkit.toml:{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("path = 'a'\ndataset = ''", "3: experiments.x.dataset should be a file, glob or URL"),
        ("path = ''", "2: experiments.x.path should be a file, glob or URL, and not"),
        ("path = ['a', ' ']", "2: experiments.x.path should be a file, glob or URL, and not"),
        ("path = 'a'\nmax_record_mb = inf", "3: experiments.x.max_record_mb should be a finite"),
    ],
)
def test_one_mistake_in_the_keys_of_a_fetcher(tmp_path: Path, text: str, problem: str) -> None:
    (line,) = problems(tmp_path, f"[experiments.x]\n{text}", deep=True)
    assert line.startswith(f"evalkit.toml:{problem}")


def test_a_folder_that_only_workers_have(tmp_path: Path) -> None:
    for path in ("/srv/team/project", "C:/team/project"):
        load(project(tmp_path, f"executor = {{ project = '{path}' }}"))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("5", 5),
        ("ALL", None),
        (" 2,000 ", 2000),
        ("1_000_000", 10**6),
        (7, 7),
        ("12345678901", 12345678901),
    ],
)
def test_how_many_runs_a_page_holds(text: str | int, held: int | None) -> None:
    assert runs_held(text) == held


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1.5", "1e3", "1__0", "2,00", "²", "none"])
def test_what_is_no_number_of_runs(text: str) -> None:
    with pytest.raises(ValueError, match="or all"):
        runs_held(text)


def test_broken_toml_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"evalkit.toml: is not TOML: .*line 2"):
        load(project(tmp_path, "a = 1\nb = = 2"))


def test_no_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="evalkit init"):
        load(tmp_path)


def test_it_is_found_from_a_folder_below_and_by_its_own_path(tmp_path: Path) -> None:
    project(tmp_path, "[experiments.one]\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert load(below, deep=False).root == tmp_path
    assert load(tmp_path / "evalkit.toml", deep=False).root == tmp_path


def test_pyproject_serves_as_well_and_lines_are_its_own(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n[tool.evalkit.experiments.one]\npath = 'x'\n"
    found = load(project(tmp_path, text, "pyproject.toml"), deep=False)
    assert dict(found.experiments["one"].options) == {"path": "x"}
    assert found.place("experiments", "one", "path").endswith("pyproject.toml:4")


def test_two_configurations_in_one_folder_are_refused(tmp_path: Path) -> None:
    project(tmp_path, "[tool.evalkit]\nbaseline = 'x'", "pyproject.toml")
    with pytest.raises(ConfigError, match="Keep one of them"):
        load(project(tmp_path, ""))


def test_a_foreign_broken_pyproject_is_not_ours_to_refuse(tmp_path: Path) -> None:
    project(tmp_path, "this is = not = toml", "pyproject.toml")
    assert load(project(tmp_path, ""), deep=False).experiments == {}


def test_experiments_take_over_what_the_project_says(tmp_path: Path) -> None:
    text = """\
baseline = "old"
reducers = ["mean", "pass^4"]
slices = ["split"]
gates = ["error_rate <= 2%"]
[experiments.old]
[experiments.new]
slices = []
gates = ["score.x >= 1"]
evaluators = ["x"]
"""
    found = load(project(tmp_path, text), deep=False)
    old, new = found.experiments["old"], found.experiments["new"]
    assert (old.baseline, new.baseline) == (None, "old")
    assert (old.slices, new.slices) == (("split",), ())
    assert (old.evaluators, new.evaluators) == (None, ("x",))
    assert new.gates == ("error_rate <= 2%", "score.x >= 1")
    assert new.reducers == ("mean", "pass^4")


def test_an_unknown_experiment_lists_those_there_are(tmp_path: Path) -> None:
    found = load(project(tmp_path, "[experiments.nightly]\n"), deep=False)
    with pytest.raises(
        ConfigError, match=r"'nigthly'\. Did you mean 'nightly'\? There are: nightly"
    ):
        found.experiment("nigthly")


def test_experiments_share_a_mapping(tmp_path: Path) -> None:
    text = """
    [mappings.answers]
    records = "rows"
    fields = { run_id = "id", outputs = "answer" }
    [experiments.a]
    fetcher = "records"
    path = "a.json"
    mapping = "answers"
    [experiments.b]
    fetcher = "records"
    path = "b.json"
    mapping = "answers"
    fields = { outputs = "reply" }
    """
    loaded = load(project(tmp_path, text))
    assert loaded.experiment("a").options == {
        "path": "a.json", "records": "rows", "fields": {"run_id": "id", "outputs": "answer"},
    }  # fmt: skip
    assert loaded.experiment("b").options["fields"] == {"run_id": "id", "outputs": "reply"}


def test_a_mapping_there_is_not(tmp_path: Path) -> None:
    text = """
    [mappings.answers]
    fields = { run_id = "id" }
    [experiments.a]
    fetcher = "records"
    path = "a.json"
    mapping = "answer"
    """
    (line,) = problems(tmp_path, text)
    assert "no mapping 'answer'. Did you mean 'answers'?" in line


def test_a_mapping_with_a_key_of_the_experiment_says_where_it_belongs(tmp_path: Path) -> None:
    text = """
    [mappings.answers]
    fetcher = "records"
    fields = { run_id = "id" }
    [experiments.a]
    fetcher = "records"
    path = "a.json"
    mapping = "answers"
    """
    found = problems(tmp_path, text)
    wanted = "mappings.answers has 'fetcher', which an experiment says itself. Write it below"
    assert any(f"{wanted} [experiments.a]." in line for line in found)
    assert len(found) == 1
