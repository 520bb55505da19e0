"""Transformer decoders as data: one set of torch modules, switched by a configuration per family."""
