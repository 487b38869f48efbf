# flows.sh - exercise 1: the commands that let three hosts talk. README.md beside it says what to write.
#
# Run by sh; $switch is where ovs-ofctl finds the switch.
