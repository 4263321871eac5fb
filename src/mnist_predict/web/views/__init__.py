"""The pages and addresses, one blueprint a module."""
