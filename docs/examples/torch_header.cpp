// Only the precompiled header of the examples comes from here.
