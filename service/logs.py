"""What the program writes to standard error: a line a request, and what went wrong; never a text, unless asked to."""

import json
import logging
import logging.config
from datetime import UTC, datetime
from typing import Any

from service.records import Record, current_id
from service.settings import Settings

logger = logging.getLogger(__name__)


def configure_logging(settings: Settings) -> None:
    """Nothing; from now on this process logs as the settings say."""
    formatter = {"text": TextFormatter, "json": JsonFormatter}[settings.log_format]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"chosen": {"()": formatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}},
            # It tells of single characters of bodies that it cannot read; their clients are told.
            "loggers": {"python_multipart": {"level": "CRITICAL"}},
            "root": {"level": settings.log_level.upper(), "handlers": ["stderr"]},
        }
    )


class RequestLog:
    """Logs each request that is over, at the level info."""

    def __init__(self, shows_texts: bool):
        self._shows_texts = shows_texts

    def __call__(self, record: Record) -> None:
        """Nothing; the line is written."""
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "%s %s %d", record.method, record.route or "-", record.status, extra={"fields": self._of(record)}
            )

    def _of(self, record: Record) -> dict[str, Any]:
        fields = {
            "method": record.method,
            "route": record.route or None,
            "status": record.status,
            "milliseconds": round(1_000 * (record.ended - record.began), 1),
            "characters": record.characters,
            "client": record.client or None,
        }
        fields |= {f"{name}_milliseconds": round(1_000 * seconds, 1) for name, seconds in record.seconds.items()}
        fields |= {"refusal": record.refusal} if record.refusal else {}
        fields |= {"client_left": True} if record.has_left else {}
        return fields | ({"texts": list(record.texts)} if self._shows_texts else {})


def _facts(line: logging.LogRecord) -> dict[str, Any]:
    """Everything that a line says, by name."""
    return {
        "time": datetime.fromtimestamp(line.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": line.levelname.lower(),
        "logger": line.name,
        "message": line.getMessage(),
        "request_id": current_id() or None,
        **getattr(line, "fields", {}),
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII; what has no value is left out, and a traceback is in `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts = _facts(record)
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in facts.items() if value is not None}, default=str)


class TextFormatter(logging.Formatter):
    """Time, level and message for people, then `name=value` for what else is known; a traceback has its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines."""
        facts = _facts(record)
        time, level, message = (facts.pop(name) for name in ("time", "level", "message"))
        for said in ("logger", "method", "route", "status"):
            facts.pop(said, None)
        more = "".join(f" {name}={json.dumps(value)}" for name, value in facts.items() if value is not None)
        text = f"{time} {level} {message}{more}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text
