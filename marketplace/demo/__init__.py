"""The whole marketplace on one machine: real servers, the emulator, sample data. Never part of production."""
