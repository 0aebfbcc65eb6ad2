"""Drives libkassa through its C ABI: several copies of it in one process, and forks of that process.

A line each in, a line of JSON back:

  load N PATH            loads the library at PATH as copy N
  open N CONFIG          opens a client of copy N
  call N OPERATION JSON  carries out an operation
  begin N OPERATION JSON begins one and answers at once
  end                    waits for the one that was begun and answers with its envelope
  fork SOCKET            forks; the child goes on with the same lines at that socket
  exec SOCKET LIBRARY    forks and executes this program anew, with LIBRARY as copy 1

A process ends when nobody speaks to it any more.
"""

import ctypes
import json
import os
import socket
import sys
import threading
from typing import BinaryIO


class Copy:
    """A copy of the library, with one client."""

    def __init__(self, path: str) -> None:
        # Names are looked up in this copy alone.
        self.library = ctypes.CDLL(path, mode=os.RTLD_LOCAL | os.RTLD_NOW)
        for name, arguments in {
            "kassa_open": [ctypes.c_char_p],
            "kassa_call": [ctypes.c_int64, ctypes.c_char_p, ctypes.c_char_p],
        }.items():
            function = getattr(self.library, name)
            function.argtypes, function.restype = arguments, ctypes.c_void_p
        self.library.kassa_string_free.argtypes = [ctypes.c_void_p]
        self.library.kassa_string_free.restype = None
        self.client = 0

    def text(self, pointer: int) -> str:
        found = ctypes.string_at(pointer).decode()
        self.library.kassa_string_free(pointer)
        return found

    def open(self, config: str) -> str:
        envelope = self.text(self.library.kassa_open(config.encode()))
        self.client = (json.loads(envelope).get("ok") or {}).get("client", 0)
        return envelope

    def call(self, operation: str, request: str) -> str:
        return self.text(self.library.kassa_call(self.client, operation.encode(), request.encode()))


class Program:
    """What a process knows."""

    def __init__(self) -> None:
        self.copies: dict[str, Copy] = {}
        self.begun: threading.Thread | None = None
        self.envelope = ""

    def begin(self, copy: Copy, operation: str, request: str) -> None:
        def work() -> None:
            self.envelope = copy.call(operation, request)

        self.begun = threading.Thread(target=work, daemon=True)
        self.begun.start()

    def end(self) -> str:
        if self.begun is None:
            return '{"error": {"code": "nothing_begun"}}'
        self.begun.join()
        self.begun = None
        return self.envelope

    def answer(self, line: str) -> str:
        verb, _, rest = line.partition(" ")
        if verb == "load":
            number, path = rest.split(" ", 1)
            self.copies[number] = Copy(path)
        elif verb == "open":
            number, config = rest.split(" ", 1)
            return self.copies[number].open(config)
        elif verb == "call":
            number, operation, request = rest.split(" ", 2)
            return self.copies[number].call(operation, request)
        elif verb == "begin":
            number, operation, request = rest.split(" ", 2)
            self.begin(self.copies[number], operation, request)
        elif verb == "end":
            return self.end()
        return '{"ok": {}}'


def serve(program: Program, lines: BinaryIO, output: int) -> None:
    for line in lines:
        text = line.decode().rstrip("\n")
        verb, _, rest = text.partition(" ")
        if verb == "fork":
            # A child that is a copy of this process: its thread that called is not in it.
            if (child := os.fork()) == 0:
                program.begun = None
                at_socket(program, rest)
            os.write(output, b'{"ok": {"child": %d}}\n' % child)
        elif verb == "exec":
            if (child := os.fork()) == 0:
                os.execv(sys.executable, [sys.executable, os.path.abspath(__file__), *rest.split(" ", 1)])
            os.write(output, b'{"ok": {"child": %d}}\n' % child)
        else:
            os.write(output, program.answer(text).replace("\n", " ").encode() + b"\n")


def at_socket(program: Program, path: str) -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    serve(program, connection.makefile("rb"), connection.fileno())
    os._exit(0)


def main() -> None:
    program = Program()
    if len(sys.argv) == 3:
        program.answer(f"load 1 {sys.argv[2]}")
        at_socket(program, sys.argv[1])
    serve(program, sys.stdin.buffer, 1)


main()
