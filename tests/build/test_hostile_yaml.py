"""Settings that somebody else has written: whatever YAML holds is settings, or one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qgan.build.settings import from_yaml
from qgan.cli import main
from qgan.errors import QganError

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    + ["generator: {hidden: *a8}"]
)
SMALL_BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nseed: [*c, *c]"

HOSTILE = {
    "date": ("seed: 2020-13-45", "must be YAML"),
    "time": ("seed: 2020-01-01 25:61:61", "must be YAML"),
    "brackets": ("seed: " + "[" * 20_000, "must have at most 20 levels"),
    "braces": ("seed: " + "{a: " * 20_000, "must have at most"),
    "indents": ("\n".join(" " * i + "a:" for i in range(300)), "must have at most 20 levels"),
    "digits": ("seed: " + "9" * 5_000, "must be YAML"),
    "hexadecimal": ("seed: 0x" + "f" * 5_000, "`seed` must be less than 9223372036854775808"),
    "sexagesimal": ("seed: " + "1:" * 3_000 + "1", "`config` must be YAML|`seed` must be"),
    "no digits": ("seed: 0x_", "must be YAML"),
    "integer": ("seed: !!int x", "must be YAML"),
    "boolean": ("seed: !!bool maybe", "must be YAML"),
    "timestamp": ("seed: !!timestamp x", "must be YAML"),
    "binary": ("seed: !!binary é", "must be YAML"),
    "code": ("seed: !!python/object/apply:os.getcwd []", "must be YAML"),
    "own tag": ("seed: !mine 3", "must be YAML"),
    "bomb": (BOMB, "must use at most 20 aliases"),
    "small bomb": (SMALL_BOMB, "`seed` must be a valid integer|`a` must be a key"),
    "itself": ("seed: &a [*a]", "`seed` must be a valid integer"),
    "merged itself": ("seed: &a\n  <<: *a", "must"),
    "no such anchor": ("seed: *a", "must be YAML"),
    "key of a list": ("? [1, 2]\n: 3", "must be YAML"),
    "key of a number": ("1: 3", "must have keys that are strings, but got 1"),
    "long text": ("seed: " + "x" * 60_000, "`seed` must be a valid integer"),
    "long key": ("x" * 1_000 + ": 1", "must be a key of the schema"),
    "long key again": ("? " + "x" * 9_000 + "\n: 1\n? " + "x" * 9_000 + "\n: 1", "a key once"),
    "long choice": ("objective: " + "x" * 60_000, "`objective` must be a name"),
    "long list": (f"generator: {{hidden: {['x'] * 9_000}}}", "`generator.hidden.0` must be"),
    "large": ("# " + "x" * 70_000, "must have at most 65536 bytes"),
    "null byte": ("seed: \0", "must be YAML"),
    "escape": ('seed: "\\e[31m\\n"', r"but got '\\x1b\[31m"),
    "number of a term": ("term: ['r1:nan']", "`term` must be NAME or NAME:WEIGHT"),
    "infinite number": ("objective: linear:1e999", "`objective` must be NAME or NAME:"),
    "two documents": ("seed: 1\n---\nseed: 2", "must be YAML"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_settings_are_one_short_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, message = HOSTILE[case]
    file = tmp_path / "c.yaml"
    file.write_text(text)
    start = time.process_time()
    with pytest.raises(QganError, match=message) as caught:
        from_yaml(file)
    assert time.process_time() - start < 5  # nothing that grows: a second, on a busy machine too
    assert len(str(caught.value)) < 1_500 and str(caught.value).isprintable()
    assert main(["train", "--config", str(file), "--run", str(tmp_path / "r")]) == 2
    output = capsys.readouterr()
    assert output.err.count("\n") == 1 and output.out == ""
    assert list(tmp_path.iterdir()) == [file]


def test_a_byte_order_mark_and_a_few_anchors_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + b"seed: &a 5\ntrainer: {steps: *a, batch: *a}")
    assert (from_yaml(file).seed, from_yaml(file).trainer.steps) == (5, 5)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["!!int x", "!!set {a}", "&a", "*a", "2020-02-30", "0b", "1_", "<<", "? "]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(["seed", "trainer", "generator", "term", "objective"]), value=VALUES)
def test_text_that_is_like_yaml_is_settings_or_one_line(
    tmp_path: Path, key: str, value: object
) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(f"{key}: {value}".encode("utf-8", "surrogatepass"))
    try:
        from_yaml(file)
    except QganError as error:
        assert str(error).isprintable() or not str(error).isascii()
        assert "\n" not in str(error) and "\x1b" not in str(error)
