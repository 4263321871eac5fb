"""Which part imports which: reads it from the code and writes the drawing in docs/architecture.md (`make docs`)."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "mnist_predict"
# A part may import its own floor and those below it (here: before it), and never in a circle.
FLOORS = (
    ("errors", "reading", "typed"),
    ("settings", "models", "turns", "written", "processes"),
    ("vision", "store"),
    ("stats", "review", "labelling", "champion", "following", "beside", "reading_process", "shadow", "service"),
    ("training", "learning"),
    ("web", "cli"),
)
LOAD, TYPES, CALL = range(3)  # when an import happens: as the module loads, for type checkers alone, in a function
Graph = dict[str, set[str]]  # who imports -> what


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name; a folder's `__init__` goes by the folder's."""
    source = ROOT / "src"
    files = sorted((source / PACKAGE).rglob("*.py"))
    return {".".join(f.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): f for f in files}


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    """What a file imports, as `package.module` or `package.module.name`, and when."""

    def visit(node: ast.AST, when: int) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Import(names=names):
                    yield from ((alias.name, when) for alias in names)
                case ast.ImportFrom(module=str(module), names=names):
                    yield from ((f"{module}.{alias.name}", when) for alias in names)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from visit(child, CALL)
                case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                    yield from visit(child, max(when, TYPES))
                case _:
                    yield from visit(child, when)

    return tuple(visit(ast.parse(path.read_text()), LOAD))


def graph(*whens: int) -> Graph:
    """Which module imports which, at these times; at any time if none is given."""
    files = modules()
    found: Graph = {name: set() for name in files}
    for name, path in files.items():
        for imported, when in imports(path):
            module = imported if imported in files else imported.rpartition(".")[0]
            if module in files and (not whens or when in whens):
                found[name].add(module)
    return found


def part(module: str) -> str:
    """The folder or module right under the package that a module belongs to."""
    return [*module.split("."), ""][1]


def parts(of: Graph) -> Graph:
    """The same graph between parts."""
    found: Graph = defaultdict(set)
    for module, imported in of.items():
        found[part(module)] |= {part(name) for name in imported} - {part(module), ""}
    return {name: found[name] for name in sorted(found) if name}


def reachable(of: Graph, start: str) -> set[str]:
    """Everything that is imported from there, over any number of steps."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = of.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def drawing() -> str:
    """A Mermaid chart of the parts; an arrow is left out where others lead to the same part."""
    every, loaded = parts(graph()), parts(graph(LOAD))
    lines = ["```mermaid", "flowchart TD"]
    for name, imported in every.items():
        for other in sorted(imported):
            if not any(other in reachable(every, between) for between in imported - {other}):
                lines.append(f"    {name} {'-->' if other in loaded[name] else '-.->'} {other}")
    return "\n".join([*lines, "```"])


def document(text: str) -> str:
    """docs/architecture.md with the drawing of the code as it is."""
    return re.sub(r"(?s)(<!-- imports -->\n).*(<!-- /imports -->)", lambda m: f"{m[1]}{drawing()}\n{m[2]}", text)


if __name__ == "__main__":
    page = ROOT / "docs/architecture.md"
    page.write_text(document(page.read_text()))
