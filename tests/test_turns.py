"""Turns go round among clients, and a request may take only so much."""

import threading
from time import sleep

import pytest

from mnist_predict import turns as module
from mnist_predict.errors import TooLarge
from mnist_predict.turns import Left, Turns, ask, asker, give_way


@pytest.fixture(autouse=True)
def afterwards_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_here", threading.local())


def taken(turns: Turns, *clients: str) -> list[str]:
    """Who came, in order, where all of them wait already while somebody else has the turn."""
    order: list[str] = []

    def take(client: str) -> None:
        ask(client, bool)
        with turns.turn():
            order.append(client)

    threads = [threading.Thread(target=take, args=(client,)) for client in clients]
    ask("first", bool)
    with turns.turn():
        for at, thread in enumerate(threads, 1):
            thread.start()
            while sum(map(len, turns._waiting.values())) < at:
                sleep(0.001)
    for thread in threads:
        thread.join()
    return order


def test_who_asks_often_waits_for_themselves():
    assert taken(Turns(), *"aaaa", "b", "c") == ["a", "b", "c", "a", "a", "a"]


def test_of_several_turns_a_client_has_one():
    turns = Turns(2)
    ask("a", bool)
    with turns.turn():
        thread = threading.Thread(target=taken_by, args=(turns, "a", held := []))
        thread.start()
        other = threading.Thread(target=taken_by, args=(turns, "b", held))
        other.start()
        other.join()
        assert held == ["b"]
    thread.join()
    assert held == ["b", "a"]


def taken_by(turns: Turns, client: str, held: list[str]) -> None:
    ask(client, bool)
    with turns.turn():
        held.append(client)


def test_a_request_that_took_too_much_gets_no_further_turn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_SECONDS", 5.0)
    turns = Turns()
    ask("a", bool)
    with turns.turn():
        asker().elsewhere += 6
    with pytest.raises(TooLarge, match="5 seconds"), turns.turn():
        pytest.fail("it got a turn")
    ask("a", bool)
    with turns.turn():
        pass


def test_who_has_left_gets_no_turn():
    turns = Turns()
    ask("a", lambda: True)
    with pytest.raises(Left), turns.turn():
        pytest.fail("it got a turn")
    ask("a", bool)
    with turns.turn():
        pass


def test_a_long_turn_is_passed_on_where_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 0.0)
    turns, order = Turns(), []

    def long(client: str) -> None:
        ask(client, bool)
        with turns.turn():
            for _ in range(3):
                order.append(client)
                while client == "a" and len(order) == 1 and not turns._waiting:
                    sleep(0.001)
                give_way()

    threads = [threading.Thread(target=long, args=(client,)) for client in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order[:4] in (["a", "b", "a", "b"], ["b", "a", "b", "a"])
