"""The floor's table: the inbox's columns and defaults; of its indexes only those that uniqueness needs."""

CREATE = """
    CREATE TABLE floor_event (LIKE inbox_stripeevent INCLUDING DEFAULTS INCLUDING IDENTITY);
    ALTER TABLE floor_event ADD PRIMARY KEY (id), ADD UNIQUE (endpoint, event_id);
"""
