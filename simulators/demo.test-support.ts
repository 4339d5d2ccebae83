import { fileURLToPath } from 'node:url'

/** The park file of the demonstration park, for tests of this room. */
export const demoParkPath = fileURLToPath(
  new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url),
)

/** Its gateway files. */
export const demoGatewayPaths = ['east', 'west'].map((side) =>
  fileURLToPath(new URL(`../firmware-config/examples/demo-park/gateway-${side}.yaml`, import.meta.url)),
)
