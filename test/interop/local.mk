# test/interop/: real peers in network namespaces.
