"""The house rules that can be executed: who imports whom, same rooms everywhere, nothing starts at import, sizes."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/app.py"))
SOURCES = sorted(path for part in ("services", "shared") for path in (ROOT / part).rglob("*.py"))
ROOMS = {"__init__.py", "__main__.py", "app.py", "domain", "handlers.py", "announcements.py", "adapters", "migrations"}
ALWAYS = {"__init__.py", "__main__.py", "app.py", "adapters", "migrations"}
ADAPTERS = {"__init__.py", "http.py", "queries.py", "store.py", "tables.py", "views.py"}
BASEMENTS = {"utils", "util", "helpers", "helper", "common", "misc", "base_service", "manager", "managers"}
LONGEST_FUNCTION = 50
LONGEST_FILE = 400

# Run in a process of its own: imports every module, and says what read the environment or left something running.
WATCHED_IMPORT = """
import importlib, json, os, sys, threading
modules, root = json.loads(sys.argv[1]), sys.argv[2]
asked = set()
def note(name):
    frame, is_own = sys._getframe(2), not name.startswith("PYDANTIC_")  # of its own accord, at every class
    while frame and "importlib" not in frame.f_code.co_filename:  # an import of others reads what it likes
        file = frame.f_code.co_filename
        if is_own and file.startswith(root) and "/.venv/" not in file:
            asked.add(f"{os.path.relpath(file, root)} asks for {name}")
        frame = frame.f_back
real = os.environ
class Environ(type(real)):
    def __getitem__(self, name):
        note(name)
        return super().__getitem__(name)
    def __iter__(self):
        note("everything")
        return super().__iter__()
os.environ.__class__ = Environ
before = set(threading.enumerate())
for module in modules:
    importlib.import_module(module)
threads = [thread.name for thread in threading.enumerate() if thread not in before]
print(json.dumps({"asked": sorted(asked), "threads": threads}))
"""


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _importable() -> list[str]:
    return [_module(path) for path in SOURCES if "migrations" not in path.parts and path.stem != "__main__"]


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            yield f"{path.relative_to(ROOT)}: {node.name}", (node.end_lineno or start) - start + 1


def test_who_imports_whom_is_as_drawn() -> None:
    """Domain is pure, services do not know each other, shared knows no service, rooms have an order."""
    checker = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([checker, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_every_service_is_under_the_rules_of_layering() -> None:
    """A new service is entered in the import rules, or it would be under none."""
    rules = (ROOT / "pyproject.toml").read_text()
    for service in SERVICES:
        assert rules.count(f'"services.{service}"') >= 2, f"services.{service} is missing from [tool.importlinter]"


def _imported(modules: list[str], root: Path) -> dict[str, list[str]]:
    """What importing these modules asked the environment for, and which threads it left running."""
    command = [sys.executable, "-c", WATCHED_IMPORT, json.dumps(modules), str(root)]
    paths = os.pathsep.join((str(root), str(ROOT)))
    done = subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_importing_a_module_starts_nothing_and_reads_no_environment() -> None:
    """Objects are built in app.py only, from settings that are handed in."""
    assert _imported(_importable(), ROOT) == {"asked": [], "threads": []}


def test_a_module_that_reads_the_environment_would_be_found(tmp_path: Path) -> None:
    """Directly or through a library, and a thread that it starts as well."""
    (tmp_path / "nosy.py").write_text(
        "import os, threading\n"
        "from shared.runtime import settings\n"
        "os.environ.get('HOME')\n"
        "threading.Thread(target=threading.Event().wait, name='restless', daemon=True).start()\n"
        "os.environ['ASBUILT_DATABASE_URL'] = 'postgresql+asyncpg://nowhere'\n"
        "settings.load()\n"
    )
    found = _imported(["nosy"], tmp_path)
    assert "nosy.py asks for HOME" in found["asked"]
    assert "nosy.py asks for everything" in found["asked"]
    assert found["threads"] == ["restless"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    """Who knows one service finds the way in all of them; a room with nothing in it does not exist. Where a room is too
    large for a head, one for a theme stands beside it: `completing_handlers.py` beside `handlers.py`.
    """
    there = {path.name for path in (ROOT / "services" / service).iterdir() if path.name != "__pycache__"}
    assert there >= ALWAYS
    assert {re.sub(r"^[a-z]+_(?=(handlers|announcements)\.py$)", "", room) for room in there} <= ROOMS
    assert {path.name for path in (ROOT / "services" / service / "adapters").iterdir()} >= ADAPTERS
    for room in there:
        path = ROOT / "services" / service / room
        assert path.is_file() or any(one.stat().st_size for one in path.rglob("*.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_it_is(service: str) -> None:
    """The package holds its description, and nothing else: what it owns, publishes, listens to, serves."""
    text = (ROOT / "services" / service / "__init__.py").read_text()
    said = ast.parse(text)
    assert len(said.body) == 1
    described = ast.get_docstring(said) or ""
    for word in ("own", "publish", "listen", "serve"):
        assert word in described.lower(), f"services/{service}/__init__.py does not say what it {word}s"


def test_there_is_no_basement() -> None:
    """Code has a place with a name; utils, helpers and common are where it would get lost."""
    names = {part for path in SOURCES for part in (*path.relative_to(ROOT).parent.parts, path.stem)}
    assert not names & BASEMENTS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_a_head(path: Path) -> None:
    """A file has at most 400 lines and a function at most 50; most have far fewer."""
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert [(name, lines) for name, lines in _functions(path) if lines > LONGEST_FUNCTION] == []


def test_most_functions_are_short() -> None:
    """Half of all functions have at most 8 lines, nine of ten at most 25."""
    lines = sorted(length for path in SOURCES for _, length in _functions(path))
    assert lines[len(lines) // 2] <= 8
    assert lines[len(lines) * 9 // 10] <= 25
