"""What listens to all requests besides the log."""

from dataclasses import dataclass, field

from service.metrics import Metrics
from service.tracing import Traces


@dataclass(frozen=True)
class Instruments:
    """The metrics, and the traces where they are wanted."""

    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces | None = None
