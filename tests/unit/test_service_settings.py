from dataclasses import fields
from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, read_settings, settings_table, variable_name


def test_without_variables_the_defaults_hold():
    settings = read_settings({}, {"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.keep_alive_seconds, settings.bundle) == ("127.0.0.1", 8000, 75, None)


def test_each_variable_sets_the_field_of_its_name():
    environment = {"MT_HOST": "::1", "MT_PORT": "0", "MT_BUNDLE": "/models/a", "MT_LOG_LEVEL": "debug"}
    settings = read_settings({}, environment | {"MT_SUGGESTIONS": "s.jsonl"})
    assert settings.suggestions == Path("s.jsonl")
    assert (settings.host, settings.port, settings.bundle) == ("::1", 0, Path("/models/a"))
    assert settings.log_level == "debug"


def test_an_override_wins_over_the_environment():
    assert read_settings({"MT_PORT": "9"}, {"MT_PORT": "8"}).port == 9


def test_an_empty_variable_means_the_default():
    assert read_settings({}, {"MT_PORT": ""}).port == 8000


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch):
    monkeypatch.setenv("MT_QUEUE_SIZE", "7")
    assert read_settings({}).queue_size == 7


@pytest.mark.parametrize("value", ["http", "-1", "65536", "8000.0", "1e3", "9" * 5000, "\uff19" * 5, "\n"])
def test_a_port_outside_its_range_is_refused_with_value_and_range(value):
    with pytest.raises(SettingsError, match=r"^MT_PORT is '.*'; it must be a whole number from 0 to 65,535\.$"):
        read_settings({}, {"MT_PORT": value})


def test_keys_rates_and_proxies_are_read():
    environment = {
        "MT_KEYS": "/keys",
        "MT_KEY_REQUIRED": "No",
        "MT_RATE": "5/minute",
        "MT_TRUSTED_PROXIES": "::1,10.0.0.0/8",
    }
    settings = read_settings({}, environment)
    assert (settings.keys, settings.key_required) == (Path("/keys"), False)
    assert [str(rate) for rate in settings.rate] == ["5 per 1 minute"]
    assert [str(network) for network in settings.trusted_proxies] == ["::1/128", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("MT_RATE", "often", "it must be written like '30 per 1 minute; 1000 per day', with 1 to 100,000 requests"),
        ("MT_KEY_REQUIRED", "maybe", "it must be one of true, 1, yes, false, 0, no"),
        ("MT_TRUSTED_PROXIES", "proxy", "it must be addresses and networks like '127.0.0.1, 10.0.0.0/8'"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_with_what_it_must_be(name, value, text):
    with pytest.raises(SettingsError, match=f"^{name} is '{value}'; {text}"):
        read_settings({}, {name: value})


def test_a_key_cannot_be_required_where_there_are_none():
    with pytest.raises(SettingsError, match=r"MT_KEY_REQUIRED is set, but there are no keys: name .* with MT_KEYS\."):
        read_settings({}, {"MT_KEY_REQUIRED": "true"})
    assert read_settings({}, {"MT_KEY_REQUIRED": "false"}).keys is None


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"MT_ENGINE is 'gpu'; it must be one of auto, litert, savedmodel\."):
        read_settings({}, {"MT_ENGINE": "gpu"})


def test_an_unknown_log_level_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"MT_LOG_LEVEL is 'loud'; it must be one of critical, error, warning"):
        read_settings({}, {"MT_LOG_LEVEL": "loud"})


def test_an_unknown_log_format_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"MT_LOG_FORMAT is 'xml'; it must be one of text, json\."):
        read_settings({}, {"MT_LOG_FORMAT": "xml"})


def test_the_token_of_the_metrics_is_not_shown_with_the_settings():
    assert "s3cret" not in repr(read_settings({}, {"MT_METRICS_TOKEN": "s3cret"}))


def test_an_unknown_variable_is_refused_with_the_closest_and_all_known_ones():
    with pytest.raises(SettingsError, match=r"^'MT_PROT' is not a setting; the closest is MT_PORT\. All .*MT_HOST, "):
        read_settings({}, {"MT_PROT": "80"})


def test_a_settings_error_is_one_line():
    for environment in ({"MT_PORT": "a\nb"}, {"MT_A\nB": "x"}):
        with pytest.raises(SettingsError) as error:
            read_settings({}, environment)
        assert "\n" not in str(error.value)


def test_the_table_names_every_variable_its_default_and_its_range():
    table = settings_table()
    assert all(variable_name(setting) in table for setting in fields(Settings))
    assert "From 0 to 65,535. Default: 8000." in " ".join(table.split())


def test_one_bundle_and_a_folder_of_them_at_once_are_refused_with_both():
    complaint = (
        r"MT_BUNDLE is /a and MT_BUNDLES is /b; set only one of them: one bundle, or a folder that holds bundles."
    )
    with pytest.raises(SettingsError, match=complaint):
        read_settings({"MT_BUNDLE": "/a"}, {"MT_BUNDLES": "/b"})
    assert read_settings({}, {"MT_BUNDLES": "/b", "MT_BUNDLE": ""}).bundles == Path("/b")
