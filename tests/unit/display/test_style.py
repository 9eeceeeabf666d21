"""The stylesheet: small, for its own elements alone, legible in light and dark."""

import re

import pytest

from sfbulk_pandas.display.style import DARK, LIGHT, STYLE

# The grounds that the text stands on: our own, JupyterLab's, Notebook's and VS Code's of these themes.
GROUNDS = {"light": ["#ffffff", "#f8f8f8"], "dark": ["#111111", "#000000", "#1e1e1e", "#1f1f1f", "#181818"]}
PALETTES = {"light": LIGHT, "dark": DARK}


def luminance(colour):
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast_is_right():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", ["fg", "dim", "accent", "ok", "bad", "warn"])
def test_every_text_is_legible_on_every_ground(theme, name):
    palette = PALETTES[theme]
    grounds = [*GROUNDS[theme], palette["bg"], palette["track"], palette["mark"]]
    assert min(contrast(palette[name], ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("theme", PALETTES)
def test_bars_stand_out_from_their_track(theme):
    palette = PALETTES[theme]
    assert min(contrast(palette[name], palette["track"]) for name in ("accent", "ok", "bad", "warn", "dim")) >= 3


def test_both_palettes_have_the_same_names():
    assert list(LIGHT) == list(DARK)
    assert set(re.findall(r"var\(--sf-([\w-]+)", STYLE)) <= set(LIGHT)


def test_every_rule_is_for_our_own_elements():
    without_media = STYLE.replace("@media (prefers-color-scheme:dark){", "").replace("}}", "}")
    selectors = [each for rule in without_media.split("}") for each in _split(rule.partition("{")[0])]
    assert len(selectors) > 30
    others = [each for each in selectors if not re.search(r"(?:^|\s)\.sfbulk(?=\s|$)", each)]
    assert others == [".cell-output-ipywidget-background:has(.sfbulk)"]  # what VS Code puts around them


def _split(selectors):
    return [each.strip() for each in re.split(r",(?![^(]*\))", selectors) if each.strip()]


def test_it_is_small_and_fetches_nothing():
    assert len(STYLE) < 6_000
    assert not re.search(r"url\(|@import|expression|<|http", STYLE)


@pytest.mark.parametrize(
    ("place", "palette"),
    [
        ('[data-jp-theme-light="true"]', LIGHT),
        ('[data-jp-theme-light="false"]', DARK),
        (".vscode-light", LIGHT),
        (".vscode-dark", DARK),
    ],
)
def test_what_the_page_says_of_its_theme_beats_the_system(place, palette):
    rule = re.search(re.escape(place) + r" \.sfbulk[^{]*\{([^}]*)\}", STYLE)
    assert f"--sf-fg:{palette['fg']};" in rule[1]
    assert rule.start() > STYLE.index("prefers-color-scheme")
