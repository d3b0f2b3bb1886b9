"""Questions of the user's own: as studies, with their answers and plans."""
