# solution.sh - exercise 1, solved: an entry for each host, and one for what is meant for all.
#
# Run by sh; $switch is where ovs-ofctl finds the switch.
ovs-ofctl add-flow "$switch" dl_dst=02:00:00:00:00:01,actions=output:1
ovs-ofctl add-flow "$switch" dl_dst=02:00:00:00:00:02,actions=output:2
ovs-ofctl add-flow "$switch" dl_dst=02:00:00:00:00:03,actions=output:3
ovs-ofctl add-flow "$switch" dl_dst=ff:ff:ff:ff:ff:ff,actions=flood
