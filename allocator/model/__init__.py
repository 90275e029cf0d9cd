"""THE YARD: the nouns every room shares. No input or output, no clock, no number of the law."""
