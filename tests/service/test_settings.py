"""Settings: the defaults, what the environment may say, and what stops the start."""

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError
from tests.fhir.script import TLS


def test_the_defaults_serve_this_machine_alone() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 2)
    assert settings.max_body_bytes == 4_194_304
    assert settings.on_loopback
    assert settings.base_url is None
    assert settings.protocol is None
    assert settings.lab_codes is None
    assert settings.qt_drugs is None
    assert settings.log_level == "info"
    assert settings.log_format is None
    assert (settings.max_entries, settings.max_drafts) == (5000, 1000)
    assert settings.metrics_token_sha256 is None


def test_the_environment_is_read(tmp_path: Path) -> None:
    protocol = tmp_path / "site.toml"
    protocol.touch()
    settings = Settings.from_environment(
        {
            "MAGNESIA_HOST": "localhost",
            "MAGNESIA_PORT": "9000",
            "MAGNESIA_BASE_URL": "https://cds.example.org/magnesia/",
            "MAGNESIA_CORS_ORIGINS": "https://ehr.example, https://Other.example:8443",
            "MAGNESIA_PROTOCOL": str(protocol),
            "MAGNESIA_LAB_CODES": str(protocol),
            "MAGNESIA_QT_DRUGS": str(protocol),
            "MAGNESIA_MAX_BODY_BYTES": "2048",
            "MAGNESIA_WORKERS": "4",
            "MAGNESIA_LOG_LEVEL": "WARNING",
            "MAGNESIA_LOG_FORMAT": "Text",
            "MAGNESIA_MAX_ENTRIES": "200",
            "MAGNESIA_MAX_DRAFTS": "20",
            "MAGNESIA_METRICS_TOKEN_SHA256": "AB" * 32,
            "PATH": "/usr/bin",
        }
    )
    assert settings == Settings(
        host="localhost",
        port=9000,
        base_url="https://cds.example.org/magnesia",
        cors_origins=("https://ehr.example", "https://other.example:8443"),
        protocol=protocol,
        lab_codes=protocol,
        qt_drugs=protocol,
        max_body_bytes=2048,
        workers=4,
        log_level="warning",
        log_format="text",
        max_entries=200,
        max_drafts=20,
        metrics_token_sha256="ab" * 32,
    )


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.from_environment({"MAGNESIA_BASE_URL": "", "MAGNESIA_PORT": " "}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAGNESIA_HOST", "two words"),
        ("MAGNESIA_PORT", "http"),
        ("MAGNESIA_PORT", "70000"),
        ("MAGNESIA_BASE_URL", "cds.example.org"),
        ("MAGNESIA_BASE_URL", "https://cds.example.org/?a=b"),
        ("MAGNESIA_BASE_URL", "https://user@cds.example.org"),
        ("MAGNESIA_CORS_ORIGINS", "ehr.example"),
        ("MAGNESIA_CORS_ORIGINS", "*, https://ehr.example"),
        ("MAGNESIA_CORS_ORIGINS", "https://ehr.example/path"),
        ("MAGNESIA_PROTOCOL", "no-such-file.toml"),
        ("MAGNESIA_LAB_CODES", "no-such-file.toml"),
        ("MAGNESIA_QT_DRUGS", "no-such-file.toml"),
        ("MAGNESIA_MAX_BODY_BYTES", "4 MiB"),
        ("MAGNESIA_MAX_BODY_BYTES", "0"),
        ("MAGNESIA_WORKERS", "0"),
        ("MAGNESIA_LOG_LEVEL", "loud"),
        ("MAGNESIA_LOG_FORMAT", "xml"),
        ("MAGNESIA_MAX_ENTRIES", "0"),
        ("MAGNESIA_MAX_DRAFTS", "many"),
        ("MAGNESIA_AUTH", "maybe"),
        ("MAGNESIA_MODE", "loud"),
        ("MAGNESIA_FHIR_SERVERS", "ehr.example"),
        ("MAGNESIA_FHIR_SERVERS", "http://ehr.example/fhir"),
        ("MAGNESIA_FHIR_SERVERS", "https://ehr.example/fhir, http://10.0.0.1/fhir"),
        ("MAGNESIA_FHIR_SERVERS", "https://user@ehr.example/fhir"),
        ("MAGNESIA_FHIR_SERVERS", "https://ehr.example/fhir?a=b"),
        ("MAGNESIA_FHIR_SERVERS", "https://ehr.example/fhir#a"),
        ("MAGNESIA_FHIR_OPEN", "perhaps"),
        ("MAGNESIA_FETCH_DEADLINE_MS", "2000"),
        ("MAGNESIA_FETCH_DEADLINE_MS", "0"),
        ("MAGNESIA_FHIR_PROXY", "proxy.example:3128"),
        ("MAGNESIA_FHIR_PROXY", "socks5://proxy.example:1080"),
        ("MAGNESIA_FHIR_CA", "no-such-file.pem"),
        ("MAGNESIA_FHIR_CA", str(Path(__file__))),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_the_variable(
    variable: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} must be .*not '") as refused:
        Settings.from_environment({variable: value})
    assert "\n" not in str(refused.value)
    assert value in str(refused.value)


@pytest.mark.parametrize("variable", ["MAGNESIA_FHIR_SERVERS", "MAGNESIA_FHIR_PROXY"])
def test_a_password_is_not_repeated(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} must be") as refused:
        Settings.from_environment({variable: "https://user:hunter2@ehr.example"})
    assert "hunter2" not in str(refused.value)


def test_fhir_servers_are_read_and_none_is_listed_by_default() -> None:
    assert Settings().fhir_servers == ()
    settings = Settings.from_environment(
        {
            "MAGNESIA_FHIR_SERVERS": "https://EHR.example/fhir/, http://localhost:8080/fhir,",
            "MAGNESIA_FHIR_OPEN": "1",
            "MAGNESIA_FETCH_DEADLINE_MS": "400",
            "MAGNESIA_FHIR_PROXY": "http://proxy.example:3128",
            "MAGNESIA_FHIR_CA": str(TLS / "authority.pem"),
        }
    )
    listed = [server.url for server in settings.fhir_servers]
    assert listed == ["https://ehr.example/fhir", "http://localhost:8080/fhir"]
    assert settings.fhir_open
    assert settings.fetch_deadline_ms == 400
    assert settings.fhir_proxy == "http://proxy.example:3128"
    assert settings.fhir_ca == TLS / "authority.pem"


@pytest.mark.parametrize(
    "variable", ["MAGNESIA_PROT", "MAGNESIA_", "MAGNESIA_port", "MAGNESIA_MODEL_CONFIG"]
)
def test_an_unknown_variable_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not a setting"):
        Settings.from_environment({variable: "1"})


def test_another_machine_may_call_only_if_authentication_is_said_to_be_off() -> None:
    with pytest.raises(SettingsError, match=r"MAGNESIA_HOST=0\.0\.0\.0 .*MAGNESIA_AUTH=off"):
        Settings.from_environment({"MAGNESIA_HOST": "0.0.0.0"})
    said = {"MAGNESIA_HOST": "0.0.0.0", "MAGNESIA_AUTH": "off"}
    assert not Settings.from_environment(said).on_loopback


REQUIRED = {
    "MAGNESIA_AUTH": "required",
    "MAGNESIA_CLIENTS": str(Path(__file__)),
    "MAGNESIA_BASE_URL": "https://cds.example.org",
}


def test_callers_prove_who_they_are_if_it_is_said_or_others_can_reach_the_service() -> None:
    assert not Settings().is_auth_required
    assert Settings.from_environment(REQUIRED).is_auth_required
    elsewhere = REQUIRED | {"MAGNESIA_AUTH": "", "MAGNESIA_HOST": "0.0.0.0"}
    assert Settings.from_environment(elsewhere).is_auth_required
    said = elsewhere | {"MAGNESIA_AUTH": "off"}
    assert not Settings.from_environment(said).is_auth_required


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"MAGNESIA_CLIENTS": ""}, "^MAGNESIA_AUTH=required needs MAGNESIA_CLIENTS"),
        ({"MAGNESIA_BASE_URL": ""}, "^MAGNESIA_AUTH=required needs MAGNESIA_BASE_URL"),
        ({"MAGNESIA_BASE_URL": "http://cds.example.org"}, "^MAGNESIA_BASE_URL must be https"),
        ({"MAGNESIA_BASE_URL": "http://10.1.2.3:8000"}, "^MAGNESIA_BASE_URL must be https"),
        ({"MAGNESIA_CLIENTS": "no-such-file.toml"}, "^MAGNESIA_CLIENTS must be the path"),
        ({"MAGNESIA_AUTH": ""}, "^MAGNESIA_CLIENTS is set, and on a loopback address"),
    ],
)
def test_it_does_not_start_half_trusting(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.from_environment(REQUIRED | changes)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://cds.example.org", "https://cds.example.org"),
        ("https://cds.example.org/", "https://cds.example.org"),
        ("HTTPS://HOST.Example/X", "https://host.example/X"),
        ("https://Host.example:8443/Mg/a-b//", "https://host.example:8443/Mg/a-b"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_base_url_is_kept_as_a_client_would_write_it(given: str, kept: str) -> None:
    assert Settings.from_environment({"MAGNESIA_BASE_URL": given}).base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://ho st/",
        "https://host:99999",
        "https://host:",
        "https://host:0",
        "https://host:x",
        "https://h\u00f6st.example",
        "https://host/a b",
        "https://host/../x",
        "https://host//x",
        "https://host?a",
        "https://256.1.1.1",
    ],
)
def test_a_base_url_for_which_no_token_can_be_made_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^MAGNESIA_BASE_URL must be an absolute"):
        Settings.from_environment({"MAGNESIA_BASE_URL": url})


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "http://localhost:8000/mg"])
def test_a_token_may_be_for_this_machine_without_encryption(base_url: str) -> None:
    settings = Settings.from_environment(REQUIRED | {"MAGNESIA_BASE_URL": base_url})
    assert settings.is_auth_required
    assert not settings.is_exposed


def test_a_service_behind_a_proxy_is_exposed() -> None:
    assert Settings.from_environment(REQUIRED).is_exposed
    assert Settings(host="0.0.0.0", auth="off").is_exposed
    assert not Settings().is_exposed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LocalHost"])
def test_loopback_addresses(host: str) -> None:
    assert Settings(host=host).on_loopback


FHIR = {"MAGNESIA_FHIR_SERVERS": "https://ehr.example/fhir"}


@pytest.mark.parametrize(
    ("environment", "origins"),
    [
        ({}, ("*",)),
        ({"MAGNESIA_FHIR_OPEN": "1"}, ("*",)),
        (FHIR, ("*",)),
        (FHIR | {"MAGNESIA_FHIR_OPEN": "1"}, ()),
        (FHIR | {"MAGNESIA_FHIR_OPEN": "1", "MAGNESIA_CORS_ORIGINS": "*"}, ("*",)),
        ({"MAGNESIA_CORS_ORIGINS": ""}, ()),
        ({"MAGNESIA_CORS_ORIGINS": "*"}, ("*",)),
        ({"MAGNESIA_HOST": "0.0.0.0", "MAGNESIA_AUTH": "off"}, ()),
        (
            {
                "MAGNESIA_HOST": "0.0.0.0",
                "MAGNESIA_AUTH": "off",
                "MAGNESIA_CORS_ORIGINS": "https://ehr.example",
            },
            ("https://ehr.example",),
        ),
    ],
)
def test_pages_may_call_by_default_on_a_loopback_address_only(
    environment: dict[str, str], origins: tuple[str, ...]
) -> None:
    assert Settings.from_environment(environment).allowed_origins == origins


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_says_what_it_is_for_and_what_it_expects(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["expects"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAGNESIA_DATABASE_URL", "nonsense"),
        ("MAGNESIA_DATABASE_URL", "sqlite://"),
        ("MAGNESIA_DATABASE_URL", "sqlite:///:memory:"),
        ("MAGNESIA_DATABASE_URL", "postgresql://user:hunter2@host"),
        ("MAGNESIA_DATABASE_URL", "postgresql://user:hunter2@host:port/name"),
        ("MAGNESIA_DATABASE_URL", "mysql://user:hunter2@host/name"),
        ("MAGNESIA_PATIENT_KEY", "hunter2"),
        ("MAGNESIA_METRICS_TOKEN_SHA256", "hunter2"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_repeated(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} must be [^']*\\.$") as refused:
        Settings.from_environment({variable: value})
    assert "hunter2" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        database_url="postgresql://user:hunter2@host/name", patient_key="hunter2 hunter2 hunter2"
    )
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_name_of_postgresql_is_understood(scheme: str) -> None:
    url = Settings(database_url=f"{scheme}://user:p%40ss@host:5433/name").database_url
    assert url == "postgresql+psycopg://user:p%40ss@host:5433/name"


@pytest.mark.parametrize(
    ("settings", "directory"),
    [
        (Settings(database_url="sqlite:///var/magnesia.sqlite"), "var/spool"),
        (Settings(database_url="sqlite:////data/magnesia.sqlite"), "/data/spool"),
        (Settings(database_url="postgresql://host/name"), "var/spool"),
        (Settings(database_url="postgresql://host/name", spool=Path("/queue")), "/queue"),
    ],
)
def test_where_decisions_wait(settings: Settings, directory: str) -> None:
    assert settings.spool_directory == Path(directory)


def test_the_record_is_kept_in_a_file_by_default() -> None:
    # Tests move the default out of the project; what a site gets is in the field's own words.
    environment = Settings.from_environment({})
    assert environment.database_url.startswith("sqlite:///")
    assert environment.mode == "live"
    assert environment.patient_key is None
