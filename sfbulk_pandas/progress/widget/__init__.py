"""The panel of a notebook: models fed by events, views that write HTML, and the widgets that show it."""
