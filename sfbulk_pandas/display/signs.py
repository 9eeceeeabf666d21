"""The sign and the tone of a word, so that no status is told by its colour alone."""

from __future__ import annotations

_WORDS = {
    "ok": ("✓", "successful ended jobcomplete done ready"),
    "bad": ("✗", "failed error row refused"),
    "idle": ("…", "unprocessed open pending queued unfinished skipped"),
    "warn": ("?", "unknown"),
    "stop": ("■", "aborted interrupted stopped"),
    "busy": ("▸", "running detached inprogress uploadcomplete preparing uploading"),
}
_OF_WORD = {word: (sign, tone) for tone, (sign, words) in _WORDS.items() for word in words.split()}
_OTHER = ("•", "other")


def sign_of(word: str) -> str:
    """Return the sign of a status, such as ``"✓"``; a bullet for a word that has none."""
    return _OF_WORD.get(word.lower(), _OTHER)[0]


def tone_of(word: str) -> str:
    """Return the name of a status' colour in the stylesheet."""
    return _OF_WORD.get(word.lower(), _OTHER)[1]
