import { installationRoot, keptFolder } from '#cli/installation.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { demoGatewayPaths, demoParkPath } from '#simulators/demo.test-support.ts'
import { openKeptSums } from '#simulators/kept-sums.ts'
import { meterValues } from '#simulators/meter-values.ts'
import { makePlant } from '#simulators/plant.ts'
import { demoScenarioPath, readScenario } from '#simulators/scenario.ts'

/** Sums up what the meters of the demonstration park show at installation, so that its first start need not. */
const park = readParkFile(demoParkPath)
const scenario = readScenario(demoScenarioPath).value
const kept = openKeptSums(keptFolder(installationRoot, 'sums'), scenario, (why) => {
  console.log(`The sums are not kept, so each start takes a second longer: ${String(why)}`)
})
const plant = makePlant(scenario, park, kept.daySums)
const nowMs = Date.now()
// In the order that lays out each day once.
Array.from(plant.summing(nowMs))
for (const { buses } of demoGatewayPaths.map((file) => readGatewayFile(file).value)) {
  for (const { meter, profile, ratios } of buses.flatMap(({ meters }) => meters)) {
    const values = meterValues(plant, meter, nowMs)
    for (const { quantity } of loadProfile(profile, ratios).registers) values(quantity)
  }
}
kept.keep()
console.log(`the sums of ${kept.daySums.lists.size} flows and registers`)
