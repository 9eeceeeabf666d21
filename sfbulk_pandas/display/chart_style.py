"""What the stylesheet says of small charts."""

from __future__ import annotations

CHART_RULES = """
.sfbulk .sf-small,.sfbulk .sf-ends{font-size:11px;color:var(--sf-dim)}
.sfbulk svg.sf-hist{display:block;fill:var(--sf-accent);forced-color-adjust:none}
.sfbulk svg.sf-hist rect:hover{opacity:.65}
.sfbulk svg.sf-hist path{stroke:var(--sf-line)}
.sfbulk .sf-ends{display:flex;justify-content:space-between;gap:8px;width:192px;white-space:nowrap}
.sfbulk .sf-rank{display:grid;grid-template-columns:minmax(3em,13em) 64px max-content;gap:0 8px;align-items:center}
.sfbulk .sf-rank .sf-m{width:64px;margin:0}
.sfbulk .sf-rank .sf-label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.sfbulk .sf-rank .sf-figure{text-align:right;white-space:nowrap;color:var(--sf-dim)}
"""
