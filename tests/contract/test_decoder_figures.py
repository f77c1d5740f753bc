"""The figures of decoders: the damages are the same for each decoder, and the tables show what was measured."""

from pathlib import Path

import pytest

from bench import decoder_figures
from bench.decoder_damage import DAMAGES, damage

BODY = bytes(range(1, 256)) * 100
FIGURES = {
    "title": "a decoder",
    "detected": {"gif": {"files": 8} | dict.fromkeys(DAMAGES, 4)},
    "whole": {"gif": {"whole": 1999, "unsure": 3, "damaged": 2, "crash": 1}},
    "cost": {"bytes": 21_400_000, "import_ms": 71, "ms_per_megapixel": {"gif": 8.4}, "peak_mib": {"gif": 60}},
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_the_same_for_the_same_seed_and_keeps_the_length(name: str) -> None:
    damaged = damage(BODY, name, "1")
    assert damaged != BODY
    assert len(damaged) == len(BODY)
    assert damaged == damage(BODY, name, "1") != damage(BODY, name, "2")


def test_tables_show_what_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_figures, "PATH", tmp_path / "decoders.json")
    decoder_figures.store("b", FIGURES, 2005, ["structure", "b"])
    decoder_figures.store("structure", {"title": "alone", "detected": FIGURES["detected"]}, 2005, ["structure", "b"])

    assert list(decoder_figures.read()["decoders"]) == ["structure", "b"]
    assert "| a decoder | 8 | 50 % | 50 % |" in decoder_figures.detection_table()
    assert "| a decoder | 2,005 | 1,999 | 3 | 2 | 1 |" in decoder_figures.whole_table()
    assert "| a decoder | 21 | 71 | 8 ms, 60 MiB |" in decoder_figures.cost_table()
    assert decoder_figures.source().startswith("2,005 images")
