"""The same architecture as ours written in plain PyTorch: nn.LSTM, autograd, cross-entropy on padded logits.

Padding runs through the LSTMs, which on CPUs is faster than packed sequences; batches are grouped by length, so that
there is little of it.
"""

import math
import platform

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.bench.cases import CLIP_NORM, DROPOUT, LABEL_SMOOTHING, LEARNING_RATE, SEED, Case, Spec
from tests.bench.padded import PAD, Padded
from tests.bench.worker import Trainee, serve


class Encoder(nn.Module):
    """Bidirectional LSTMs; from the second on x + LSTM(LN(x))."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        widths = [case.embedding] + [2 * case.encoder_hidden] * (case.encoder_layers - 1)
        self.lstms = nn.ModuleList(
            nn.LSTM(width, case.encoder_hidden, batch_first=True, bidirectional=True) for width in widths
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths[1:])
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, embedded: Tensor) -> Tensor:
        """Outputs (B, S, M) for embedded pieces (B, S, E)."""
        outputs, _ = self.lstms[0](embedded)
        for lstm, norm in zip(self.lstms[1:], self.norms, strict=True):
            outputs = outputs + lstm(self.dropout(norm(outputs)))[0]
        return self.dropout(outputs)


class Decoder(nn.Module):
    """LSTMs over the whole target at once; the first queries the attention, those above and the readout see it."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        hidden, memory = case.decoder_hidden, 2 * case.encoder_hidden
        widths = [case.embedding] + [hidden + memory] * (case.decoder_layers - 1)
        self.lstms = nn.ModuleList(nn.LSTM(width, hidden, batch_first=True) for width in widths)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in widths[1:])
        self.keys = nn.Linear(memory, hidden, bias=False)
        self.initial = nn.Linear(memory, 2 * case.decoder_layers * hidden)
        self.readout = nn.Linear(hidden + memory, case.embedding)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, embedded: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Readouts (B, T, E) for embedded target pieces (B, T, E), memory (B, S, M) and its mask (B, S)."""
        weights = mask[:, :, None].to(memory.dtype)
        mean = (memory * weights).sum(1) / weights.sum(1)
        # nn.LSTM wants states of the type of its input.
        states = torch.tanh(self.initial(mean)).to(embedded.dtype).chunk(2 * len(self.lstms), dim=1)
        states = [state[None].contiguous() for state in states]
        outputs, _ = self.lstms[0](embedded, (states[0], states[1]))
        context = self._attend(outputs, memory, mask).to(outputs.dtype)
        for number, norm in enumerate(self.norms, start=1):
            inputs = self.dropout(torch.cat([norm(outputs).to(outputs.dtype), context], dim=-1))
            state = states[2 * number].to(inputs.dtype), states[2 * number + 1].to(inputs.dtype)
            outputs = outputs + self.lstms[number](inputs, state)[0]
        features = self.dropout(torch.cat([outputs, context], dim=-1))
        return self.dropout(torch.tanh(self.readout(features)))

    def _attend(self, queries: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        scores = queries @ self.keys(memory).transpose(1, 2) / math.sqrt(queries.shape[-1])
        weights = scores.masked_fill(~mask[:, None, :], -1e9).softmax(-1)
        return weights @ memory


class Translator(nn.Module):
    """Source and target ids to logits; one matrix embeds both sides and makes the logits."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.embedding = nn.Embedding(case.vocabulary, case.embedding, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=case.embedding**-0.5)
        self.output_bias = nn.Parameter(torch.zeros(case.vocabulary))
        self.encoder, self.decoder = Encoder(case), Decoder(case)
        self.dropout = nn.Dropout(DROPOUT)
        self.scale = math.sqrt(case.embedding)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits (B, T, V)."""
        memory = self.encoder(self.dropout(self.embedding(source) * self.scale))
        readouts = self.decoder(self.dropout(self.embedding(target) * self.scale), memory, source != PAD)
        return functional.linear(readouts, self.embedding.weight, self.output_bias)


def build(spec: Spec) -> Trainee:
    """The model with Adam, in float32 or under bfloat16 autocast."""
    torch.manual_seed(SEED)
    torch.set_num_threads(spec.threads)
    model = Translator(spec.case).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    is_mixed = spec.precision == "bfloat16"

    def update(batch: tuple[Tensor, Tensor, Tensor]) -> float:
        source, target, labels = batch
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=is_mixed):
            logits = model(source, target)
            loss = functional.cross_entropy(
                logits.flatten(0, 1), labels.flatten(), ignore_index=PAD, label_smoothing=LABEL_SMOOTHING
            )
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        return loss.item()

    facts = {
        "name": "PyTorch nn.LSTM, parallel decoder",
        "precision": "bfloat16 autocast" if is_mixed else "float32",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    return Trainee(prepare, update, facts)


def prepare(padded: Padded) -> tuple[Tensor, Tensor, Tensor]:
    """Tensors of 64-bit ids, which cross_entropy asks for."""
    source, target, labels = (torch.from_numpy(array).long() for array in padded)
    return source, target, labels


if __name__ == "__main__":
    serve(build)
