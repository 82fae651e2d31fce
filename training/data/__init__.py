"""Parallel corpora: read, filtered, kept on disk, and handed out in batches of ids."""
