"""A server that says its name: to whoever connects, and once more for each line or datagram.

Run by traffic.greeter() as: greeter.py NAME PORT, TCP and UDP.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import socketserver
import sys
import threading


def serve(name, port):
    class Stream(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(name)
            for _ in self.rfile:
                self.wfile.write(name)

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self):
            self.request[1].sendto(name, self.client_address)

    socketserver.ThreadingTCPServer.daemon_threads = True
    socketserver.ThreadingTCPServer.allow_reuse_address = True  # by one after us
    datagrams = socketserver.UDPServer(("", port), Datagram)
    threading.Thread(target=datagrams.serve_forever, daemon=True).start()
    with socketserver.ThreadingTCPServer(("", port), Stream) as streams:
        print("listening", flush=True)
        streams.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1].encode() + b"\n", int(sys.argv[2]))
