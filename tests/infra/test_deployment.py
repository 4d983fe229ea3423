"""The files for people who deploy say the same as the code."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Read by containers of others, or by ports and folders of our own compose file.
NOT_SETTINGS = {"POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "PORT", "EMULATOR_PORT", "EMULATOR_CONTROL_TOKEN"}
POSTGRES_IMAGE = {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def services() -> list[tuple[str, dict[str, Any]]]:
    return list(compose()["services"].items())


def read_by_settings() -> set[str]:
    code = "".join(
        (ROOT / f"marketplace/{name}.py").read_text() for name in ("settings", "dispute_settings", "environment")
    )
    readers = r"env(?:\.\w+)?|required(?:_list)?|_percent|_at_least_one|_amounts|_priors"
    return set(re.findall(rf"""(?:{readers})\(\s*"([A-Z_]+)\"""", code))


def explained() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", text, flags=re.MULTILINE))


def pins(name: str) -> set[str]:
    return set(re.findall(r"^([\w.\[\]-]+==\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))


def test_every_setting_is_explained_in_the_example() -> None:
    assert read_by_settings() - explained() == set()


def test_the_example_explains_nothing_that_does_not_exist() -> None:
    assert explained() - read_by_settings() - NOT_SETTINGS == set()


def test_every_variable_the_compose_file_reads_is_explained() -> None:
    read = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert read
    assert read - explained() == set()


def test_every_variable_the_compose_file_gives_is_known_to_who_receives_it() -> None:
    emulator = (ROOT / "emulator/__main__.py").read_text() + (ROOT / "emulator/settings.py").read_text()
    for name, service in services():
        for variable in service.get("environment", {}):
            if name == "postgres":
                assert variable in POSTGRES_IMAGE
            elif name == "emulator":
                assert f'"{variable}"' in emulator
            else:
                assert variable in read_by_settings()


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "valkey", "emulator"])
def test_every_long_running_container_has_a_health_check_or_its_images(name: str) -> None:
    service = compose()["services"][name]

    assert "healthcheck" in service or service["build"]["target"] == "app"
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_our_containers_run_read_only_without_privileges() -> None:
    for name, service in services():
        assert "no-new-privileges:true" in service["security_opt"], name
        if "build" in service:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]


def test_ports_are_published_to_this_machine_only() -> None:
    for _, service in services():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_nothing_starts_before_the_migrations() -> None:
    for name in ("web", "worker", "beat"):
        condition = compose()["services"][name]["depends_on"]["migrate"]["condition"]

        assert condition == "service_completed_successfully"


def test_the_image_runs_as_an_ordinary_user_in_every_target() -> None:
    stages = (ROOT / "Dockerfile").read_text().split("\nFROM ")

    for stage in stages:
        if "CMD [" in stage:
            assert stage.index("USER app") < stage.rindex("CMD [")


def test_the_image_gets_every_room() -> None:
    allowed = set((ROOT / ".dockerignore").read_text().split())
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]

    for room in [*rooms, "templates", "static", "manage.py"]:
        assert f"!{room}" in allowed


def test_the_production_lock_holds_the_versions_that_were_tested() -> None:
    assert pins("requirements.production.lock") <= pins("requirements.lock")
    assert "pytest" not in {pin.split("==")[0] for pin in pins("requirements.production.lock")}


def test_the_locks_name_no_registry_and_hash_every_pin() -> None:
    for name in ("requirements.lock", "requirements.production.lock", "dev/uv.lock.txt"):
        text = (ROOT / name).read_text()

        assert "://" not in text
        assert len(re.findall(r"==[^\\]+\\\n    --hash", text)) == len(pins(name))
