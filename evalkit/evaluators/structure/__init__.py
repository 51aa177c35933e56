"""Structure: is the output of the right form, and do its parts equal the reference's?"""
