"""Checks histories in files: python3 check_files.py libordeal-checkers.so.1 FILE..."""

import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1])
library.ordeal_history_open.argtypes = [
    ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_uint64,
    ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_void_p)]
library.ordeal_check.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_void_p)]
library.ordeal_finding_json.argtypes = [ctypes.c_void_p]
library.ordeal_finding_json.restype = ctypes.c_char_p
for name in ("ordeal_text_free", "ordeal_history_free", "ordeal_finding_free"):
    getattr(library, name).argtypes = [ctypes.c_void_p]


def give(function, *arguments):
    """Calls what gives a handle; its message becomes an exception."""
    handle, message = ctypes.c_void_p(), ctypes.c_void_p()
    if function(*arguments, ctypes.byref(handle), ctypes.byref(message)) == 0:
        return handle
    text = ctypes.string_at(message.value).decode() if message.value else "out of memory"
    library.ordeal_text_free(message)
    raise ValueError(text)


def check(data, model=None):
    """The finding on a history that is in memory, as a dictionary."""
    history = give(library.ordeal_history_open, data, len(data), None, 0)
    try:
        finding = give(library.ordeal_check, history, model and model.encode(), None)
        try:
            return json.loads(library.ordeal_finding_json(finding))
        finally:
            library.ordeal_finding_free(finding)
    finally:
        library.ordeal_history_free(history)


for path in sys.argv[2:]:
    with open(path, "rb") as file:
        found = check(file.read(), "register")
    print(f"{path}: {found['verdict']}")
    for witness in found["witnesses"]:
        for step in witness["stuck"]:
            print(f"  [{step['invoke']}] {step['text']}")
