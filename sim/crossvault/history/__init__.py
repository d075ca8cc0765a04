"""What a recorded run was, as tables: `playback.rows` yields them, `table_schema` has their columns."""
