"""The parts import each other in one direction, and none is too large to be read in one go."""

from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from scripts import script

SERVING = ("web", "service", "stats", "review", "store", "vision", "models")
MOST_MODULES, MOST_LINES = 16, 300


@pytest.fixture(scope="module")
def architecture(root: Path) -> ModuleType:
    return script(root / "tools/architecture.py")


def test_no_module_imports_itself_by_way_of_others(architecture: ModuleType) -> None:
    graph = architecture.graph()
    assert [module for module in graph if module in architecture.reachable(graph, module)] == []


def test_no_part_imports_one_of_a_floor_above_or_in_a_circle(architecture: ModuleType) -> None:
    parts = architecture.parts(architecture.graph())
    floor = {part: at for at, floor in enumerate(architecture.FLOORS) for part in floor}
    assert {part for part in parts if part not in floor} == set()
    assert [(part, other) for part in parts for other in parts[part] if floor[other] > floor[part]] == []
    assert [part for part in parts if part in architecture.reachable(parts, part)] == []


def test_training_is_imported_by_the_command_line_alone_and_not_before_it_is_asked_for(
    architecture: ModuleType,
) -> None:
    parts = architecture.parts(architecture.graph())
    for training in ("training", "learning"):
        assert {part for part in parts if training in parts[part]} <= {"cli", "training", "learning"}
    loaded = architecture.parts(architecture.graph(architecture.LOAD))
    assert not {"training", "learning"} & architecture.reachable(loaded, "cli")


def test_what_serves_and_predicts_never_imports_torch(architecture: ModuleType) -> None:
    for module, path in architecture.modules().items():
        if architecture.part(module) in SERVING:
            assert "torch" not in {name.partition(".")[0] for name, _ in architecture.imports(path)}, module


def test_modules_and_folders_are_small(root: Path) -> None:
    files = [file for top in ("src", "bench", "tools") for file in (root / top).rglob("*.py")]
    lines = {str(file.relative_to(root)): len(file.read_text().splitlines()) for file in files}
    assert {file: count for file, count in lines.items() if count > MOST_LINES} == {}
    folders = Counter(str(Path(file).parent) for file in lines)
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_the_drawing_of_the_parts_is_that_of_the_code(architecture: ModuleType, root: Path) -> None:
    text = (root / "docs/architecture.md").read_text()
    assert text == architecture.document(text), "run make docs"
