"""Who runs the jobs: threads of one machine."""
