"""E-mail in: IMAP accounts, cursor, fetch, ledger, settle, and import of old mail."""
