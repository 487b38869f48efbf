# test/bench/: figures beside a peer's.
