"""The rules that a county's tables were last published under: kept, so that an edit can be held against them."""

from __future__ import annotations

import shutil
from pathlib import Path

from xmreport.ledger import Ledger
from xmreport.rulebook.book import County
from xmreport.rulebook.loading.digests import CALENDAR_FILE, county_digest
from xmreport.workspace import Workspace

FOLDER = "规则存档"


def keep_rules(workspace: Workspace, county: County, ledger: Ledger) -> None:
    """Keep a copy of the rules that everything published of a county now shows.

    Where the files were edited since these rules were read, nothing is kept: the next pass goes by the edited ones.
    """
    what, folder = _mark(workspace, county.key), _folder(workspace, county.digest)
    if ledger.noted(what) == county.digest and folder.is_dir():
        return
    if not _holds(folder, county.key, county.digest):
        _copy(workspace.home / "rules", county.key, folder)
        if not _holds(folder, county.key, county.digest):
            shutil.rmtree(folder, ignore_errors=True)
            return
    ledger.note(what, county.digest)


def last_published(workspace: Workspace, key: str, ledger: Ledger) -> County | None:
    """The rules a county was last published under; None where it never was, or no whole copy is there."""
    digest = ledger.noted(_mark(workspace, key))
    if digest is None or not _holds(_folder(workspace, digest), key, digest):
        return None
    from xmreport.rulebook.loading.folder import (
        load_rulebook,  # and with it a reader of YAML: a pass has no need of them
    )

    return load_rulebook(_folder(workspace, digest)).counties.get(key)


def _mark(workspace: Workspace, key: str) -> str:
    """What is noted as published: the county's part of the outbox as a whole."""
    return workspace.shown(workspace.outbox / key)


def _folder(workspace: Workspace, digest: str) -> Path:
    return workspace.state / FOLDER / digest


def _copy(rules: Path, key: str, folder: Path) -> None:
    """All that a county's digest is taken of."""
    for path in (*rules.glob("forms/*.yaml"), rules / f"{key}.yaml", rules / f"{CALENDAR_FILE}.yaml"):
        if path.is_file():
            target = folder / path.relative_to(rules)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _holds(folder: Path, key: str, digest: str) -> bool:
    """Whether a whole copy of those rules lies there, and nothing else."""
    return (folder / f"{key}.yaml").is_file() and county_digest(folder, key) == digest
