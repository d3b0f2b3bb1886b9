"""Many runs anywhere: what a study is, how it is carried out on processes or a cluster, and how far it
is.
"""
