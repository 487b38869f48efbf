# tools/: user programs beside the controller and the switch.
include tools/bench/local.mk
include tools/dump/local.mk
