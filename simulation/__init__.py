"""One run: what is done to whom, how it is looked at, the loop of the whole model, and its outputs as named
arrays.
"""
