"""Asks npir-lsp-server what is wrong with a program; prints the messages."""

import json
import subprocess

PROGRAM = """func.func @f(%x: tensor<3xf64>, %y: tensor<3xf32>) -> tensor<3xf64> {
  %0 = numpy.add %x, %y : tensor<3xf64>, tensor<3xf32> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}
"""


def message(method, params, **more):
    text = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more})
    return f"Content-Length: {len(text)}\r\n\r\n{text}"


document = {"uri": "file:///bad.mlir", "languageId": "mlir", "version": 1, "text": PROGRAM}
session = [
    message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=0),
    message("textDocument/didOpen", {"textDocument": document}),
    message("shutdown", None, id=1),
    message("exit", None),
]
done = subprocess.run(["npir-lsp-server"], input="".join(session), capture_output=True, text=True, timeout=60)
for part in done.stdout.split("Content-Length: "):
    _, _, body = part.partition("\n\n")
    if body and json.loads(body).get("method") == "textDocument/publishDiagnostics":
        for diagnostic in json.loads(body)["params"]["diagnostics"]:
            print(diagnostic["message"])
