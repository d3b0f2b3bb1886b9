"""What a run or a study holds, as files of other programs."""
