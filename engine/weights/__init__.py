"""Checkpoints on disk, as Hugging Face directories of safetensors and as GGUF files, into models."""
