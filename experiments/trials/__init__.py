"""Virtual trials as studies: planned, replicated, analysed."""
