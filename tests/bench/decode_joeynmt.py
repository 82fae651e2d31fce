"""JoeyNMT 2.3's recurrent model, as it is trained by tests.bench.peers.joeynmt_rnn, under JoeyNMT's own search."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch
from joeynmt.batch import Batch
from joeynmt.model import build_model
from joeynmt.search import search as joeynmt_search
from joeynmt.vocabulary import Vocabulary

from tests.bench.cases import CASES, SEED
from tests.bench.decode_cases import PIECES, DecodeSpec, make_sources
from tests.bench.decode_worker import Contestant, Sources, search_jobs, serve
from tests.bench.peers.joeynmt_rnn import SPECIALS, model_settings


def build(path: Path) -> Contestant:
    """A new model with random weights; its search may not end before PIECES pieces."""
    spec = DecodeSpec.read(path)
    torch.manual_seed(SEED)
    torch.set_num_threads(spec.threads)
    case = CASES[spec.case]
    vocabulary = Vocabulary([f"piece{number}" for number in range(4, case.vocabulary)], SPECIALS)
    model = build_model(model_settings(case), vocabulary, vocabulary).eval()

    def search(sources: Sources, beam: int) -> list[int]:
        found, _, _ = joeynmt_search(
            model, make_batch(sources), PIECES, beam_size=beam, beam_alpha=1.0, min_output_length=PIECES
        )
        return [len(ids) for ids in found]

    facts = {
        "name": "JoeyNMT float32, RNN",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "joeynmt": version("joeynmt")},
    }
    return Contestant(search_jobs(search, make_sources(case.vocabulary)), facts)


def make_batch(sources: Sources) -> Batch:
    """Sources of one length, without targets. No id is one of those that JoeyNMT numbers otherwise than we do."""
    return Batch(
        src=torch.tensor(sources),
        src_length=torch.tensor([len(source) for source in sources]),
        src_prompt_mask=None,
        trg=None,
        trg_prompt_mask=None,
        indices=torch.arange(len(sources)),
        device=torch.device("cpu"),
        pad_index=SPECIALS.pad_id,
        eos_index=SPECIALS.eos_id,
        is_train=False,
    )


if __name__ == "__main__":
    serve(build)
