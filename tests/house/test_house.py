"""The plan of the house is kept by a machine."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = [*(ROOT / "allocator").rglob("*.py"), *(ROOT / "scenarios").rglob("*.py"), ROOT / "cli.py"]


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_gate_opens_only_on_commands_errors_and_messages() -> None:
    """``cli.py`` imports the command tree, the faults and the texts, nothing else of the house."""
    tree = ast.parse((ROOT / "cli.py").read_text(encoding="utf-8"))
    imported = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module is not None
    }
    house = {name for name in imported if name.startswith(("allocator", "scenarios"))}
    assert house == {
        "allocator.commands.app",
        "allocator.commands.shared",
        "allocator.commands.usage",
        "allocator.errors",
        "allocator.messages",
    }


def test_nobody_imports_the_gate() -> None:
    """No room imports ``cli``."""
    importers = [
        path
        for path in CODE
        if re.search(r"^\s*(from|import) cli\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importers == []


def test_no_authority_stands_in_the_code() -> None:
    """A city's name stands in policy files only; ``example`` may be named by the demo alone."""
    cities = {folder.name for folder in (ROOT / "allocator/policy/files").iterdir() if folder.is_dir()} - {
        "example"
    }
    assert cities
    named = re.compile(rf"[\"']({'|'.join(sorted(cities))})[\"']")
    assert [
        str(path.relative_to(ROOT)) for path in CODE if named.search(path.read_text(encoding="utf-8"))
    ] == []


def test_no_machine_path_or_index_address_is_committed() -> None:
    """Lock files carry no address; no file carries a path of the machine it was written on."""
    machine_path = re.compile(r"(?<![\w.])/(?:work|farm|root)/")
    address = re.compile(r"https?://[^\s\"')>]*(?:pypi|pythonhosted|npmjs|debian)\b")
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path == Path(__file__):
            continue
        if machine_path.search(text) or address.search(text):
            found.append(str(path.relative_to(ROOT)))
        if "requirements" in path.parts and "://" in text:
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_requirements_are_pinned_and_hashed() -> None:
    """Every requirement has one exact version and at least one hash."""
    for name in ("runtime.txt", "dev.txt"):
        entries = re.split(r"\n(?=[a-z])", (ROOT / "requirements" / name).read_text(encoding="utf-8").strip())
        assert len(entries) > 40
        assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
