"""What is true after every step, checked from our rows, our books and the emulator's (I01, I03-I06, I16, I17).

    invariants.check(emulator)            # at any moment, also between Stripe's answer and our writing it down
    invariants.check_at_rest(emulator)    # once events are handled and the sweeps have nothing left to do

Each raises AssertionError with what does not agree. Amounts are minor units. Debits are positive, as in the books.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from emulator.core import Emulator
from emulator.store import Row
from ledger.models import CASH, Account, Entry, Posting
from orders.models import FundsFlow
from payments.models import Dispute, DisputeShare, Hold, Payment, Refund, Release, Reversal, Share

Balances = Counter[tuple[str, str, str]]

# Lines of the platform's balance that nothing here books yet: what banks take and give back for disputes, and what the
# platform does with its own balance in Stripe's Dashboard.
NOT_BOOKED_HERE = frozenset({"payout", "payout_failure", "payout_cancel", "topup", "stripe_fee"})
KINDS = (
    "charge", "transfer", "transfer_reversal", "refund", "payment_intent", "application_fee", "fee_refund", "payout",
    "dispute",
)  # fmt: skip


def check(emulator: Emulator) -> None:
    """Everything that holds at any moment."""
    _check(emulator, at_rest=False)


def check_at_rest(emulator: Emulator) -> None:
    """The same, and that nothing is on its way: each line of Stripe's balances that is ours is in the books."""
    _check(emulator, at_rest=True)


def _check(emulator: Emulator, *, at_rest: bool) -> None:
    stripe, rows, books = Stripe.read(emulator), Rows.read(), read_books()
    i01_every_posting_sums_to_zero()
    i03_what_came_in_is_somewhere(stripe, rows, books)
    i04_never_more_is_refunded_than_captured(stripe, rows)
    i05_nothing_is_released_twice(stripe, rows)
    i06_nothing_was_released_while_held(rows)
    i16_debts_are_what_was_not_fetched_back(rows, books)
    i17_cash_is_what_stripe_has(stripe, books, at_rest=at_rest)
    disputes_wait_or_are_borne(books)


# --- what is compared ---


@dataclass(slots=True)
class Line:
    """One line of a balance at Stripe."""

    id: str
    account: str
    currency: str
    type: str
    amount: int
    fee: int
    net: int
    source: str


@dataclass(slots=True)
class Stripe:
    """What the emulator has: lines of all balances, and the objects they are about."""

    lines: list[Line]
    objects: dict[str, Row]
    # Of each line the books name: what it did to the platform's cash, and its fee.
    booked: dict[str, tuple[int, int]]

    @classmethod
    def read(cls, emulator: Emulator) -> Stripe:
        """As it is now."""
        columns = "id, account, currency, type, amount, fee, net, source"
        lines = [Line(*found) for found in emulator.store.rows(f"SELECT {columns} FROM ledger")]
        objects = {row.id: row for kind in KINDS for row in emulator.store.find(kind, account=None)}
        return cls(lines, objects, _booked_lines())

    def of(self, prefix: str) -> list[Row]:
        """The platform's objects of a kind, by how their ids begin."""
        return [row for row in self.objects.values() if row.id.startswith(prefix) and not row.account]


@dataclass(slots=True)
class Rows:
    """Our rows about money."""

    shares: list[Share]
    releases: dict[int, list[Release]]
    reversals: dict[int, list[Reversal]]
    refunds: dict[int, list[Refund]]
    holds: dict[int, list[Hold]]
    # By order: what reversals brought back into hold, by the books.
    held_again: Counter[str]
    disputed: dict[int, list[DisputeShare]]

    @classmethod
    def read(cls) -> Rows:
        """As they are now."""
        shares = list(Share.objects.select_related("order", "account", "payment"))
        return cls(
            shares,
            _grouped(Release.objects.all(), "share_id"),
            _grouped(((row.release.share_id, row) for row in Reversal.objects.select_related("release")), None),
            _grouped(Refund.objects.all(), "share_id"),
            _grouped(Hold.objects.all(), "share_id"),
            _held_again(),
            _grouped(DisputeShare.objects.all(), "share_id"),
        )

    def counted(self, share: Share) -> list[Refund]:
        """Refunds that count against a share: not refused, and no second attempts of others."""
        return [row for row in self.refunds[share.pk] if row.status != Refund.Status.REFUSED and not row.replaces_id]

    def booked(self, share: Share) -> list[Refund]:
        """Those of them that Stripe took on, so that they are in the books."""
        return [row for row in self.counted(share) if row.status != Refund.Status.PLANNED]

    def lost(self, share: Share) -> list[DisputeShare]:
        """What disputes took for good."""
        return [part for part in self.disputed[share.pk] if part.outcome == DisputeShare.Outcome.LOST]

    def into_hold(self, share: Share) -> int:
        """What was fetched back to be held again: at most what was the seller's."""
        mine = [row for row in self.reversals[share.pk] if row.status == Reversal.Status.DONE]
        to_hold = sum(row.amount for row in mine if not row.refund_id)
        if share.funds_flow == FundsFlow.HELD:
            return to_hold
        # A destination charge sent the platform's fee along: what comes back beyond the seller's part is that. How
        # much it was depends on what refunds had fetched back by then, which only the books remember.
        found = self.held_again[share.order.number]
        assert 0 <= found <= to_hold, f"I03: {found} of {share} held again, {to_hold} was fetched back"
        return found


def _held_again() -> Counter[str]:
    back = Entry.objects.filter(account=Account.ORDER_HELD, posting__kind="reversal").order_by()
    sums = back.values_list("posting__order_number").annotate(total=Sum("amount"))
    return Counter({order: -total for order, total in sums})


def _grouped(rows: Iterable[Any], key: str | None) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if key is None:
            found[row[0]].append(row[1])
        else:
            found[getattr(row, key)].append(row)
    return found


def read_books() -> Balances:
    """Every balance of the books: by account, whose, and currency."""
    sums = Entry.objects.values_list("account", "ref", "currency").annotate(Sum("amount")).order_by()
    return Counter({(account, ref, currency): total for account, ref, currency, total in sums})


# --- the invariants ---


def i01_every_posting_sums_to_zero() -> None:
    """Debits are credits, in each posting and each currency."""
    sums = Entry.objects.values_list("posting__key", "currency").annotate(total=Sum("amount")).order_by()
    wrong = list(sums.exclude(total=0))
    assert not wrong, f"I01: postings that do not sum to zero: {wrong}"


def i03_what_came_in_is_somewhere(stripe: Stripe, rows: Rows, books: Balances) -> None:
    """What was captured for an order is held, with the seller, with the buyer, or the platform's: to the minor unit."""
    for share in rows.shares:
        _counters_are_the_rows(share, rows)
        _held_is_in_the_books(share, rows, books)
        _equation(share, rows)
        _owed_to_the_buyer(share, stripe, rows, books)
    _results(stripe, rows, books)
    for payment in Payment.objects.filter(shares__isnull=False).distinct():
        gross = sum(share.gross for share in rows.shares if share.payment_id == payment.pk)
        captured = stripe.objects[str(payment.charge_id)].body["amount_captured"]
        _same("I03", f"captured for payment {payment.pk}", captured, gross)


def i04_never_more_is_refunded_than_captured(stripe: Stripe, rows: Rows) -> None:
    """Of a charge, and of each of its orders, whoever asked and however often."""
    for charge in stripe.of("ch_"):
        body = charge.body
        assert 0 <= body["amount_refunded"] <= body["amount_captured"], f"I04: {charge.id} {body['amount_refunded']}"
    at_stripe: Counter[str] = Counter()
    for refund in stripe.of("re_"):
        if refund.body["status"] not in ("failed", "canceled"):
            at_stripe[(refund.body["metadata"] or {}).get("order", "")] += refund.body["amount"]
    for share in rows.shares:
        lost = (Refund.Status.FAILED, Refund.Status.REFUSED)
        live = sum(row.amount for row in rows.refunds[share.pk] if row.status not in lost)
        assert live <= share.gross, f"I04: {share} has refunds of {live}, was {share.gross}"
        found = at_stripe[share.order.number]
        assert found <= share.gross, f"I04: Stripe has refunds of {found} for {share}, was {share.gross}"


def i05_nothing_is_released_twice(stripe: Stripe, rows: Rows) -> None:
    """One release under way; never more at Stripe than is the seller's; one object at Stripe for each operation."""
    sent: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    for transfer in stripe.of("tr_"):
        body = transfer.body
        sent[(body["metadata"] or {}).get("order", "")] += body["amount"] - body["amount_reversed"]
        by_source[body["source_transaction"] or ""] += body["amount"]
    for share in rows.shares:
        planned = [row for row in rows.releases[share.pk] if row.status == Release.Status.PLANNED]
        assert len(planned) <= 1, f"I05: {share} has {len(planned)} releases on their way"
        sellers = share.gross - share.fee + share.restored
        assert sent[share.order.number] <= sellers, f"I05: {sent[share.order.number]} sent of {sellers} for {share}"
        assert share.left >= 0, f"I05: {share} has {share.left} left"
    for charge in stripe.of("ch_"):
        captured = charge.body["amount_captured"]
        assert by_source[charge.id] <= captured, f"I05: {by_source[charge.id]} was transferred from {charge.id}"
    names = Counter(
        row.body["metadata"]["operation"]
        for prefix in ("tr_", "trr_", "re_")
        for row in stripe.of(prefix)
        if (row.body["metadata"] or {}).get("operation")
    )
    twice = {name: count for name, count in names.items() if count > 1}
    assert not twice, f"I05: done more than once at Stripe: {twice}"


def i06_nothing_was_released_while_held(rows: Rows) -> None:
    """No release was decided on while something held the share."""
    for share in rows.shares:
        for release in rows.releases[share.pk]:
            for hold in rows.holds[share.pk]:
                is_over = hold.ended_at is not None and hold.ended_at <= release.planned_at
                open_then = hold.opened_at < release.planned_at and not is_over
                assert not open_then, f"I06: {release} was decided on while {hold} was open"


def i16_debts_are_what_was_not_fetched_back(rows: Rows, books: Balances) -> None:
    """A seller owes what refunds left uncovered, less what was fetched back or kept back since; never less than 0."""
    owed: Counter[tuple[str, str]] = Counter()
    for share in rows.shares:
        who = str(share.account.seller_id), share.currency
        owed[who] += sum(row.owed for row in [*rows.booked(share), *rows.lost(share)])
        done = [row for row in rows.reversals[share.pk] if row.status == Reversal.Status.DONE and row.refund_id]
        owed[who] -= sum(row.amount for row in done)
        owed[who] += share.restored - sum(row.netted for row in rows.releases[share.pk])
    for (seller, currency), amount in owed.items():
        assert amount >= 0, f"I16: seller {seller} paid {-amount} {currency} more than they owed"
        _same("I16", f"debt of seller {seller}", books[Account.SELLER_DEBT, seller, currency], amount)


def i17_cash_is_what_stripe_has(stripe: Stripe, books: Balances, *, at_rest: bool) -> None:
    """Cash in the books is what Stripe's balances hold, moved only by postings that name Stripe's line; what Stripe has
    done and we have not written down yet is found by its object, and at rest there is none.
    """
    booked = stripe.booked
    platform = {line.id: line for line in stripe.lines if not line.account}
    for line_id, (cash, fee) in booked.items():
        line = platform.get(line_id)
        assert line is not None, f"I17: the books name {line_id}, which Stripe does not have"
        _same("I17", f"the posting of {line_id} ({line.type})", (cash, fee), (line.net, line.fee))
    unnamed = Entry.objects.filter(account=Account.PLATFORM_CASH, posting__balance_transaction="")
    assert not unnamed.exists(), f"I17: cash moved without a line at Stripe: {list(unnamed)}"
    missing = [line for line in platform.values() if line.id not in booked]
    ours = [line for line in missing if line.type not in NOT_BOOKED_HERE and not _is_foreign(line, stripe)]
    assert not (at_rest and ours), f"I17: at rest, and not in the books: {ours}"
    assert not (late := [line for line in ours if not _is_on_its_way(line, stripe)]), f"I17: never booked: {late}"
    _platform_cash(platform.values(), missing, books)
    _seller_cash(stripe, missing, books, at_rest=at_rest)


def disputes_wait_or_are_borne(books: Balances) -> None:
    """What a bank took stands on its dispute until it came back or somebody bears it, and on no other account."""
    for dispute in Dispute.objects.prefetch_related("shares"):
        assert dispute.settled_at is None or dispute.payment_id is None or dispute.borne == dispute.outstanding, (
            f"I03: {dispute} is settled, and {dispute.borne} of {dispute.outstanding} is borne"
        )
        waits = dispute.outstanding - dispute.borne
        kind = Account.DISPUTE_CLEARING if dispute.payment_id else Account.SUSPENSE
        found = books[kind, dispute.stripe_id, dispute.line_currency]
        _same("I03", f"waiting on {dispute} ({dispute.status})", found, waits)


# --- their parts ---


def _counters_are_the_rows(share: Share, rows: Rows) -> None:
    counted = [*rows.counted(share), *rows.lost(share)]
    releases = rows.releases[share.pk]
    kept = sum(row.netted for row in releases)
    sent = sum(row.amount for row in releases if row.status != Release.Status.REFUSED)
    _same("I03", f"{share} refunded", share.refunded, sum(row.amount for row in rows.counted(share)))
    open_or_lost = [part for part in rows.disputed[share.pk] if part.outcome != DisputeShare.Outcome.RETURNED]
    _same("I03", f"{share} disputed", share.disputed, sum(part.amount for part in open_or_lost))
    _same("I03", f"{share} fee returned", share.fee_returned, sum(row.from_fee for row in counted))
    _same("I03", f"{share} taken", share.taken, sum(row.absorbed for row in counted))
    _same("I03", f"{share} released", share.released, sent + kept - rows.into_hold(share))


def _held_is_in_the_books(share: Share, rows: Rows, books: Balances) -> None:
    booked, releases = [*rows.booked(share), *rows.lost(share)], rows.releases[share.pk]
    sellers = (
        share.gross
        - share.fee
        - sum(row.absorbed for row in booked)
        - sum(row.amount for row in releases if row.status == Release.Status.SENT)
        - sum(row.netted for row in releases)
        + rows.into_hold(share)
        + share.restored
    )
    fee = 0 if share.fee_earned else share.fee - sum(row.from_fee for row in booked)
    _same("I03", f"held for {share}", books[Account.ORDER_HELD, share.order.number, share.currency], -(sellers + fee))
    assert sellers >= 0, f"I03: {sellers} held for the seller of {share}"
    assert fee >= 0, f"I03: {fee} held of the fee of {share}"


def _equation(share: Share, rows: Rows) -> None:
    """Captured + debt + loss = held + with the seller + fee kept + refunded, and every term is at least nothing."""
    refunds, lost, releases = rows.counted(share), rows.lost(share), rows.releases[share.pk]
    counted = [*refunds, *lost]
    fetched = sum(row.amount for row in rows.reversals[share.pk] if row.refund_id and row.status == "done")
    undecided = sum(row.amount for row in refunds if row.undecided)
    sent = sum(row.amount + row.netted for row in releases if row.status != Release.Status.REFUSED)
    kept_of_refused = sum(row.netted for row in releases if row.status == Release.Status.REFUSED)
    terms = {
        "debt": sum(row.owed for row in counted) - fetched,
        "loss": sum(row.from_platform for row in counted) + undecided,
        "held": share.left,
        "seller": sent + kept_of_refused - rows.into_hold(share) - fetched,
        "fee kept": share.fee - share.fee_returned,
        "refunded": share.refunded,
        "lost to disputes": sum(part.amount for part in lost),
        "processing": sum(row.processing for row in counted),
    }
    assert all(amount >= 0 for amount in terms.values()), f"I03: {share} {terms}"
    # What a seller paid off for a dispute that was won after all came from their other orders.
    came = share.gross + terms["debt"] + terms["loss"] + share.restored
    went = terms["held"] + terms["seller"] + terms["fee kept"] + terms["refunded"] + terms["processing"]
    went += terms["lost to disputes"]
    assert came == went, f"I03: {share} {came} came and {went} went: {terms}"


def _owed_to_the_buyer(share: Share, stripe: Stripe, rows: Rows, books: Balances) -> None:
    owed = sum(row.amount for row in rows.booked(share))
    lines = stripe.booked
    for row in rows.refunds[share.pk]:
        if row.paid_by_id and row.status == Refund.Status.SUCCEEDED:
            owed -= row.amount
        body = stripe.objects[row.stripe_id].body if row.stripe_id else {}
        if body.get("balance_transaction") in lines:
            owed -= row.amount
        if body.get("failure_balance_transaction") in lines:
            owed += row.amount
    who = share.order.number, share.currency
    _same("I03", f"owed to the buyer of {share}", books[Account.BUYER_REFUND_DUE, *who], -owed)
    undecided = sum(row.amount for row in rows.booked(share) if row.undecided)
    unexplained = undecided - _fee_come_back(share, rows) + _fee_given_back(share, stripe)
    _same("I03", f"suspense of {share}", books[Account.SUSPENSE, *who], unexplained)


def _fee_come_back(share: Share, rows: Rows) -> int:
    """What was fetched back outside beyond the seller's part of a destination charge."""
    mine = [row for row in rows.reversals[share.pk] if row.status == Reversal.Status.DONE and not row.refund_id]
    return sum(row.amount for row in mine) - rows.into_hold(share)


def _fee_given_back(share: Share, stripe: Stripe) -> int:
    """What was given back outside of our fee on a destination charge, and is in the books."""
    if share.funds_flow == FundsFlow.HELD:
        return 0
    booked = [row.body for row in stripe.of("fr_") if row.body["balance_transaction"] in stripe.booked]
    fees = [(body, stripe.objects[str(body["fee"])].body) for body in booked]
    return sum(body["amount"] for body, fee in fees if fee["originating_transaction"] == share.payment.charge_id)


def _results(stripe: Stripe, rows: Rows, books: Balances) -> None:
    """What the platform earned and lost is what the refunds and releases say."""
    fees: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    processing: Counter[str] = Counter()
    booked = stripe.booked
    for line in stripe.lines:
        if not line.account and line.id in booked:
            processing[line.currency] += line.fee
    for share in rows.shares:
        refunds = [*rows.booked(share), *rows.lost(share)]
        losses[share.currency] += sum(row.from_platform for row in refunds)
        processing[share.currency] -= sum(row.processing for row in refunds)
        if share.fee_earned:
            fees[share.currency] += share.fee - sum(row.from_fee for row in refunds)
    for dispute in Dispute.objects.all():
        losses[dispute.line_currency] += dispute.beyond
    for currency in {*fees, *losses, *processing}:
        _same("I03", f"fees earned ({currency})", books[Account.FEE_REVENUE, "", currency], -fees[currency])
        _same("I03", f"losses ({currency})", books[Account.PLATFORM_LOSS, "", currency], losses[currency])
        found = books[Account.PROCESSING_FEES, "", currency]
        _same("I03", f"processing fees ({currency})", found, processing[currency])


def _booked_lines() -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for posting in Posting.objects.exclude(balance_transaction="").prefetch_related("entries"):
        cash, fee = found.get(posting.balance_transaction, (0, 0))
        for entry in posting.entries.all():
            cash += entry.amount if entry.account == Account.PLATFORM_CASH else 0
            fee += entry.amount if entry.account == Account.PROCESSING_FEES else 0
        found[posting.balance_transaction] = cash, fee
    return found


def _is_foreign(line: Line, stripe: Stripe) -> bool:
    """Whether it is about something nobody here made: a payment page made in Stripe's Dashboard, say."""
    intent = _charge_of(line, stripe).get("payment_intent")
    return bool(intent) and not (stripe.objects[str(intent)].body["metadata"] or {}).get("payment")


def _charge_of(line: Line, stripe: Stripe) -> Mapping[str, Any]:
    row = stripe.objects.get(line.source)
    body = row.body if row else {}
    for name in ("source_transaction", "originating_transaction", "charge"):
        if body.get(name):
            return stripe.objects[str(body[name])].body
    return body


def _is_on_its_way(line: Line, stripe: Stripe) -> bool:
    """Whether somebody here will still write it down: what is written down as final must be in the books."""
    metadata = (stripe.objects[line.source].body.get("metadata") or {}) if line.source in stripe.objects else {}
    if line.type == "transfer" and metadata.get("release"):
        return Release.objects.filter(pk=metadata["release"], status=Release.Status.PLANNED).exists()
    if line.type == "transfer_refund" and metadata.get("reversal"):
        return Reversal.objects.filter(pk=metadata["reversal"], status=Reversal.Status.PLANNED).exists()
    if line.type in ("charge", "transfer", "application_fee"):
        charge = _charge_of(line, stripe).get("id")
        return not Payment.objects.filter(charge_id=charge, shares__isnull=False).exists()
    # A refund changes at Stripe before anybody tells us; its row is not final until then.
    return line.type in ("adjustment", "refund", "refund_failure", "transfer_refund", "application_fee_refund")


def _platform_cash(lines: Iterable[Line], missing: Iterable[Line], books: Balances) -> None:
    at_stripe: Counter[str] = Counter()
    for line in lines:
        at_stripe[line.currency] += line.net
    for line in missing:
        at_stripe[line.currency] -= line.net
    for currency, total in at_stripe.items():
        _same("I17", f"the platform's cash ({currency})", books[Account.PLATFORM_CASH, "", currency], total)


def _seller_cash(stripe: Stripe, missing: Iterable[Line], books: Balances, *, at_rest: bool) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for line in stripe.lines:
        if line.account:
            expected[line.account, line.currency] += line.net
    for line in missing:
        account, amount = _sellers_side(line, stripe)
        if account:
            expected[account, line.currency] -= amount
    told = set(Posting.objects.filter(kind="payout").values_list("key", flat=True))
    for line in stripe.lines:
        known = {"payout": "payout-sent", "payout_failure": "payout-returned", "payout_cancel": "payout-returned"}
        if line.account and line.type in known and f"{known[line.type]}:{line.source}" not in told:
            assert not at_rest, f"I17: at rest, and not told of: {line}"
            expected[line.account, line.currency] -= line.net
    for (account, currency), total in expected.items():
        _same("I17", f"cash of {account} ({currency})", books[Account.SELLER_CASH, account, currency], total)
    for (kind, ref, currency), amount in books.items():
        if kind in CASH and ref and amount:
            assert (ref, currency) in expected, f"I17: {ref} has {amount} {currency} in the books only"


def _sellers_side(line: Line, stripe: Stripe) -> tuple[str, int]:
    """Which seller's balance a line of the platform's moved as well, and by how much."""
    row = stripe.objects.get(line.source)
    if row is None:
        return "", 0
    if line.type == "transfer":
        return str(row.body["destination"]), row.body["amount"]
    if line.type == "transfer_refund":
        transfer = row if row.id.startswith("tr_") else stripe.objects[str(row.body["transfer"])]
        return str(transfer.body["destination"]), -line.amount
    if line.type in ("application_fee", "application_fee_refund"):
        fee = row if line.type == "application_fee" else stripe.objects[str(row.body["fee"])]
        return str(fee.body["account"]), -line.amount
    return "", 0


def _same(invariant: str, what: str, found: object, wanted: object) -> None:
    assert found == wanted, f"{invariant}: {what} is {found}, should be {wanted}"
