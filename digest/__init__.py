"""Theory Digest: YAML items of a research newsletter -> a static site."""
