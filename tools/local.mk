# tools/: user programs beside the controller and the switch.
include tools/bench/local.mk
include tools/dump/local.mk

# For Mininet: doc/mininet.md.
mininetdir = $(pkgdatadir)/mininet
dist_mininet_DATA = tools/mininet/morgana.py
