"""What a recorded run was, as tables: steps, events, prices, accounts over time."""
