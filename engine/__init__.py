"""Models behind two small seams: chat for the agents, generation for completion and infilling."""
