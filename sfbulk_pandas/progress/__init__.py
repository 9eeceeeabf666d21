"""What is happening: events for eyes. A listener may be slow; it may not break a job."""
