import pytest

from sfbulk_pandas.local_org.pacing import AfterPolls, AfterSeconds, ByHand, Immediate, Life


def clock():
    return 107.0


def test_each_pacing_says_what_is_due():
    life = Life(submitted=100.0, polls=5, steps=1)
    assert Immediate().steps_due(life, clock) is None
    assert AfterPolls(2).steps_due(life, clock) == 1
    assert AfterSeconds(2).steps_due(life, clock) == 2
    assert ByHand().steps_due(life, clock) == 0


@pytest.mark.parametrize("rows", [0, 100, 250, -200])
def test_a_step_is_whole_chunks(rows):
    for make in (Immediate, AfterPolls, AfterSeconds, ByHand):
        with pytest.raises(ValueError, match="multiple of 200"):
            make(rows_per_step=rows)


def test_a_pacing_must_go_forward():
    with pytest.raises(ValueError, match="polls"):
        AfterPolls(0)
    with pytest.raises(ValueError, match="seconds"):
        AfterSeconds(0)
