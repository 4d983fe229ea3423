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

# Nobody chooses a position: a row slipped into the past would be in no seal and in no balance.
OWN_POSITION = """
    CREATE OR REPLACE TRIGGER ledger_own_position BEFORE INSERT ON ledger_posting FOR EACH ROW
        WHEN (NEW.position IS DISTINCT FROM pg_current_xact_id()::text::bigint + {offset})
        EXECUTE FUNCTION ledger_refuse_position();
    CREATE OR REPLACE TRIGGER ledger_own_position BEFORE INSERT ON ledger_entry FOR EACH ROW
        WHEN (NEW.position IS DISTINCT FROM pg_current_xact_id()::text::bigint + {offset})
        EXECUTE FUNCTION ledger_refuse_position();
"""

# The foreign key names the position too: entries are written in their posting's transaction or not at all.
CHECKS = """
    CREATE FUNCTION ledger_refuse_position() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a ledger row has the position of its own transaction and no other';
    END $$;

    CREATE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM ledger_entry WHERE posting_id = NEW.posting_id GROUP BY currency HAVING sum(amount) <> 0
        ) THEN
            RAISE EXCEPTION 'posting % does not sum to zero', NEW.posting_id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON ledger_entry
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();

    CREATE FUNCTION ledger_check_not_empty() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT 1 FROM ledger_entry WHERE posting_id = NEW.id) THEN
            RAISE EXCEPTION 'posting % has no entries', NEW.id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER ledger_not_empty AFTER INSERT ON ledger_posting
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_not_empty();

    ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_of_posting
        FOREIGN KEY (position, posting_id) REFERENCES ledger_posting (position, id);
"""

UNDO_POSITIONS = """
    DROP FUNCTION ledger_horizon();
    DROP FUNCTION ledger_next_position();
    DROP FUNCTION ledger_position();
"""
UNDO_OWN_POSITION = """
    DROP TRIGGER ledger_own_position ON ledger_entry;
    DROP TRIGGER ledger_own_position ON ledger_posting;
"""
UNDO_CHECKS = """
    ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_of_posting;
    DROP TRIGGER ledger_not_empty ON ledger_posting;
    DROP TRIGGER ledger_balanced ON ledger_entry;
    DROP FUNCTION ledger_check_not_empty();
    DROP FUNCTION ledger_check_balanced();
    DROP FUNCTION ledger_refuse_position();
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
    """Write what is added to PostgreSQL's transaction numbers into the functions and triggers that use it."""
    with connection.cursor() as cursor:
        for statement in (POSITIONS, OWN_POSITION):
            cursor.execute(statement.format(offset=offset))


def require_same_cluster() -> None:
    """Raise NewCluster when `rebase` is called for: balances would leave out what is posted now. One short query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_next_position() < below FROM ledger_seal ORDER BY number DESC LIMIT 1",
        )
        found = cursor.fetchone()
    if found is not None and found[0]:
        raise NewCluster("The database was restored into a new cluster: run `manage.py ledger_rebase`.")
