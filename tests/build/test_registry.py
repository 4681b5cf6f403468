"""The registry: what comes from it, and the page that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgan import build
from qgan.build.settings import check_choices, parse, to_yaml
from qgan.config import Experiment, OneOf
from qgan.errors import QganError

ROOT = Path(__file__).parents[2]


def test_the_page_of_choices_is_current() -> None:
    page = (ROOT / "docs" / "choices.md").read_text()
    assert page == build.reference(), "run `qgan list --markdown > docs/choices.md`"
    assert build.compatibility() in page


@pytest.mark.parametrize("kind", build.FAMILIES)
def test_every_choice_says_what_it_is(kind: str) -> None:
    family = build.FAMILIES[kind]
    assert len(family)
    for entry in family.entries():
        assert 5 < len(entry.line) < 100, entry.name
        assert callable(entry.make) and family.find(entry.name) is entry


def test_settings_that_name_choices_take_what_the_registry_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of every marked setting: another name is refused; a name that is registered passes."""
    marked = 0
    for section, model in (("", Experiment), *_sections()):
        for name, field in model.model_fields.items():
            for mark in (m for m in field.metadata if isinstance(m, OneOf)):
                marked += 1
                family = build.FAMILIES[mark.kind]
                own = build.Entry("of-my-own", object, "mine")
                data = {section: {name: own.name}} if section else {name: own.name}
                with pytest.raises(QganError, match=f"`{family.setting}` must be one of"):
                    parse(data)
                monkeypatch.setitem(family.by_name, own.name, own)
                check_choices(Experiment.model_validate(data))
                assert f"{name}: of-my-own" in to_yaml(Experiment.model_validate(data))
                monkeypatch.delitem(family.by_name, own.name)
    assert marked == 8


def _sections() -> list[tuple[str, type]]:
    fields = Experiment.model_fields
    return [
        (name, field.annotation)
        for name, field in fields.items()
        if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields")
    ]


def test_the_settings_of_an_objective_are_those_of_its_entry() -> None:
    for entry in build.OBJECTIVES.entries():
        settings = parse({"objective": entry.name}).model_dump()
        for section, values in entry.settings.items():
            assert {key: settings[section][key] for key in values} == dict(values)


def test_python_without_flags_speaks_of_choices() -> None:
    with pytest.raises(QganError) as caught:
        build.build_trainer(
            build.SOURCES.find("basis").make(1, n_train=2, n_validation=1, n_held_out=1),
            parse({"objective": "linear", "discriminator": {"head": "mlp"}}),
        )
    assert "--" not in str(caught.value)
    assert caught.value.choices == (("head", "bounded-linear"), ("objective", "hinge"))
