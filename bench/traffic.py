"""Traffic for bench/tunnel.sh, in as few system calls as possible. Every client prints one number.

  traffic.py serve PORT                              what follows a connection's first byte: D sends without end, U swallows, E echoes
  traffic.py bulk PORT D|U STREAMS MEGABYTES         megabytes per second, all streams together
  traffic.py rtt PORT COUNT                          median microseconds of a one-byte echo, and its 99th percentile
  traffic.py connections PORT COUNT AT_A_TIME        connections per second: connect, one byte there and back, close
"""
import os
import socket
import sys
import threading
import time

BLOCK = 1 << 20


def dial(port, mode):
    link = socket.create_connection(("127.0.0.1", port), timeout=60)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(mode)
    return link


def attend(link):
    with link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        mode = link.recv(1)
        block = bytearray(BLOCK)
        try:
            if mode == b"D":
                while True:
                    link.sendall(block)
            received = 0
            while (count := link.recv_into(block)) > 0:
                received += count
                if mode == b"E":
                    link.sendall(block[:count])
            if mode == b"U":
                link.sendall(received.to_bytes(8, "big"))
        except OSError:
            pass  # the client has what it wanted


def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    for _ in range(7):  # eight processes: the accepting and echoing of many connections is no bottleneck of its own
        if os.fork() == 0:
            break
    while True:
        link, _ = listener.accept()
        threading.Thread(target=attend, args=(link,), daemon=True).start()


def stream(port, mode, size):
    with dial(port, mode) as link:
        block = bytearray(BLOCK)
        left = size
        while left > 0:
            if mode == b"D":
                count = link.recv_into(block)
                if count == 0:
                    sys.exit("the stream ended early")
            else:
                count = min(left, BLOCK)
                link.sendall(memoryview(block)[:count])
            left -= count
        if mode == b"U":
            link.shutdown(socket.SHUT_WR)
            arrived = int.from_bytes(link.recv(8, socket.MSG_WAITALL), "big")
            if arrived != size:
                sys.exit(f"{arrived} of {size} bytes arrived")


def in_processes(count, work):
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("a client failed")


def bulk(port, mode, streams, megabytes):
    start = time.monotonic()
    in_processes(streams, lambda: stream(port, mode.encode(), megabytes * 1_000_000 // streams))
    print(round(megabytes / (time.monotonic() - start), 1))


def rtt(port, count):
    with dial(port, b"E") as link:
        times = []
        for _ in range(count):
            start = time.perf_counter()
            link.sendall(b"x")
            link.recv(1)
            times.append((time.perf_counter() - start) * 1e6)
    times = sorted(times[count // 10:])
    print(round(times[len(times) // 2], 1), round(times[len(times) * 99 // 100], 1))


def connections(port, count, at_a_time):
    def some():
        for _ in range(count // at_a_time):
            with dial(port, b"E") as link:
                link.sendall(b"x")
                if link.recv(1) != b"x":
                    sys.exit("no echo")

    start = time.monotonic()
    in_processes(at_a_time, some)
    print(round(count / (time.monotonic() - start), 1))


def main():
    commands = {"serve": (serve, [int]), "bulk": (bulk, [int, str, int, int]), "rtt": (rtt, [int, int]), "connections": (connections, [int, int, int])}
    if len(sys.argv) < 2 or sys.argv[1] not in commands or len(sys.argv) - 2 != len(commands[sys.argv[1]][1]):
        sys.exit(__doc__)
    command, types = commands[sys.argv[1]]
    command(*[kind(text) for kind, text in zip(types, sys.argv[2:])])


main()
