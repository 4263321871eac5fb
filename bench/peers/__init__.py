"""What a user would pick instead: the same reader in other servers, beside this service."""
