"""The addresses the service answers: one file per HTTP dialect."""
