"""Files that must agree with each other, and words that must not be there."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile

import pytest
import yaml

import tlcourse


def tracked(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.splitlines() if not name.endswith((".npz", ".png", ".h5"))]
    return [root / name for name in names if (root / name).is_file()]


def test_conda_installs_what_pip_installs(root):
    wanted = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = next(x for x in yaml.safe_load((root / "environment.yml").read_text())["dependencies"] if isinstance(x, dict))[
        "pip"
    ]
    plain = [line for line in listed if "sys_platform" not in line and not line.startswith("-e .")]
    assert plain == [line for line in wanted if not line.startswith("tensorflow")]
    tensorflow = next(line for line in wanted if line.startswith("tensorflow")).removeprefix("tensorflow")
    assert {line for line in listed if "sys_platform" in line} == {
        f'tensorflow[and-cuda]{tensorflow}; sys_platform == "linux"',
        f'tensorflow{tensorflow}; sys_platform != "linux"',
    }


def test_the_lock_pins_every_direct_dependency_with_hashes(root):
    lock = (root / "requirements.lock").read_text()
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = re.match(r"[\w.-]+", line)[0].lower().replace("_", "-")
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), name
    pins = re.findall(r"^[a-z][\w.-]*==.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z][\w.-]*==", lock, re.MULTILINE))


def test_nothing_names_a_package_index_or_a_folder_of_one_machine(root):
    host = re.compile(r"pypi\.|pythonhosted|/(home|Users|root|work)/\w", re.IGNORECASE)
    found = []
    for path in tracked(root):
        if path.name == "test_project.py" or path == root / "tlcourse/authoring/lint.py":
            continue
        found += [
            f"{path.relative_to(root)}: {line.strip()[:80]}" for line in path.read_text().splitlines() if host.search(line)
        ]
    assert found == []


def test_the_citation_names_the_version_of_the_package(root):
    cited = yaml.safe_load((root / "CITATION.cff").read_text())
    assert cited["version"] == tlcourse.__version__
    assert cited["license"] == tomllib.loads((root / "pyproject.toml").read_text())["project"]["license"]


def test_learners_folders_hold_notebooks_and_nothing_else(root):
    for folder in ("notebooks", "exercises", "solutions"):
        assert {path.suffix for path in (root / folder).iterdir() if not path.name.startswith(".")} == {".ipynb"}


def test_every_lesson_has_an_exercise_a_solution_and_a_bank_of_the_same_name(root):
    lessons = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    for folder, pattern in (
        ("exercises", "*.ipynb"),
        ("solutions", "*.ipynb"),
        ("content/banks", "[0-9]*.py"),
        ("content/lessons", "*.py"),
    ):
        assert {path.stem for path in (root / folder).glob(pattern)} == lessons
    assert {path.stem.removeprefix("tasks_") for path in (root / "tlcourse/tasks").glob("tasks_*.py")} == lessons


def test_every_link_to_a_file_leads_to_one(root):
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "benchmarks").glob("*.md")]
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_a_wheel_carries_the_notebooks_and_nothing_of_the_instructors(root, tmp_path):
    builder = pytest.importorskip(
        "hatchling.builders.wheel", reason="the wheel is built with hatchling, which is not installed"
    )
    wheel = next(builder.WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("notebooks", "exercises", "solutions"):
        assert {f"tlcourse/_course/{folder}/{path.name}" for path in (root / folder).glob("*.ipynb")} <= names
    for folder in ("tlcourse/backbones/weights", "tlcourse/text/weights", "tlcourse/datasets/written"):
        shipped = {str(path.relative_to(root)) for path in (root / folder).rglob("*") if path.is_file()}
        assert {name for name in names if name.startswith(f"{folder}/")} == shipped
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"tlcourse"}
