"""Without a browser its tests skip, saying why; a check by machine must not skip them."""

import pytest
from chromium import browser_path


@pytest.mark.parametrize(("ci", "raised"), [("", pytest.skip), ("true", pytest.fail)])
def test_without_a_browser(monkeypatch, tmp_path, ci, raised):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    with pytest.raises(raised.Exception, match=r"chromium.* is installed \(Debian: apt-get"):
        browser_path()


def test_the_first_browser_found_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("google-chrome", "chromium"):
        (tmp_path / name).touch(mode=0o755)
    assert browser_path() == str(tmp_path / "chromium")
