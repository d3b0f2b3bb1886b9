"""What is released: an sdist and a wheel that are whole, that installers take, and that work where nothing
else of the project is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.engines import ROOT

TOOLS = ("build", "twine", "check_wheel_contents")
NOT_RELEASED = (".git", ".venv*", "results", "build", "*.egg-info", "*_cache", "__pycache__")


def project() -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def run(*words: object, **options: object) -> str:
    """What a command says; it must succeed."""
    given = [str(word) for word in words]
    done = subprocess.run(given, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, (given, done.stdout[-2000:], done.stderr[-2000:])
    return str(done.stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Folder of the sdist, and of the wheel that is made from it."""
    absent = [tool for tool in TOOLS if find_spec(tool) is None]
    if absent and not os.environ.get("REQUIRE_RELEASE"):
        pytest.skip(f"no {', '.join(absent)} here; extra `check` has them")
    assert not absent
    top = tmp_path_factory.mktemp("release")
    shutil.copytree(ROOT, top / "source", ignore=shutil.ignore_patterns(*NOT_RELEASED))
    run(sys.executable, "-m", "build", "--outdir", top / "dist", top / "source")
    return top / "dist"


def test_version_and_title_are_the_same_wherever_they_stand():
    about = dict(re.findall(r"(?m)^([a-z-]+): *(.+)$", (ROOT / "CITATION.cff").read_text()))
    assert about["version"] == project()["version"] and about["title"] == project()["name"]
    assert about["license"] == project()["license"]
    changes = re.findall(r"(?m)^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text())
    assert changes[0] == project()["version"]


@pytest.mark.slow
def test_sdist_and_wheel_pass_the_checks_of_a_registry(built):
    sdist, wheel = next(built.glob("*.tar.gz")), next(built.glob("*.whl"))
    assert "PASSED" in run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    assert run(sys.executable, "-m", "check_wheel_contents", wheel).strip().endswith("OK")


@pytest.mark.slow
def test_a_wheel_made_from_the_sdist_has_every_file_of_the_rooms(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        carried = {name for name in wheel.namelist() if ".dist-info/" not in name}
    rooms = ("parameters", "pharmacology", "circuits", "plasticity", "simulation", "experiments")
    wanted = {
        f"prelimbic/{path.relative_to(ROOT).as_posix()}"
        for room in rooms
        for path in (ROOT / room).rglob("*")
        if path.is_file()
        and path.suffix in (".py", ".h", ".toml", ".bib")
        and "__pycache__" not in path.parts
    }
    assert wanted <= carried
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names


@pytest.mark.slow
def test_a_fresh_environment_that_is_given_the_wheel_answers(built, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", next(built.glob("*.whl")))
    command, clean = python.with_name("prelimbic"), {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert run(command, "--version", cwd=tmp_path, env=clean).split() == ["prelimbic", project()["version"]]
    asked = ("exposure", "--species", "rat", "--give", "10 mg/kg ip", "--at", "30min")
    assert "ketamine" in run(command, *asked, cwd=tmp_path, env=clean)
