"""The first lesson, cell by cell, as a newcomer runs it."""

from __future__ import annotations

LESSON = "notebooks/01_first_load.ipynb"


def test_the_first_lesson_runs_cell_by_cell(desk):
    lesson = desk.open(LESSON)
    for index, (kind, _) in enumerate(lesson.sources()):
        if kind == "code":
            lesson.run(index)
    desk.picture(lesson.page, "end")
    assert lesson.kernel() == "idle"


def test_a_cell_runs_in_notebook_7(desk):
    notebook = desk.written("import sfbulk_pandas as sfbulk\nsfbulk.__name__", door="notebooks")
    outputs = notebook.run(0)
    assert [each["data"]["text/plain"] for each in outputs] == ["'sfbulk_pandas'"]
    assert "Notebook" in notebook.page.title() or "notebook" in notebook.page.title()
