"""Two versions of the contracts: what changes for accounts that stay, and for the storage behind a proxy."""
