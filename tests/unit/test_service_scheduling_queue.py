from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from mt import Hypothesis, SearchOptions
from service.scheduling.orders import FOREVER, Order, Query
from service.scheduling.queue import SentenceQueue

OPTIONS = SearchOptions(beam=1)
GREEDY = SearchOptions(beam=1, length_penalty=0.5)


def query(number, length=5, options=OPTIONS, prefix=()):
    return Query((number,) * length, options, prefix)


def found(one, is_late=False):
    return [Hypothesis(list(one.source), 0.0, not is_late, None, is_late)]


def order_in(queue, *queries, client="", deadline=FOREVER, grace=0.0):
    done = []
    order = Order(client, deadline, lambda: done.append(True), grace)
    order.calls = done
    queue.add(order, queries)
    return order


def taken(queue, most=1):
    return [ticket.query for ticket in queue.take(most, now=0.0)]


def take_all(queue):
    """One sentence a call, in the order of their turns."""
    return [one for _ in range(queue.waiting) for one in taken(queue)]


@pytest.fixture
def queue():
    return SentenceQueue(32)


def test_faults_of_translations_are_counted_by_reason_and_whether_they_are_left(queue):
    order_in(queue, query(0), query(1))
    for faults, avoided in [(("repetition",), ("too_long",)), ((), ("repetition",))]:
        (ticket,) = queue.take(1, now=0.0)
        (best,) = found(ticket.query)
        queue.finish(ticket, [best._replace(faults=faults, avoided=avoided)], now=0.0)
    assert queue.counts.loops == {
        ("repetition", "left"): 1,
        ("repetition", "avoided"): 1,
        ("too_long", "avoided"): 1,
    }


def test_clients_take_turns_sentence_by_sentence(queue):
    order_in(queue, *map(query, range(4)), client="book")
    order_in(queue, query(10), query(11), client="short")
    assert take_all(queue) == list(map(query, (0, 10, 1, 11, 2, 3)))


def test_the_requests_of_one_client_take_turns_too(queue):
    order_in(queue, *map(query, range(3)), client="proxy")
    order_in(queue, query(10), client="proxy")
    order_in(queue, query(20), client="other")
    assert take_all(queue) == list(map(query, (0, 20, 10, 1, 2)))


def test_a_call_takes_sentences_of_several_clients(queue):
    order_in(queue, *map(query, range(8)), client="book")
    order_in(queue, query(10), client="short")
    assert taken(queue, 4) == list(map(query, (0, 10, 1, 2)))


@pytest.mark.parametrize(
    "other",
    [query(1, options=GREEDY), query(1, length=11), query(1, length=2), query(1, prefix=(7,))],
    ids=["other options", "more than twice as long", "less than half as long", "a prefix"],
)
def test_what_is_unlike_is_not_decoded_in_one_call(queue, other):
    order_in(queue, query(0), client="a")
    order_in(queue, other, client="b")
    assert [taken(queue, 4) for _ in range(3)] == [[query(0)], [other], []]


def test_two_with_the_same_prefix_are_not_decoded_in_one_call_as_it_may_be_too_long_for_one(queue):
    order_in(queue, query(0, prefix=(7,)), query(1, prefix=(7,)))
    assert len(taken(queue, 4)) == 1


def test_sentences_with_different_deadlines_are_not_decoded_in_one_call(queue):
    order_in(queue, query(0), deadline=1.0)
    order_in(queue, query(1), query(2), deadline=2.0)
    assert [taken(queue, 4) for _ in range(2)] == [[query(0)], [query(1), query(2)]]


def test_deadlines_that_are_further_away_than_a_call_takes_do_not_part_sentences(queue):
    for number, deadline in enumerate((9.0, 8.0, FOREVER)):
        order_in(queue, query(number), deadline=deadline)
    assert taken(queue, 4) == list(map(query, range(3)))


def test_sentences_of_like_length_stand_together_within_a_request(queue):
    order_in(queue, query(0, 4), query(1, 20), query(2, 5), query(3, 21))
    assert [taken(queue, 4) for _ in range(2)] == [[query(0, 4), query(2, 5)], [query(1, 20), query(3, 21)]]


def test_what_two_wait_for_is_decoded_once_and_has_the_first_turn_of_either(queue):
    book = order_in(queue, *map(query, range(4)), client="book")
    short = order_in(queue, query(3), client="short")
    (first,), (second,) = queue.take(1, now=0.0), queue.take(1, now=0.0)
    assert (first.query, second.query) == (query(0), query(3))
    queue.finish(second, found(second.query), now=0.0)
    assert (short.found, book.found) == ({query(3): found(query(3))},) * 2
    assert (short.calls, book.calls) == ([True], [])
    assert queue.counts.shared == 1


def test_what_only_a_withdrawn_order_waited_for_is_not_decoded(queue):
    leaving = order_in(queue, query(0), query(1))
    order_in(queue, query(1), query(2))
    queue.withdraw(leaving)
    assert take_all(queue) == [query(1), query(2)]
    assert queue.counts.cancelled == 1


def test_a_call_stops_when_nobody_waits_for_any_of_its_sentences(queue):
    one, other = order_in(queue, query(0), client="a"), order_in(queue, query(1), client="b")
    tickets = queue.take(2, now=0.0)
    queue.withdraw(one)
    assert tickets[0].runs_until == FOREVER
    queue.withdraw(other)
    assert tickets[0].runs_until == -FOREVER
    for ticket in tickets:
        queue.finish(ticket, found(ticket.query, is_late=True), now=0.0)
    assert (queue.counts.cancelled, queue.counts.decoded, queue.running) == (2, 0, 0)


def test_a_call_for_nobody_goes_on_as_long_as_somebody_may_ask_again(queue):
    leaving = order_in(queue, query(0))
    (ticket,) = queue.take(1, now=0.0)
    queue.withdraw(leaving, lingers_until=2.0)
    assert ticket.runs_until == 2.0
    coming = order_in(queue, query(0), deadline=1.0)
    assert ticket.runs_until == 1.0
    queue.finish(ticket, found(query(0)), now=0.5)
    assert (coming.found, queue.counts.decoded, queue.counts.shared) == ({query(0): found(query(0))}, 1, 1)


def test_a_call_goes_on_for_nobody_only_when_nobody_waits_for_any_of_its_sentences(queue):
    leaving, staying = order_in(queue, query(0), deadline=1.0), order_in(queue, query(1), deadline=1.0)
    tickets = queue.take(2, now=0.0)
    queue.withdraw(leaving, lingers_until=2.0)
    assert tickets[0].runs_until == 1.0
    queue.withdraw(staying)
    assert tickets[0].runs_until == 2.0


def test_at_its_deadline_an_order_with_grace_waits_for_nothing_and_what_it_had_begun_goes_on(queue):
    order = order_in(queue, query(0), deadline=1.0, grace=2.0)
    (ticket,) = queue.take(1, now=0.0)
    assert queue.expire(order, now=1.0, lingers_until=3.0) == [query(0)]
    assert (ticket.runs_until, queue.running) == (3.0, 1)


def test_a_call_with_deadlines_stops_at_the_last_of_them(queue):
    order_in(queue, query(0), deadline=1.0)
    order_in(queue, query(0), deadline=3.0)
    (ticket,) = queue.take(1, now=0.0)
    assert ticket.runs_until == 3.0


def test_whoever_comes_while_a_call_stops_has_the_sentence_decoded_anew_and_first(queue):
    leaving = order_in(queue, query(0))
    (ticket,) = queue.take(1, now=0.0)
    queue.withdraw(leaving)
    coming = order_in(queue, query(0), query(1, 4))
    queue.finish(ticket, found(query(0), is_late=True), now=0.0)
    assert (queue.running, queue.waiting) == (0, 2)
    assert (coming.found, take_all(queue)) == ({}, [query(0), query(1, 4)])


def test_a_late_hypothesis_is_for_those_whose_deadline_is_over(queue):
    hasty, patient = order_in(queue, query(0), deadline=1.0), order_in(queue, query(0), deadline=2.0)
    (ticket,) = queue.take(1, now=0.0)
    queue.finish(ticket, found(query(0), is_late=True), now=1.5)
    assert (len(hasty.found), len(patient.found), queue.waiting) == (1, 0, 1)


def test_at_its_deadline_an_order_waits_only_for_what_stops_at_once(queue):
    order = order_in(queue, query(0), query(1), query(2), deadline=1.0)
    order_in(queue, query(1))
    first, second = queue.take(1, now=0.0), queue.take(1, now=0.0)
    assert [ticket.query for ticket in first + second] == [query(0), query(1)]
    assert order.missing.keys() == {query(0), query(1), query(2)}
    assert queue.expire(order, now=1.0) == [query(1), query(2)]  # the one goes on for the other, the other never began
    assert (order.missing.keys(), queue.waiting) == ({query(0)}, 0)


def test_a_failed_call_ends_the_orders_that_waited_for_it_and_no_other(queue):
    failing, other = order_in(queue, query(0), query(1)), order_in(queue, query(2))
    (ticket,) = queue.take(1, now=0.0)
    error = ValueError("broken")
    queue.fail(ticket, error)
    assert (failing.error, failing.calls, other.error) == (error, [True], None)
    assert take_all(queue) == [query(2)]


def test_a_closed_queue_ends_all_orders(queue):
    orders = [order_in(queue, query(0)), order_in(queue, query(0), query(1))]
    queue.take(1, now=0.0)
    queue.close(error := ValueError("closed"))
    assert [order.error for order in orders] == [error, error]
    assert (queue.waiting, queue.running, queue.take(1, now=0.0)) == (0, 0, [])


def test_a_long_request_counts_for_a_sixteenth_of_the_queue():
    queue = SentenceQueue(32)
    for book in range(15):
        assert queue.has_room(1_000)
        order_in(queue, *(query(100 * book + number) for number in range(100)), client="books")
    assert queue.has_room(2)
    order_in(queue, query(-1), client="a")
    assert queue.has_room(1)
    assert not queue.has_room(2)
    order_in(queue, query(-2), client="b")
    assert not queue.has_room(1)


def test_a_queue_for_none_has_no_room_and_one_for_one_has_room_for_a_book():
    assert not SentenceQueue(0).has_room()
    assert SentenceQueue(1).has_room(1_000)


def test_what_comes_before_a_request_is_its_own_clients_and_as_many_of_every_other(queue):
    order_in(queue, *map(query, range(9)), client="book")
    order_in(queue, query(10), client="short")
    queue.take(1, now=0.0)
    assert queue.ahead(3, "new") == 1 + 3 + 1  # the one that runs, three of the book's eight, the short one
    assert queue.ahead(3, "book") == 1 + 8 + 1
    assert queue.ahead(3, "short") == 1 + 3 + 1


CLIENTS = ("a", "b", "c", "d")
queries = st.builds(query, st.integers(0, 2), st.sampled_from((2, 4, 9)), st.sampled_from((OPTIONS, GREEDY)))


class QueueMachine(RuleBasedStateMachine):
    """Clients that come, wait and leave, around an engine that is told what to do and when."""

    orders = Bundle("orders")
    calls = Bundle("calls")

    def __init__(self):
        super().__init__()
        self.queue = SentenceQueue(32)
        self.now = 0.0
        self.asked = {}  # the queries of each order that is not at its end
        self.missed = Counter()  # the calls since a client that waits had its turn
        self.in_engine = Counter()
        self.stopped = set()  # the queries whose calls have seen that nobody waits for them

    @rule(
        target=orders, client=st.sampled_from(CLIENTS), wanted=st.sets(queries, min_size=1, max_size=5), data=st.data()
    )
    def come(self, client, wanted, data):
        seconds = data.draw(st.sampled_from((FOREVER, 1.0, 3.0)))
        grace = data.draw(st.sampled_from((0.0, 1.0)))
        order = order_in(self.queue, *wanted, client=client, deadline=self.now + seconds, grace=grace)
        self.asked[order] = wanted
        return order

    @rule(target=calls, most=st.integers(1, 4))
    def take(self, most):
        line = {order.client for order in self.asked if order.waiting}
        tickets = self.queue.take(most, self.now)
        assert bool(tickets) == bool(line)
        assert 0 <= len(tickets) <= most
        served = {order.client for ticket in tickets for order in ticket.orders}
        self.missed = Counter({client: self.missed[client] + 1 for client in line - served})
        assert max(self.missed.values(), default=0) < len(CLIENTS)
        self.in_engine.update(ticket.query for ticket in tickets)
        return tickets if tickets else multiple()

    @rule(call=calls)
    def look_at_the_time(self, call):
        if call[0].runs_until <= self.now:
            self.stopped.update(ticket.query for ticket in call)

    @rule(call=consumes(calls))
    def end(self, call):
        is_late = call[0].query in self.stopped
        for ticket in call:
            self.stopped.discard(ticket.query)
            self.in_engine[ticket.query] -= 1
            before = [order for order in ticket.orders if not is_late or order.deadline <= self.now]
            self.queue.finish(ticket, found(ticket.query, is_late), self.now)
            assert all(order.found[ticket.query] == found(ticket.query, is_late) for order in before)

    @rule(call=consumes(calls))
    def break_down(self, call):
        for ticket in call:
            self.stopped.discard(ticket.query)
            self.in_engine[ticket.query] -= 1
            self.queue.fail(ticket, ValueError("broken"))

    @rule(order=consumes(orders), lingers=st.sampled_from((-FOREVER, 1.0)))
    def leave(self, order, lingers):
        self.queue.withdraw(order, self.now + lingers)
        self.asked.pop(order, None)

    @rule(seconds=st.sampled_from((0.5, 2.0)))
    def wait(self, seconds):
        self.now += seconds
        for order in [order for order in self.asked if order.deadline <= self.now]:
            self.asked[order] -= set(self.queue.expire(order, self.now, order.wanted_until))

    @invariant()
    def nothing_is_lost(self):
        for order in [order for order in self.asked if order.error or not order.missing]:
            assert order.error or order.found.keys() == self.asked[order] or order.deadline <= self.now
            del self.asked[order]
        for order, wanted in self.asked.items():
            assert order.missing.keys() | order.found.keys() == wanted
            assert all(query in order.waiting or self.in_engine[query] == 1 for query in order.missing)

    @invariant()
    def nothing_is_decoded_twice_at_once(self):
        assert set(self.in_engine.values()) <= {0, 1}
        assert self.queue.running == self.in_engine.total()

    @invariant()
    def counts_are_never_negative(self):
        counts = vars(self.queue.counts)
        assert min([*counts["loops"].values(), *(count for name, count in counts.items() if name != "loops")]) >= 0
        assert self.queue.waiting == sum(len(order.waiting) for order in self.asked)

    def teardown(self):
        while tickets := self.queue.take(4, self.now):
            for ticket in tickets:
                self.queue.finish(ticket, found(ticket.query), self.now)
        running = set(self.in_engine.elements())
        assert all(order.missing.keys() <= running for order in self.asked)
        assert (self.queue.waiting, list(self.queue._turns)) == (0, [])
        assert self.queue._tickets.keys() == running


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=40)
