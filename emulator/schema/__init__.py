"""The contract, read from the installed stripe-python: operations, parameter types, answer types."""
