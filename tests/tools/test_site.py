"""The schemas that the site publishes, at an address that the schemas themselves name."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from tools import site


def test_a_schema_names_its_address_on_the_site() -> None:
    made = {path: json.loads(text) for path, text in site.schemas("https://docs.example/fi-bump/").items()}
    lock = "schemas/versions.lock.schema.json"
    assert made[lock]["$id"] == f"https://docs.example/fi-bump/{lock}"
    assert made["schemas/schemastore.json"]["url"] == made[lock]["$id"]
    assert made["schemas/schemastore.json"]["fileMatch"] == ["versions.lock.json"]
    for path, document in made.items():
        if path.endswith(".schema.json"):
            Draft202012Validator.check_schema(document)
            source = json.loads((site.TOP / "fi_bump" / path).read_bytes())
            assert {key: value for key, value in document.items() if key != "$id"} == source


def test_without_an_address_no_schema_names_one() -> None:
    made = site.schemas("")
    assert "schemas/schemastore.json" not in made
    assert all("$id" not in json.loads(text) for text in made.values())
