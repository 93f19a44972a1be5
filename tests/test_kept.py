"""What was read of an office's files is kept, and stands only for those files as they are."""

import os
import pickle
import shutil
from pathlib import Path

import pytest

from xmreport.rulebook.loading import folder as loading
from xmreport.rulebook.loading.kept import NAME, _label, read_rulebook

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rules(tmp_path):
    """The shipped forms, and one county."""
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules" / "forms", folder / "forms")
    shutil.copy(ROOT / "rules" / "guxian.yaml", folder)
    return folder


@pytest.fixture
def readings(monkeypatch):
    """How often the YAML was read."""
    read, load = [], loading.load_rulebook
    monkeypatch.setattr(loading, "load_rulebook", lambda folder: read.append(folder) or load(folder))
    return read


def _held(book):
    """All that a rulebook says, to be compared: counties and forms themselves are each only one."""
    counties = {
        key: (each.file, each.roster, each.tasks, each.indicators, each.lists, each.dockets, each.calendar, each.digest)
        for key, each in book.counties.items()
    }
    forms = {
        (key, name): (form.file, form.title, form.options, form.offices, form.computed, len(form.checks))
        for key, each in book.counties.items()
        for name, form in each.forms.items()
    }
    return counties, forms, book.office, book.faults


def test_kept_rules_are_the_rules_as_they_were_read(rules, tmp_path, readings):
    first, second = (read_rulebook(rules, tmp_path / "cache") for _ in range(2))
    assert _held(first) == _held(second)
    assert first is not second
    assert first.counties["guxian"].tasks.keys() == second.counties["guxian"].tasks.keys() != set()
    assert len(readings) == 1


def test_edited_rules_are_read_anew(rules, tmp_path, readings):
    before = read_rulebook(rules, tmp_path / "cache")
    path = rules / "guxian.yaml"
    path.write_text(path.read_text("utf-8").replace("县工信局", "县工科局"), "utf-8")
    after = read_rulebook(rules, tmp_path / "cache")
    assert len(readings) == 2
    assert set(after.counties["guxian"].roster.names) - set(before.counties["guxian"].roster.names) == {"县工科局"}


def test_rules_with_faults_are_never_kept(rules, tmp_path, readings):
    (rules / "office.yaml").write_text("并行: 许多\n", "utf-8")
    for _ in range(2):
        assert read_rulebook(rules, tmp_path / "cache").faults
    assert len(readings) == 2


@pytest.mark.parametrize("spoil", ["deleted", "another", "half"])
def test_what_is_kept_may_be_deleted_or_spoilt(rules, tmp_path, readings, spoil):
    book = read_rulebook(rules, tmp_path)
    kept = tmp_path / NAME
    whole = kept.read_bytes()
    {
        "deleted": kept.unlink,
        "another": lambda: kept.write_bytes(b"0" * 64 + whole[64:]),
        "half": lambda: kept.write_bytes(whole[: len(whole) // 2]),
    }[spoil]()
    assert _held(read_rulebook(rules, tmp_path)) == _held(book)
    assert len(readings) == 2
    assert kept.read_bytes() == whole


def test_what_somebody_else_put_there_is_never_run(rules, tmp_path, readings):
    book = read_rulebook(rules, tmp_path)
    kept = tmp_path / NAME
    stand = kept.read_bytes().partition(b" ")[0].decode()
    for forged in (_Forged("os", "system"), _Forged("xmreport.rulebook.loading.kept", "os.system")):
        content = forged.pickled(tmp_path / "mark")
        kept.write_bytes(_label(stand, content) + b"\n" + content)
        assert _held(read_rulebook(rules, tmp_path)) == _held(book)
    assert not (tmp_path / "mark").exists()
    assert len(readings) == 3


class _Forged:
    """A pickle that calls a function of the system."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def pickled(self, mark: Path) -> bytes:
        return b"".join(
            (
                pickle.PROTO + b"\x04",
                *(pickle.BINUNICODE + len(text).to_bytes(4, "little") + text for text in self._called),
                pickle.STACK_GLOBAL,
                pickle.BINUNICODE + len(command := f"touch {mark}".encode()).to_bytes(4, "little") + command,
                pickle.TUPLE1 + pickle.REDUCE + pickle.STOP,
            )
        )

    @property
    def _called(self) -> tuple[bytes, bytes]:
        return self.module.encode(), self.name.encode()


@pytest.mark.parametrize("module", ["rulebook/form.py", "rulebook/conditions/terms.py", "model/dates.py"])
def test_another_program_reads_the_rules_anew(rules, tmp_path, readings, module, monkeypatch):
    copy = tmp_path / "xmreport"
    shutil.copytree(ROOT / "xmreport" / "rulebook", copy / "rulebook")
    shutil.copytree(ROOT / "xmreport" / "model", copy / "model")
    monkeypatch.setattr("xmreport.rulebook.loading.kept.__file__", str(copy / "rulebook" / "loading" / "kept.py"))
    read_rulebook(rules, tmp_path / "cache")
    os.utime(copy / module, (0, 0))
    read_rulebook(rules, tmp_path / "cache")
    read_rulebook(rules, tmp_path / "cache")
    assert len(readings) == 2


def test_where_nothing_can_be_kept_the_rules_are_read(rules, tmp_path):
    (tmp_path / "cache").write_text("a file, no folder", "utf-8")
    assert "guxian" in read_rulebook(rules, tmp_path / "cache").counties


def test_a_file_that_cannot_be_read_breaks_its_own_county_alone(rules, tmp_path):
    (rules / "second.yaml").symlink_to(tmp_path / "gone.yaml")
    book = read_rulebook(rules, tmp_path / "cache")
    assert (set(book.counties), set(book.faults)) == ({"guxian"}, {"second"})
    assert "打不开" in str(book.faults["second"][0])


def test_what_an_editor_leaves_beside_the_rules_is_no_county(rules, tmp_path):
    (rules / ".#guxian.yaml").symlink_to("somebody@somewhere.1234")
    (rules / "~$guxian.yaml").write_bytes(b"\x00")
    (rules / "forms" / ".#F1.yaml").symlink_to("somebody@somewhere.1234")
    book = read_rulebook(rules, tmp_path / "cache")
    assert (set(book.counties), book.faults) == ({"guxian"}, {})
