"""The one stylesheet: small, under ``.sfbulk`` alone, for light and dark themes.

Which theme it is, JupyterLab, Notebook 7 and nbconvert say by ``data-jp-theme-light``, VS Code by a class of the body,
others by ``data-theme``; where nobody says it, the system's setting holds. Text and background are always set together,
so that no page can leave light text on white. VS Code's own variables come first: once it has shown a widget, its pages
have JupyterLab's as well, and those of the light theme only.
"""

from __future__ import annotations

from sfbulk_pandas.display.chart_style import CHART_RULES

LIGHT = {
    "bg": "#ffffff",
    "fg": "#1f2328",
    "dim": "#59636e",
    "line": "#d8dee4",
    "track": "#e9edf1",
    "accent": "#0550ae",
    "ok": "#17752f",
    "bad": "#c2212d",
    "warn": "#8a5a00",
    "mark": "#fff0ee",
}
DARK = {
    "bg": "#111111",
    "fg": "#e6e9ed",
    "dim": "#9ea7b1",
    "line": "#373d44",
    "track": "#2d333b",
    "accent": "#6cb2ff",
    "ok": "#4cc263",
    "bad": "#ff8078",
    "warn": "#dda63a",
    "mark": "#40201f",
}
_SAID_LIGHT = ('[data-jp-theme-light="true"]', ".vscode-light", ".vscode-high-contrast-light", '[data-theme="light"]')
_SAID_DARK = (
    '[data-jp-theme-light="false"]',
    ".vscode-dark",
    ".vscode-high-contrast:not(.vscode-high-contrast-light)",
    '[data-theme="dark"]',
    'html[theme="dark"]',
)
_RULES = """
.sfbulk{font:13px/1.5 var(--vscode-font-family,var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",
    sans-serif));font-variant-numeric:tabular-nums;color:var(--sf-fg);max-width:88em;padding:2px 0 4px;
    text-align:left}
.sfbulk *{box-sizing:border-box}
.sfbulk .sf-h{font-weight:600;margin:0 0 6px}
.sfbulk .sf-size{font-weight:400;color:var(--sf-dim)}
.sfbulk .sf-b{margin:0 0 8px}
.sfbulk .sf-note,.sfbulk .sf-dim,.sfbulk .sf-0{color:var(--sf-dim)}
.sfbulk .sf-c.sf-c.sf-c{font:12px/1.5 var(--vscode-editor-font-family,var(--jp-code-font-family,ui-monospace,
    Menlo,Consolas,monospace));color:var(--sf-fg);background:var(--sf-track);padding:1px 4px;border-radius:3px;
    white-space:pre-wrap}
.sfbulk a{color:var(--sf-accent)}
.sfbulk dl.sf-f{display:grid;grid-template-columns:max-content 1fr;gap:1px 16px;margin:0}
.sfbulk dl.sf-f dt{color:var(--sf-dim);font-weight:400;margin:0;float:none;width:auto}
.sfbulk dl.sf-f dd{margin:0;overflow-wrap:anywhere}
.sfbulk .sf-bar{display:flex;gap:1px;height:6px;max-width:40em;border-radius:3px;overflow:hidden;
    background:var(--sf-track);margin:2px 0 6px;forced-color-adjust:none}
.sfbulk .sf-bar i,.sfbulk .sf-m i{display:block;height:100%;background:var(--c,var(--sf-accent))}
.sfbulk .sf-m{display:inline-block;width:72px;height:6px;border-radius:3px;overflow:hidden;background:var(--sf-track);
    margin-right:8px;vertical-align:1px;forced-color-adjust:none}
.sfbulk ul.sf-k{display:flex;flex-wrap:wrap;gap:0 18px;margin:0;padding:0;list-style:none}
.sfbulk ul.sf-k li{margin:0;padding:0}
.sfbulk .sf-s{white-space:nowrap}
.sfbulk .sf-s b{color:var(--c,inherit);font-weight:700;display:inline-block;min-width:1.1em}
.sfbulk .sf-s.sf-0 b{color:inherit}
.sfbulk .sf-ok{--c:var(--sf-ok)}
.sfbulk .sf-bad{--c:var(--sf-bad)}
.sfbulk .sf-warn,.sfbulk .sf-stop{--c:var(--sf-warn)}
.sfbulk .sf-idle{--c:var(--sf-dim)}
.sfbulk .sf-blank{--c:transparent}
.sfbulk .sf-busy,.sfbulk .sf-other{--c:var(--sf-accent)}
.sfbulk .sf-w{overflow-x:auto}
.sfbulk table.sf-t{border-collapse:collapse;border:0;margin:0;font-size:inherit;width:auto;table-layout:auto;
    color:inherit}
.sfbulk table.sf-t tr{background:none;border:0}
.sfbulk table.sf-t tbody tr:nth-child(n){background:none}
.sfbulk table.sf-t tbody tr:hover{background:var(--sf-track)}
.sfbulk table.sf-t th,.sfbulk table.sf-t td{text-align:left;vertical-align:top;padding:3px 16px 3px 0;
    line-height:1.45;border:0;border-bottom:1px solid var(--sf-line);max-width:30em;white-space:pre-wrap;
    overflow-wrap:break-word;font-weight:400}
.sfbulk table.sf-t thead th{color:var(--sf-dim);white-space:nowrap}
.sfbulk table.sf-t tbody th{color:var(--sf-dim)}
.sfbulk table.sf-t .sf-n{text-align:right;white-space:nowrap}
.sfbulk table.sf-t .sf-one{white-space:nowrap}
.sfbulk table.sf-t .sf-long{min-width:17em}
.sfbulk table.sf-t .sf-c.sf-c.sf-c{background:none;padding:0;white-space:nowrap}
.sfbulk td.sf-x b{color:var(--sf-bad)}
.sfbulk table.sf-t td.sf-x{background:var(--sf-mark);box-shadow:inset 2px 0 var(--sf-bad);padding-left:8px}
"""
# Its widgets stand on white in any theme, with the colours of JupyterLab's light one: they take the editor's here.
_OF_VS_CODE = """
.cell-output-ipywidget-background:has(.sfbulk){background:var(--vscode-editor-background)!important;
    --jp-widgets-color:var(--vscode-editor-foreground);--jp-widgets-label-color:var(--vscode-editor-foreground);
    --jp-widgets-input-color:var(--vscode-input-foreground);
    --jp-widgets-input-background-color:var(--vscode-input-background);
    --jp-widgets-input-border-color:var(--vscode-input-border,var(--vscode-editor-foreground));
    --jp-layout-color2:var(--vscode-button-secondaryBackground);
    --jp-ui-font-color1:var(--vscode-button-secondaryForeground);
    --jp-brand-color1:var(--vscode-button-background);--jp-ui-inverse-font-color1:var(--vscode-button-foreground)}
"""


def _colours(palette: dict[str, str]) -> str:
    own = {name: colour for name, colour in palette.items() if name != "bg"}
    ground = f"background:var(--vscode-editor-background,var(--jp-layout-color0,{palette['bg']}))"
    return "{" + "".join(f"--sf-{name}:{colour};" for name, colour in own.items()) + ground + "}"


def _under(places: tuple[str, ...]) -> str:
    return ",".join(f"{place} .sfbulk" for place in places)


_ONE_LINE = "".join(line.strip() for line in (_RULES + CHART_RULES + _OF_VS_CODE).splitlines())
STYLE = (
    f".sfbulk{_colours(LIGHT)}@media (prefers-color-scheme:dark){{.sfbulk{_colours(DARK)}}}"
    f"{_under(_SAID_LIGHT)}{_colours(LIGHT)}{_under(_SAID_DARK)}{_colours(DARK)}{_ONE_LINE}"
)
