"""The process behind `Oracle`: runs NumPy programs for the tests.

A message in either direction is one line of JSON, then the bytes of its arrays in C order.
Request:  {"program": str, "inputs": [array...], "outputs": [name...] or null}
Reply:    {"outputs": [array...]} or {"error": {"kind": str, "message": str, "traceback": str}}
array:    {"name": str, "dtype": str, "shape": [int...], "size": bytes}
With outputs null the program is one expression; its value is the output, or a tuple of outputs.
"""

import json
import os
import sys
import traceback

import numpy as np

# What a program prints must not get between the replies.
requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
np.seterr(all="ignore")


def read_array(head):
    data = bytearray(requests.read(head["size"]))
    return np.frombuffer(data, dtype=np.dtype(head["dtype"])).reshape(head["shape"])


def evaluate(program, names, outputs):
    names["np"] = np
    if outputs is None:
        value = eval(program, names)
        return list(value) if isinstance(value, tuple) else [value]
    exec(program, names)
    return [names[name] for name in outputs]


def main():
    for line in requests:
        request = json.loads(line)
        names = {head["name"]: read_array(head) for head in request["inputs"]}
        blobs = []
        try:
            heads = []
            for value in evaluate(request["program"], names, request["outputs"]):
                array = np.asarray(value)
                if array.dtype.hasobject:
                    raise TypeError(f"the value is no array but a {type(value).__name__}")
                array = array.astype(array.dtype.newbyteorder("="), copy=False)
                blobs.append(array.tobytes())
                heads.append({"dtype": array.dtype.name, "shape": array.shape, "size": len(blobs[-1])})
            reply = {"outputs": heads}
        except Exception as error:
            blobs = []
            text = traceback.format_exc()
            reply = {"error": {"kind": type(error).__name__, "message": str(error), "traceback": text}}
        replies.write(json.dumps(reply).encode() + b"\n")
        for blob in blobs:
            replies.write(blob)
        replies.flush()


main()
