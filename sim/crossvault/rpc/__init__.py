"""A chain that others run: asked over JSON-RPC with patience, and sent signed transactions that happen once."""
