# test/sim/: whole networks in virtual time.
