"""A Modbus TCP server that this project did not write: serves the registers given as JSON on stdin.

{"port": 15020, "units": {"1": {"function": 4, "registers": {"0": 17254, ...}}}}
Prints "ready" when it listens. Registers that are not given answer with exception 02.
"""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusSocketFramer


async def main():
    given = json.load(sys.stdin)
    slaves = {}
    for unit, image in given["units"].items():
        block = ModbusSparseDataBlock({int(address): word for address, word in image["registers"].items()})
        kind = "ir" if image["function"] == 4 else "hr"
        slaves[int(unit)] = ModbusSlaveContext(zero_mode=True, **{kind: block})
    context = ModbusServerContext(slaves=slaves, single=False)
    server = ModbusTcpServer(context, framer=ModbusSocketFramer, address=("127.0.0.1", given["port"]))
    task = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print("ready", flush=True)
    await task


asyncio.run(main())
