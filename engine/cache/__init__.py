"""What a model remembers of the tokens it has read. Models see only the protocol in `engine.cache.types`."""
