"""What the database itself holds about the books, where the ORM has no words for it.

Hand-written rather than pgtrigger's: each of its triggers first asks whether it is to be ignored, which costs a tenth
of the posting rate when it runs for every entry, and nothing may look away from these.

**Positions.** Every posting and entry carries the number of the transaction that wrote it. Unlike a sequence, it says
when nobody can come before it any more: nothing will ever be written below the lowest transaction that has not ended
(`ledger_horizon`). Sealing and balances count on that. PostgreSQL's numbers begin again in a new cluster, so an offset
is added to them: zero, until a dump is restored elsewhere (`rebase`).
"""

from django.db import connection, transaction

# The name of every table of the books; the last two hold seals.
TABLES = ("ledger_posting", "ledger_entry", "ledger_seal", "ledger_checkpoint")

# The offset is written into the text, because that lets PostgreSQL inline the function into each INSERT.
POSITIONS = """
    CREATE OR REPLACE FUNCTION ledger_position() RETURNS bigint LANGUAGE sql VOLATILE
        AS 'SELECT pg_current_xact_id()::text::bigint + {offset}';
    CREATE OR REPLACE FUNCTION ledger_needs_look(given bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        RETURN given <> pg_current_xact_id()::text::bigint + {offset}
            OR coalesce(current_setting('ledger.checked', true), '') <> '';
    END $$;
    CREATE OR REPLACE FUNCTION ledger_next_position() RETURNS bigint LANGUAGE sql VOLATILE
        AS 'SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + {offset}';
    CREATE OR REPLACE FUNCTION ledger_horizon() RETURNS bigint LANGUAGE sql VOLATILE AS $$
        SELECT coalesce(min(open.xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint) + {offset}
        FROM pg_snapshot_xip(pg_current_snapshot()) AS open (xid)
        -- What runs in another database of the same cluster holds nobody up here. Whoever is not found any more has
        -- ended since the snapshot, and is waited for until the next one.
        WHERE NOT EXISTS (
            SELECT FROM pg_stat_activity
            WHERE datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
                AND backend_xid::text::bigint = open.xid::text::bigint % 4294967296
        )
    $$;
"""

# Each posting is looked at once, when its transaction commits. Nobody chooses a position: a row slipped into the past
# would be in no seal and in no balance.
CHECKS = """
    DROP TRIGGER IF EXISTS ledger_own_position ON ledger_entry;
    DROP TRIGGER IF EXISTS ledger_own_position ON ledger_posting;
    DROP TRIGGER IF EXISTS ledger_not_empty ON ledger_posting;
    DROP TRIGGER IF EXISTS ledger_balanced ON ledger_entry;
    DROP TRIGGER IF EXISTS ledger_balanced ON ledger_posting;
    DROP FUNCTION IF EXISTS ledger_refuse_position();
    DROP FUNCTION IF EXISTS ledger_check_not_empty();
    DROP FUNCTION IF EXISTS ledger_check_balanced();

    CREATE OR REPLACE FUNCTION ledger_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        total numeric;
        several boolean;
    BEGIN
        IF NEW.position <> ledger_position() THEN
            RAISE EXCEPTION 'posting % has the position of another transaction', NEW.id;
        END IF;
        SELECT sum(amount), min(currency) <> max(currency) INTO total, several
        FROM ledger_entry WHERE posting_id = NEW.id;
        IF total IS NULL THEN
            RAISE EXCEPTION 'posting % has no entries', NEW.id;
        END IF;
        IF several THEN
            SELECT max(abs(amount)) INTO total FROM (
                SELECT sum(amount) AS amount FROM ledger_entry WHERE posting_id = NEW.id GROUP BY currency
            ) AS by_currency;
        END IF;
        IF total <> 0 THEN
            RAISE EXCEPTION 'posting % does not sum to zero', NEW.id;
        END IF;
        -- An assignment rather than PERFORM, which would be a query of its own.
        several := set_config('ledger.checked', 'yes', true) IS NULL;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON ledger_posting
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_posting();

    CREATE OR REPLACE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.position <> ledger_position() THEN
            RAISE EXCEPTION 'entry % has the position of another transaction', NEW.id;
        END IF;
        IF EXISTS (
            SELECT 1 FROM ledger_entry WHERE posting_id = NEW.posting_id GROUP BY currency HAVING sum(amount) <> 0
        ) THEN
            RAISE EXCEPTION 'posting % does not sum to zero', NEW.posting_id;
        END IF;
        RETURN NULL;
    END $$;
"""

# Entries need no look of their own when their posting is still to be looked at. The foreign key names the position
# too, so they are written in its transaction or not at all; what is left are entries with another position than their
# own, and those that come after the look (`SET CONSTRAINTS`). The condition costs a posting a hundredth, a look at
# each entry would cost it a quarter.
ENTRY_CHECK = """
    DROP TRIGGER IF EXISTS ledger_own_position ON ledger_entry;
    CREATE CONSTRAINT TRIGGER ledger_own_position AFTER INSERT ON ledger_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (ledger_needs_look(NEW.position)) EXECUTE FUNCTION ledger_check_entry();
"""

# One call writes any number of postings: one way to the database and back, and plans that are made once a connection.
POST = """
    CREATE OR REPLACE FUNCTION ledger_post(plans jsonb, moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE
        plan jsonb;
        new_id bigint;
        written integer := 0;
    BEGIN
        FOR plan IN SELECT value FROM jsonb_array_elements(plans) LOOP
            INSERT INTO ledger_posting
                (key, kind, description, balance_transaction, order_number, occurred_at, created_at)
            VALUES (
                plan ->> 0, plan ->> 1, plan ->> 2, plan ->> 3, plan ->> 4, (plan ->> 5)::timestamptz, moment
            )
            ON CONFLICT (key) DO NOTHING
            RETURNING id INTO new_id;
            IF FOUND THEN
                INSERT INTO ledger_entry (posting_id, account, ref, currency, amount)
                SELECT new_id, line ->> 0, line ->> 1, line ->> 2, (line ->> 3)::bigint
                FROM jsonb_array_elements(plan -> 6) AS entry (line);
                written := written + 1;
            END IF;
        END LOOP;
        RETURN written;
    END $$;
"""

UNDO_POST = "DROP FUNCTION ledger_post(jsonb, timestamptz);"

UNDO_POSITIONS = """
    DROP FUNCTION ledger_horizon();
    DROP FUNCTION ledger_next_position();
    DROP FUNCTION ledger_needs_look(bigint);
    DROP FUNCTION ledger_position();
"""

LAST_POSITION = """
    SELECT greatest(
        (SELECT max(position) + 1 FROM ledger_posting), (SELECT max(below) FROM ledger_seal)
    ), ledger_next_position(), ledger_position() - pg_current_xact_id()::text::bigint
"""


class NewCluster(Exception):
    """PostgreSQL's transaction numbers lie before the books' last: a dump was restored into another cluster."""


def rebase() -> int:
    """Go on counting where the books ended, after a dump was restored into a new cluster; by how much was added.

    Zero, and nothing is changed, when the numbers are in order. To be called before anything is posted there, by the
    role that owns the tables.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A posting written between the look and the new offset would keep a position among the old ones.
        cursor.execute("LOCK TABLE ledger_posting IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(LAST_POSITION)
        last, following, offset = cursor.fetchone()
        if last is None or last <= following:
            return 0
        missing = int(last - following)
        set_offset(int(offset) + missing)
        return missing


def set_offset(offset: int) -> None:
    """Write what is added to PostgreSQL's transaction numbers into the functions that use it."""
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS.format(offset=offset))


def require_same_cluster() -> None:
    """Raise NewCluster when `rebase` is called for: balances would leave out what is posted now. One short query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_next_position() < below FROM ledger_seal ORDER BY number DESC LIMIT 1",
        )
        found = cursor.fetchone()
    if found is not None and found[0]:
        raise NewCluster("The database was restored into a new cluster: run `manage.py ledger_rebase`.")
