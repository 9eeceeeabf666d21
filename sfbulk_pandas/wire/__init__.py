"""Requests out, responses in: pure pairs of ``build_*`` and ``read_*``, no sockets."""
