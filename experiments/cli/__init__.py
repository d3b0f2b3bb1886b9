"""Words in, sentences out."""
