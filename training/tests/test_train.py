"""A run that stops goes on where it stopped, and says how long it was meant to be at each time."""

from pathlib import Path

import torch

from peony_training.train import Settings, State, learning_rate


def test_a_resumed_run_has_the_same_weights_and_notes_a_changed_schedule(tmp_path: Path) -> None:
    torch.manual_seed(0)
    settings = Settings(epochs=34)
    state = State.start(settings)
    state.aim_at(34)
    state.epoch, state.step, state.best = 5, 480, 1.9
    state.save(tmp_path / "last.pt", settings)

    resumed = State.start(settings)
    resumed.load(tmp_path / "last.pt")
    resumed.aim_at(34)
    resumed.aim_at(60)
    assert [tuple(part) for part in resumed.horizons] == [(0, 34), (5, 60)]
    assert (resumed.epoch, resumed.step, resumed.best) == (5, 480, 1.9)
    for name, tensor in state.average.state_dict().items():
        assert torch.equal(tensor, resumed.average.state_dict()[name])


def test_the_rate_warms_up_and_ends_at_nothing() -> None:
    settings = Settings(epochs=40)
    rates = [learning_rate(progress / 10, settings) for progress in range(401)]
    assert rates[0] == 0.0 and rates[-1] < 1e-9
    assert max(rates) == settings.rate and rates.index(max(rates)) == 10 * settings.warm_up_epochs
