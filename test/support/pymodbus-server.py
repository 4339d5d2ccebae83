"""A Modbus server that this project did not write: serves the registers given as JSON on stdin.

{"port": 15020, "framing": "tcp" or "rtu", "units": {"1": {"function": 4, "registers": {"0": 17254, ...}}}}
or, on a serial device at 9600 baud, no parity: {"device": "/dev/ttyUSB0", "framing": "rtu", "units": ...}
Prints "ready" when it listens. Registers that are not given answer with exception 02.
"""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


async def main():
    given = json.load(sys.stdin)
    slaves = {}
    for unit, image in given["units"].items():
        block = ModbusSparseDataBlock({int(address): word for address, word in image["registers"].items()})
        kind = "ir" if image["function"] == 4 else "hr"
        slaves[int(unit)] = ModbusSlaveContext(zero_mode=True, **{kind: block})
    context = ModbusServerContext(slaves=slaves, single=False)
    framer = ModbusRtuFramer if given["framing"] == "rtu" else ModbusSocketFramer
    if "device" in given:
        server = ModbusSerialServer(context, framer=framer, port=given["device"], baudrate=9600)
        # What goes wrong while it opens its device it keeps to itself.
        await server.start()
        if server.transport is None:
            sys.exit("the device could not be opened")
        task = asyncio.ensure_future(server.serve_forever())
    else:
        server = ModbusTcpServer(context, framer=framer, address=("127.0.0.1", given["port"]))
        task = asyncio.ensure_future(server.serve_forever())
        await server.serving
    print("ready", flush=True)
    await task


asyncio.run(main())
