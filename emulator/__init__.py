"""A stateful emulator of Stripe Connect: its own process, its own store, no network, no real money."""
