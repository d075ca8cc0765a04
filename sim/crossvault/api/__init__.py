"""The Python API: what the commands do, as functions that return results. `import crossvault as cv` has its names."""
