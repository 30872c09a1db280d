"""late.py URL TOKEN WAY: asks for keys when the interpreter has already begun to end."""

import atexit
import sys

WAY = sys.argv[3]


@atexit.register  # before the package is imported, so it runs after whatever the package does at the end
def late() -> None:
    if WAY == "async":
        print(asyncio.run(verifier.verify_async(sys.argv[2])).subject)
    else:
        print(verifier.verify(sys.argv[2]).subject)


import asyncio  # noqa: E402

from bearergate import JwtVerifier  # noqa: E402

verifier = JwtVerifier(jwks_uri=sys.argv[1], jwks={"timeout": 5})
sys.exit(7)
