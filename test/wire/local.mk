# test/wire/: recorded messages and the peers' opinion of ours.
