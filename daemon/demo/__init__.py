"""Backdesk at work on sixty sample mails, with an IMAP and an SMTP server of its own."""
