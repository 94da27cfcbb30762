"""The ledger and the packs: engine, tables, migrations, leases, blobs."""
